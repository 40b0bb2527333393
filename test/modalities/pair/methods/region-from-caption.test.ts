import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { float32, int32, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { regionFromCaption } from "../../../../src/modalities/pair/methods/region-from-caption.ts";
import { evaluateOne, fill, weights } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns, look, patchOf } from "../../../methods/checks.ts";
import { noEntry } from "../../../methods/toy.ts";
import { numbered, pairBatch, toyJoint, toyPairs } from "../../../methods/toy-pair.ts";

function build(options: z.input<typeof regionFromCaption.options> = {}, modality = toyPairs()) {
  const settings = { decoderWidth: 16, decoderDepth: 1, decoderHeads: 2, ...options };
  return regionFromCaption.build({
    ...{ encoder: toyJoint({}, modality), modality, options: regionFromCaption.options.parse(settings), samples: 8 },
  });
}

const views = () => ({ pair: pairBatch(), keep: int32([9, 2, 12, 0, 5, 15, 4, 7], [2, 4]) });

test("the loss and every gradient are those of torch's layers", () =>
  assertIsTorchs(build(), "region-from-caption", views(), { file: "captions" }));

test("with boxes the loss of pointing is added, of the images that have some", () =>
  assertIsTorchs(
    build({ pointWeight: 2 }),
    "region-from-caption points",
    {
      ...views(),
      named: { pair: pairBatch(), covered: fill("covered", [2, 16], 0.5, 0.5), weight: float32([1, 0], [2, 1]) },
    },
    { file: "captions" },
  ));

test("a phrase of the sample's boxes is drawn, with the share of each patch that its boxes cover", () => {
  const box = (phrase: string, x: number) => ({ phrase, x, y: 0, width: 0.25, height: 0.5 });
  const found = [box("7 9", 0), box("7 9", 0.5), box("5", 0.125)];
  const pairs = toyPairs();
  const method = build(
    { pointWeight: 1 },
    { ...pairs, ...{ boxes: (sample: unknown) => (sample === none ? [] : found) } },
  );
  const none = { image: 0, captions: [[5]] };
  const of = (sample: unknown, seed: number) =>
    new Map(tree.entries<Tensor>(method.views(sample, new Rng(seed), noEntry)));
  const phrases = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const leaves = of({ image: 1, captions: [[5]] }, seed);
    const ids = [...leaves.get("named.pair.ids")!.data].join(" ");
    phrases.add(ids);
    const covered = [...leaves.get("named.covered")!.data].slice(0, 8);
    assert.deepEqual(covered, ids === "2 7 9 3 0 0" ? [1, 0, 1, 0, 1, 0, 1, 0] : [0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0]);
    assert.equal(leaves.get("named.weight")!.data[0], 1);
  }
  assert.deepEqual([...phrases].sort(), ["2 5 3 0 0 0", "2 7 9 3 0 0"]);
  assert.equal(of(none, 0).get("named.weight")!.data[0], 0);
});

test("what is hidden is in blocks, and the caption is whole", () => {
  const method = build();
  for (let seed = 0; seed < 20; seed++) {
    const leaves = method.views({ image: seed, captions: [[5, 9, 7]] }, new Rng(seed), noEntry);
    const of = new Map(tree.entries<Tensor>(leaves));
    assert.deepEqual([...of.get("pair.ids")!.data], [2, 5, 9, 7, 3, 0]);
    const keep = new Set<number>(of.get("keep")!.data);
    assert.equal(keep.size, 6);
    const hidden = [...globalThis.Array(16).keys()].filter((place) => !keep.has(place));
    const touching = hidden.filter((place) =>
      [place - 4, place + 4, ...(place % 4 ? [place - 1] : []), ...(place % 4 < 3 ? [place + 1] : [])].some((other) =>
        hidden.includes(other),
      ),
    );
    assert.ok(touching.length >= 8, `${hidden}`);
  }
});

test("it learns one batch", async () => {
  await assertLearns(build({}, numbered()));
});

test("a hidden region depends on the caption and on the other patches", async () => {
  const method = build();
  const params = weights(method.init(new Rng(0)));
  const at = float32(
    Float32Array.from({ length: 32 }, (_, place) => Number([5, 6].includes(place % 16))),
    [2, 16],
  );
  const restored = (changes: Partial<ReturnType<typeof pairBatch>> = {}) => {
    const batch = { ...pairBatch(), ...changes };
    return evaluateOne(
      (p: Traced<typeof params>, given: Traced<typeof batch>, mask: Traced<Tensor>) => method.restore!(p, given, mask),
      [params, batch, at] as const,
    );
  };
  const first = await restored();
  const other = await restored({ ids: int32([2, 8, 5, 9, 3, 0, 2, 6, 10, 3, 0, 0], [2, 6]) });
  assert.notDeepEqual(patchOf(first, 0, 5), patchOf(other, 0, 5));
  assert.deepEqual(patchOf(first, 0, 4), patchOf(other, 0, 4));
  const { masked, reconstruction } = await look(method, views());
  assert.deepEqual(patchOf(masked!, 0, 9), patchOf(reconstruction!, 0, 9));
  assert.notDeepEqual(patchOf(masked!, 0, 1), patchOf(reconstruction!, 0, 1));
});
