import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, int32, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { type Inputs, type Params, reads } from "../../../../src/encoders/index.ts";
import { joint } from "../../../../src/modalities/pair/encoders/joint.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  outputAndGradients,
  torchCase,
  weights,
} from "../../../fixtures/torch/reference.ts";
import { pairBatch, toyJoint, toyPairs } from "../../../methods/toy-pair.ts";

const modality = toyPairs();
const { pixels: _, ...texts } = modality.specs;
const sides = {
  pair: toyJoint(),
  image: toyJoint({}, { ...modality, specs: { pixels: modality.specs.pixels } as typeof modality.specs }),
  text: toyJoint({}, { ...modality, specs: texts as typeof modality.specs }),
};
const given = (name: string): Record<string, Tensor> => {
  const { pixels, ids, mask } = pairBatch();
  return name === "image" ? { pixels } : name === "text" ? { ids, mask } : { pixels, ids, mask };
};

for (const [name, encoder] of Object.entries(sides))
  test(`${name}: the mean of all tokens and every gradient as torch's layers have them`, async () => {
    const expected = await torchCase("captions", `joint ${name}`);
    const inputs = { p: weights(encoder.init(new Rng(0))) };
    const batch = given(name);
    const forward = ({ p }: Traced<typeof inputs>) =>
      encoder.apply(p, Object.fromEntries(Object.entries(batch).map(([key, leaf]) => [key, constant(leaf)])));
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(forward, inputs, device);
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
  });

test("each side's tower has a part of the pair's parameters, and gives what the pair's encoder gives of that side alone", async () => {
  const params = weights(sides.pair.init(new Rng(0)));
  const paths = new Set(tree.entries(params).map(([path]) => path));
  for (const name of ["image", "text"] as const) {
    const tower = sides.pair.towers[name];
    assert.ok(tower);
    assert.equal(tower.path, "");
    assert.ok(tree.entries(tower.encoder.init(new Rng(0))).every(([path]) => paths.has(path)));
    const vectors = [tower.encoder, sides.pair].map((encoder) =>
      evaluateOne((p: Params, batch: Inputs) => encoder.apply(p, batch), [params, given(name)] as const),
    );
    const [alone, amongBoth] = await Promise.all(vectors);
    assert.deepEqual(alone!.data, amongBoth!.data);
  }
});

test("tokens that are dropped are as tokens that nobody attends to", async () => {
  const { encode } = sides.pair.jointTokens;
  const inputs = { p: weights(sides.pair.init(new Rng(0))), batch: pairBatch() };
  const keep = [3, 0, 7, 12];
  const words = [0, 2, 3];
  const both = (places: readonly number[]) => [...places, ...places];
  const states = await evaluate(
    ({ p, batch }: Traced<typeof inputs>) => {
      const dropped = encode(p, batch, {
        patches: { places: constant(int32(both(keep), [2, 4])) },
        words: { places: constant(int32(both(words), [2, 3])) },
      });
      const seen = (places: readonly number[], count: number) =>
        constant(
          float32(
            Float32Array.from({ length: 2 * count }, (_, at) => Number(places.includes(at % count))),
            [2, count],
          ),
        );
      const unseen = encode(p, batch, { patches: { used: seen(keep, 16) }, words: { used: seen(words, 6) } });
      return { dropped: { ...dropped }, unseen: { ...unseen } } as never;
    },
    [inputs] as const,
  );
  const of = new Map(tree.entries<{ data: ArrayLike<number> }>(states as never));
  for (const [side, places, count] of [
    ["patches", keep, 16],
    ["words", words, 6],
  ] as const)
    for (const row of [0, 1])
      places.forEach((place, at) => {
        for (let value = 0; value < 8; value++) {
          const kept = of.get(`dropped.${side}`)!.data[(row * places.length + at) * 8 + value]!;
          const attended = of.get(`unseen.${side}`)!.data[(row * count + place) * 8 + value]!;
          assert.ok(Math.abs(kept - attended) < 1e-5, `${side} ${place}: ${kept} and ${attended}`);
        }
      });
});

test("it reads pairs, images and texts, and nothing else", () => {
  assert.ok(reads(joint, { pixels: 3, ids: 1, mask: 1 }));
  assert.ok(reads(joint, { pixels: 3 }));
  assert.ok(reads(joint, { ids: 1, mask: 1 }));
  assert.ok(!reads(joint, { pixels: 4 }));
  assert.ok(!reads(joint, { readings: 2 }));
});

test("options that do not fit are refused, with advice", () => {
  assert.throws(() => toyJoint({ width: 10, heads: 4 }), { name: "UserError", message: /width of 10.*try 16/ });
  assert.throws(() => toyJoint({ patchSize: 5 }), { name: "UserError", message: /patch size of 5.*try 2, 4, 8/ });
});
