import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { float32, int32, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import { aim } from "../../src/methods/aim.ts";
import { evaluateOne, weights } from "../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns, images, look, modality, patchOf, tinyVit } from "./checks.ts";
import { atStart, noEntry } from "./toy.ts";

const build = (options: z.input<typeof aim.options> = {}) =>
  aim.build({
    encoder: tinyVit("mean"),
    modality,
    options: aim.options.parse({ headWidth: 12, headDepth: 2, ...options }),
    samples: 8,
  });
const prefix = () => int32([1, 5], [2, 1]);

for (const normalizeTarget of [true, false])
  test(`the loss and every gradient are the paper's, ${normalizeTarget ? "normalised patches" : "plain pixels"}`, () =>
    assertIsTorchs(build({ normalizeTarget }), `aim ${normalizeTarget ? "normalised" : "plain"}`, {
      image: images(),
      prefix: prefix(),
    }));

test("ten steps on one batch lower the loss", async () => {
  await assertLearns(build());
});

/** The images with one added to a patch of the second. */
function changed({ data, shape }: Tensor, place: number): Tensor {
  const [top, left] = [4 * Math.floor(place / 4), 4 * (place % 4)];
  const values = Float32Array.from(data, (value, at) => {
    const [image, row, column] = [Math.floor(at / 768), Math.floor(at / 16) % 16, at % 16];
    const isInside = image === 1 && row >= top && row < top + 4 && column >= left && column < left + 4;
    return isInside ? value + 1 : value;
  });
  return float32(values, shape);
}

test("the prediction of a patch depends only on the patches before it", async () => {
  const method = build({ normalizeTarget: false });
  const { completed, visible } = await look(method, { image: images(), prefix: prefix() });
  for (let place = 0; place < 8; place++)
    assert.deepEqual(patchOf(completed!, 1, place), patchOf(images().pixels, 1, place));
  assert.ok(patchOf(visible!, 1, 8).every((value) => value === 0));

  // Each patch of the lower half was predicted with all after it blank. Predicted again with all in place, none differs.
  const half = int32([8, 8], [2, 1]);
  const params = weights(method.init(new Rng(0)));
  const lossOf = async (pixels: Tensor) =>
    (
      await evaluateOne(
        (p: Traced<typeof params>, x: Traced<{ pixels: Tensor }>, k: Traced<Tensor>) =>
          method.loss(p, { image: x, prefix: k }, {}, atStart()).loss,
        [params, { pixels }, half] as const,
      )
    ).data[0]!;
  assert.ok((await lossOf(completed!)) < 1e-10);
  // The last patch is nobody's past: changed by one, its prediction alone of the sixteen is wrong, by one.
  assert.ok(Math.abs((await lossOf(changed(completed!, 15))) - 1 / 16) < 1e-5);
  // The ninth is the past of seven, whose predictions then differ.
  assert.ok((await lossOf(changed(completed!, 8))) > 1 / 16 + 1e-4);
});

test("the hidden half is not looked at; the half above is", async () => {
  const method = build({ normalizeTarget: false });
  const completed = async (pixels: Tensor) => (await look(method, { image: { pixels }, prefix: prefix() })).completed!;
  const base = await completed(images().pixels);
  assert.deepEqual((await completed(changed(images().pixels, 9))).data, base.data);
  const other = await completed(changed(images().pixels, 7));
  for (let place = 8; place < 16; place++) {
    assert.deepEqual(patchOf(other, 0, place), patchOf(base, 0, place));
    assert.notDeepEqual(patchOf(other, 1, place), patchOf(base, 1, place));
  }
});

test("views: a prefix of 1 … 15 patches, each length as often as any other, the same by seed", () => {
  const method = build();
  const counts = new Float64Array(16);
  for (let seed = 0; seed < 1500; seed++) {
    const views = new Map(tree.entries<Tensor>(method.views(5, new Rng(seed), noEntry)));
    assert.deepEqual(views.get("prefix")!.shape, [1]);
    counts[views.get("prefix")!.data[0]!]!++;
  }
  assert.equal(counts[0], 0);
  // 100 expected, deviation 10.
  for (const count of counts.subarray(1)) assert.ok(Math.abs(count - 100) < 50, `${counts}`);
});

test("a class token is refused with what to do", () => {
  assert.throws(() => aim.build({ encoder: tinyVit("class"), modality, options: aim.options.parse({}), samples: 8 }), {
    name: "UserError",
    message: /--pooling mean/,
  });
});
