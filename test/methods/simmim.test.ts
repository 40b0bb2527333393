import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { constant, filled, int32, Rng, scalar, type Tensor, tree } from "../../src/array/index.ts";
import { simmim } from "../../src/methods/simmim.ts";
import { evaluateOne, weights } from "../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns, images, look, modality, patchOf, tinyVit } from "./checks.ts";
import { noEntry } from "./toy.ts";

const build = (pooling: "mean" | "class" = "mean", options: z.input<typeof simmim.options> = {}) =>
  simmim.build({ encoder: tinyVit(pooling), modality, options: simmim.options.parse(options), samples: 8 });
const hidden = int32([0, 1, 4, 5, 10, 11, 14, 15, 2, 3, 6, 7, 8, 9, 12, 13], [2, 8]);

for (const pooling of ["mean", "class"] as const)
  test(`the loss and every gradient are those of SimMIM's code, ${pooling} pooling`, () =>
    assertIsTorchs(build(pooling), `simmim ${pooling}`, { image: images(), hidden }));

test("ten steps on one batch lower the loss", async () => {
  await assertLearns(build());
});

test("by default ⌈0.6 · 4⌉ squares of 2 × 2 patches are hidden, the same by seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const views = tree.entries<Tensor>(build().views(5, new Rng(seed), noEntry));
    assert.deepEqual(tree.entries(build().views(5, new Rng(seed), noEntry)), views);
    const places = [...new Map(views).get("hidden")!.data];
    assert.equal(places.length, 12);
    const squares = new Set(places.map((place) => 2 * Math.floor(place / 8) + Math.floor((place % 4) / 2)));
    assert.equal(squares.size, 3);
  }
});

test("pictures: masked patches grey, then as predicted; visible ones unchanged", async () => {
  const image = images();
  const { masked, reconstruction } = await look(build(), { image, hidden });
  for (let place = 0; place < 16; place++) {
    const isHidden = hidden.data.subarray(0, 8).includes(place);
    const before = patchOf(image.pixels, 0, place);
    assert.deepEqual(patchOf(masked!, 0, place), isHidden ? [...filled([48], 0).data] : before);
    if (isHidden) assert.notDeepEqual(patchOf(reconstruction!, 0, place), before);
    else assert.deepEqual(patchOf(reconstruction!, 0, place), before);
  }
});

test("with masks of slices every row of patches has its share, and the loss is the mean squared error", async () => {
  const method = build("mean", { maskRatio: 0.4, maskSize: 1, masks: "slices", error: "squared" });
  const views = tree.entries<Tensor>(method.views(5, new Rng(1), noEntry));
  const rows = [...new Map(views).get("hidden")!.data].map((place) => Math.floor(place / 4));
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => rows.filter((one) => one === row).length),
    [2, 2, 2, 2],
  );
  // The reconstruction's own error, patch by patch.
  const image = images();
  const params = weights(method.init(new Rng(0)));
  const { reconstruction } = await look(method, { image, hidden });
  let [sum, count] = [0, 0];
  for (let sample = 0; sample < 2; sample++)
    for (const place of hidden.data.subarray(8 * sample, 8 * (sample + 1))) {
      const truth = patchOf(image.pixels, sample, place);
      patchOf(reconstruction!, sample, place).forEach((value, at) => {
        sum += (value - truth[at]!) ** 2;
        count++;
      });
    }
  const loss = await evaluateOne(
    (given, batch) => method.loss(given, batch, {}, { progress: constant(scalar(0)) }).loss,
    [params, { image, hidden }] as const,
  );
  assert.ok(Math.abs(Number(loss.data[0]) - sum / count) < 1e-5, `${loss.data[0]}, not ${sum / count}`);
});

test("options that do not fit are refused, with advice", () => {
  assert.throws(() => build("mean", { maskSize: 3 }), { name: "UserError", message: /--mask-size/ });
  assert.throws(() => build("mean", { masks: "slices" }), { name: "UserError", message: /--mask-size 1/ });
  assert.throws(() => build("mean", { maskRatio: 0.9 }), { name: "UserError", message: /masks all 4/ });
});
