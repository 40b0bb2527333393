import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import { contextEncoder } from "../../../../src/modalities/image/methods/context-encoder.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, lookAt, plainEncoder, plainModality } from "../../../methods/plain.ts";
import { noEntry, stack } from "../../../methods/toy.ts";

const build = (options: object, size = 8) =>
  contextEncoder.build({
    encoder: plainEncoder(3, size),
    modality: plainModality(size),
    options: contextEncoder.options.parse({ decoderWidth: 2, ...options }),
    samples: 8,
  });

function plan(options: object, size: number, seed = 0) {
  const found = new Map(tree.entries<Tensor>(build(options, size).views(7, new Rng(seed), noEntry)));
  const plane = (name: string) => [...found.get(name)!.data];
  assert.deepEqual(found.get("hidden")!.shape, [1, size, size]);
  return { hidden: plane("hidden"), weights: plane("weights") };
}

test("the loss and every gradient are PyTorch's, with the ring that weighs ten times", async () => {
  const options = { region: "centre", overlap: 1 / 8 };
  const { hidden, weights } = plan(options, 8);
  const of = (plane: number[]) => stack(Array.from({ length: 4 }, () => ({ plane: float32(plane, [1, 8, 8]) }))).plane;
  const batch = { image: fill("image", [4, 3, 8, 8]), hidden: of(hidden), weights: of(weights) };
  await assertLossIsTorchs("context-encoder", build(options), batch);
});

test("centre: the middle quarter counts, its visible ring ten times", () => {
  const { hidden, weights } = plan({ region: "centre", overlap: 1 / 16 }, 16);
  for (let at = 0; at < 256; at++) {
    const [y, x] = [Math.floor(at / 16), at % 16];
    const depth = Math.min(y - 4, 11 - y, x - 4, 11 - x);
    assert.equal(weights[at], depth < 0 ? 0 : depth === 0 ? 10 : 1, `${y}, ${x}`);
    assert.equal(hidden[at], depth > 0 ? 1 : 0, `${y}, ${x}`);
  }
});

test("blocks: at least the given share is hidden, in squares, at places by seed; hidden pixels count", () => {
  for (const coverage of [0.1, 0.25, 0.6]) {
    const { hidden, weights } = plan({ coverage }, 16, 3);
    const share = hidden.reduce((sum, value) => sum + value, 0) / 256;
    assert.ok(share >= coverage && share < coverage + 16 / 256, `${share}`);
    assert.deepEqual(weights, hidden);
    assert.deepEqual(plan({ coverage }, 16, 3).hidden, hidden);
    assert.notDeepEqual(plan({ coverage }, 16, 4).hidden, hidden);
  }
});

test("nothing of the hole is seen: another content gives the same restoration", async () => {
  const method = build({});
  const { hidden } = plan({}, 8);
  const image = fill("image", [1, 3, 8, 8]);
  const changed = Float32Array.from(image.data, (value, at) => (hidden[at % 64] ? value + 5 : value));
  const params = method.init(new Rng(0));
  const restored = async (pixels: Tensor) => {
    const batch = { image: pixels, hidden: float32(hidden, [1, 1, 8, 8]), weights: float32(hidden, [1, 1, 8, 8]) };
    return lookAt(method, params, batch);
  };
  const [first, second] = [await restored(image), await restored(float32(changed, image.shape))];
  for (const name of ["corrupted", "restored"])
    assert.ok(
      first.get(name)!.data.every((value, at) => value === second.get(name)!.data[at]),
      name,
    );
  assert.notDeepEqual(first.get("original"), second.get("original"));
  const corrupted = first.get("corrupted")!.data;
  assert.ok(corrupted.every((value, at) => value === (hidden[at % 64] ? 0 : image.data[at])));
});
