import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import { croppedRegion } from "../../../../src/modalities/image/methods/cropped-region.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertLossIsTorchs, lookAt, plainEncoder, plainModality } from "../../../methods/plain.ts";
import { noEntry } from "../../../methods/toy.ts";

const modality = {
  ...plainModality(4),
  region: (sample: unknown) => ({
    whole: sample,
    region: Number(sample) + 1000,
    box: [0.25, 0.5, 0.25, 0.5] as const,
  }),
};

const build = (options: object = {}) =>
  croppedRegion.build({
    encoder: plainEncoder(3, 4),
    modality,
    options: croppedRegion.options.parse({ attentionDim: 8, heads: 2, ...options }),
    samples: 8,
  });

test("the loss, the overlap and every gradient are PyTorch's", async () => {
  await assertLossIsTorchs("cropped-region", build(), {
    whole: fill("whole", [5, 3, 4, 4]),
    region: fill("region", [5, 3, 2, 2]),
    box: fill("answers", [5, 4], 0.2, 0.5),
  });
});

test("the region is cut from the same view as the whole", () => {
  const views = new Map(tree.entries<Tensor>(build().views(7, new Rng(0), noEntry)));
  assert.equal(views.get("whole")!.data[0], 107);
  assert.equal(views.get("region")!.data[0], 1107);
  assert.deepEqual([...views.get("box")!.data], [0.25, 0.5, 0.25, 0.5]);
});

test("to look at: what lies outside the box is faded to a third", async () => {
  const method = build();
  const params = method.init(new Rng(0));
  const batch = { whole: fill("whole", [1, 3, 4, 4]), region: fill("region", [1, 3, 2, 2]), box: fill("box", [1, 4]) };
  batch.box.data.set([0.25, 0.5, 0.5, 0.5]);
  const pictures = await lookAt(method, params, batch);
  const { data } = pictures.get("target")!;
  batch.whole.data.forEach((value, at) => {
    const [y, x] = [Math.floor(at / 4) % 4, at % 4];
    const inside = x < 2 && (y === 1 || y === 2);
    assert.ok(Math.abs(data[at]! - (inside ? value : value / 3)) < 1e-6, `${y}, ${x}`);
  });
});

test("a width that does not fit the heads is refused", () => {
  assert.throws(() => build({ attentionDim: 12, heads: 8 }), { name: "UserError", message: /multiple of 4/ });
});
