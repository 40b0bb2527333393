import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type * as z from "zod";
import { constant, int32, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { mae } from "../../src/methods/mae.ts";
import {
  assertGradients,
  assertMatches,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { images, look, patchOf } from "./checks.ts";
import { atStart, noEntry, toyModality } from "./toy.ts";

function build(options: z.input<typeof mae.options> = {}, encoder: z.input<typeof vit.options> = {}) {
  const modality = toyModality(3, 16);
  const settings = { width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4, ...encoder };
  const network = vit.build(vit.options.parse(settings), modality.specs);
  return mae.build({ encoder: network, modality, options: mae.options.parse(options), samples: 8 });
}

for (const pooling of ["class", "mean"] as const)
  test(`the loss and every gradient are those of MAE's code, ${pooling} pooling`, async () => {
    const expected = await torchCase("models", `mae ${pooling}`);
    const method = build({ decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 }, { pooling, positions: "learned" });
    assert.ok(globalThis.Array.isArray(expected.keep));
    const batch = { image: { pixels: fill("pixels", [2, 3, 16, 16]) }, keep: int32(expected.keep, [2, 4]) };
    const inputs = { p: weights(method.init(new Rng(0))) };
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(
        ({ p }: Traced<typeof inputs>) =>
          method.loss(p, { image: { pixels: constant(batch.image.pixels) }, keep: constant(batch.keep) }, {}, atStart())
            .loss,
        inputs,
        device,
      );
      assertMatches(output, expected.loss, `loss on ${device}`);
      assertGradients(gradients, expected);
    }
  });

test("the views are a weakly augmented image and distinct patches to keep, the same by seed", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.integer(), (maskRatio, seed) => {
      const method = build({ maskRatio });
      const views = tree.entries<Tensor>(method.views(5, new Rng(seed), noEntry));
      const byPath = new Map(views);
      const keep = [...byPath.get("keep")!.data];
      assert.equal(keep.length, Math.min(15, Math.max(1, Math.round(16 * (1 - maskRatio)))));
      assert.equal(new Set(keep).size, keep.length);
      assert.ok(keep.every((index) => Number.isInteger(index) && index >= 0 && index < 16));
      assert.equal(byPath.get("image.pixels")!.data[0], 105);
      assert.deepEqual(tree.entries(method.views(5, new Rng(seed), noEntry)), views);
    }),
    { numRuns: 30 },
  );
});

test("by default a quarter of the patches is kept, each as often as any other", () => {
  const method = build();
  const counts = new Float64Array(16);
  for (let seed = 0; seed < 2000; seed++) {
    const keep = new Map(tree.entries<Tensor>(method.views(0, new Rng(seed), noEntry))).get("keep")!;
    assert.equal(keep.data.length, 4);
    for (const index of keep.data) counts[index]!++;
  }
  // 500 expected, deviation 19.
  for (const count of counts) assert.ok(Math.abs(count - 500) < 100, `${counts}`);
});

test("options that do not fit are refused, with advice", () => {
  assert.throws(() => build({ decoderWidth: 18, decoderHeads: 4 }), {
    name: "UserError",
    message: /width of 18.*try 32/,
  });
  assert.throws(() => build({}, { patchSize: 16 }), { name: "UserError", message: /smaller patch size/ });
  assert.throws(() => mae.options.parse({ maskRatio: 1 }));
});

test("pictures: masked patches grey, then as predicted with their true mean and deviation; visible ones unchanged", async () => {
  const image = images();
  const keep = int32([9, 2, 12, 0, 5, 15, 4, 7], [2, 4]);
  for (const normalizeTarget of [true, false]) {
    const method = build({ decoderWidth: 16, decoderDepth: 1, decoderHeads: 2, normalizeTarget });
    const { masked, reconstruction } = await look(method, { image, keep });
    for (let place = 0; place < 16; place++) {
      const before = patchOf(image.pixels, 1, place);
      if (keep.data.subarray(4).includes(place)) {
        assert.deepEqual(patchOf(masked!, 1, place), before);
        assert.deepEqual(patchOf(reconstruction!, 1, place), before);
      } else {
        assert.ok(patchOf(masked!, 1, place).every((value) => value === 0));
        assert.notDeepEqual(patchOf(reconstruction!, 1, place), before);
      }
    }
  }
});
