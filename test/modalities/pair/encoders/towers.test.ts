import assert from "node:assert/strict";
import { test } from "node:test";
import { int32, np, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { UserError } from "../../../../src/foundation/errors.ts";
import { towers } from "../../../../src/modalities/pair/encoders/towers.ts";
import { evaluateOne, fill } from "../../../fixtures/torch/reference.ts";

const specs = {
  pixels: { dtype: "float32", shape: [3, 16, 16] },
  ids: { dtype: "int32", shape: [8] },
  mask: { dtype: "int32", shape: [8] },
} as const;
const vocabulary = { size: 20, length: 8, ids: { pad: 0, unknown: 1, begin: 2, end: 3 } };
const small = { textWidth: 16, textDepth: 1, textHeads: 2, dim: 6 };
const build = (options: object) => towers.build(towers.options.parse({ ...small, ...options }), specs, vocabulary);

const inputs = {
  pixels: fill("pixels", [3, 3, 16, 16]),
  ids: int32(
    Int32Array.from({ length: 24 }, (_, at) => (at * 7) % 20),
    [3, 8],
  ),
  mask: int32(
    Int32Array.from({ length: 24 }, (_, at) => Number(at % 8 < 5)),
    [3, 8],
  ),
};

for (const image of [
  { image: "vit", imageWidth: 12, imageDepth: 1, imageOptions: { heads: 3, patchSize: 8 } },
  { image: "resnet", imageWidth: 4, imageLayers: "8" },
])
  test(`${image.image}: both sides' vectors have length 1, and each side has the parameters of its encoder`, async () => {
    const encoder = build(image);
    const params = encoder.init(new Rng(3));
    const all = await evaluateOne(
      (p: Traced<typeof params>, { pixels, ids, mask }: Traced<typeof inputs>) =>
        np.concatenate(
          [
            encoder.apply(p, { pixels, ids, mask }),
            encoder.sharedSpace.embed(p, "image", { pixels }),
            encoder.sharedSpace.embed(p, "text", { ids, mask }),
          ],
          1,
        ),
      [params, inputs] as const,
    );
    assert.deepEqual(all.shape, [3, 24]);
    for (let row = 0; row < 3; row++) {
      const [both, apart] = [0, 12].map((start) => [...all.data.subarray(row * 24 + start, row * 24 + start + 12)]);
      assert.deepEqual(both, apart);
      for (const start of [0, 6]) assert.ok(Math.abs(Math.hypot(...both!.slice(start, start + 6)) - 1) < 1e-5);
    }
    const shapes = new Map(tree.entries<Tensor>(params).map(([path, { shape }]) => [path, shape.join()]));
    for (const [side, { encoder: own, path: at }] of Object.entries(encoder.towers))
      for (const [path, { shape }] of tree.entries<Tensor>(own.init(new Rng(0))))
        assert.equal(shapes.get(`${at}.${path}`), shape.join(), `${side}: ${path}`);
  });

test("a run's whole options, given as they are, count more than the short ones", () => {
  const { towers: sides } = build({
    image: "vit",
    imageWidth: 24,
    imageLayers: "10",
    imageOptions: { width: 12, heads: 3, patchSize: 8, depth: 1 },
  });
  assert.equal(sides.image?.encoder.embedDim, 12);
  assert.equal(sides.image?.options.depth, 1);
});

test("an option that the side's encoder does not have is named", () => {
  assert.throws(
    () => build({ imageOptions: { layers: "10" } }),
    (error) =>
      error instanceof UserError && /the image's encoder vit: no option layers; its options: size/.test(error.message),
  );
});
