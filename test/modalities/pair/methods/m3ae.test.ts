import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { float32, int32, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { m3ae } from "../../../../src/modalities/pair/methods/m3ae.ts";
import { evaluateOne, fill, weights } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns, look, patchOf } from "../../../methods/checks.ts";
import { noEntry } from "../../../methods/toy.ts";
import { numbered, pairBatch, toyJoint, toyPairs, wordLogits } from "../../../methods/toy-pair.ts";

function build(options: z.input<typeof m3ae.options> = {}, modality = toyPairs()) {
  const settings = { decoderWidth: 16, decoderDepth: 1, decoderHeads: 2, ...options };
  const encoder = toyJoint({}, modality);
  return m3ae.build({ encoder, modality, options: m3ae.options.parse(settings), samples: 8 });
}

/** As in `captions.py`. */
const views = () => ({
  pair: pairBatch(),
  keep: int32([9, 2, 12, 0, 5, 15, 4, 7], [2, 4]),
  seen: { places: int32([0, 2, 4, 0, 0, 1, 3, 0], [2, 4]), used: float32([1, 1, 1, 0, 1, 1, 1, 0], [2, 4]) },
  targets: {
    places: int32([1, 3, 0, 2, 0, 0], [2, 3]),
    tokens: int32([7, 9, 0, 10, 0, 0], [2, 3]),
    weights: float32([1, 1, 0, 1, 0, 0], [2, 3]),
  },
});

for (const normalizeTarget of [false, true])
  test(`the loss and every gradient are those of M3AE's code${normalizeTarget ? ", patches normalised" : ""}`, () =>
    assertIsTorchs(build({ normalizeTarget }), `m3ae${normalizeTarget ? " normalised" : ""}`, views(), {
      file: "captions",
    }));

test("a quarter of the patches is kept, and of each caption every token is either seen or predicted", () => {
  const method = build({}, toyPairs({ size: 40, length: 12 }));
  for (let seed = 0; seed < 40; seed++) {
    const words = globalThis.Array.from({ length: seed % 13 }, (_, at) => 5 + ((3 * at + seed) % 35));
    const sample = { image: seed, captions: [words] };
    const leaves = new Map(tree.entries<Tensor>(method.views(sample, new Rng(seed), noEntry)));
    const of = (name: string) => [...leaves.get(name)!.data];
    assert.equal(new Set(of("keep")).size, 4);
    const content = Math.min(10, words.length);
    const used = (places: string, weight: string) => of(places).filter((_, at) => of(weight)[at] === 1);
    const [seen, hidden] = [used("seen.places", "seen.used"), used("targets.places", "targets.weights")];
    assert.equal(hidden.length, content === 0 ? 0 : Math.max(1, Math.min(8, Math.round(0.75 * content))));
    assert.deepEqual(
      [...seen, ...hidden].sort((a, b) => a - b),
      [...globalThis.Array(content + 2).keys()],
    );
    assert.ok(hidden.every((place) => place > 0 && place <= content));
  }
});

test("of several captions each is read, and they follow from the seed", () => {
  const method = build();
  const sample = {
    image: 1,
    captions: [
      [5, 6],
      [7, 8],
      [9, 10],
    ],
  };
  const read = (seed: number) =>
    [...new Map(tree.entries<Tensor>(method.views(sample, new Rng(seed), noEntry))).get("pair.ids")!.data].join(" ");
  const found = new Set(globalThis.Array.from({ length: 30 }, (_, seed) => read(seed)));
  assert.equal(found.size, 3);
  assert.equal(read(7), read(7));
});

test("it learns one batch", async () => {
  await assertLearns(build({}, numbered()));
});

test("a word is predicted from both sides, and nothing is known of it or of hidden patches", async () => {
  const method = build();
  const logits = wordLogits(method);
  const params = weights(method.init(new Rng(0)));
  const hidden = await logits([2, 7, 4, 9, 3, 0]);
  assert.notDeepEqual(hidden, await logits([2, 8, 4, 9, 3, 0]), "the other words");
  assert.notDeepEqual(hidden, await logits([2, 7, 4, 9, 3, 0], fill("other", [2, 3, 16, 16])), "the image");

  const places = [5, 6];
  const { pixels } = pairBatch();
  const changed = float32(Float32Array.from(pixels.data), pixels.shape);
  for (const place of places) {
    const [top, left] = [4 * Math.floor(place / 4), 4 * (place % 4)];
    for (let channel = 0; channel < 3; channel++) changed.data[(channel * 16 + top) * 16 + left] = 9;
  }
  const restored = async (image: Tensor, ids = pairBatch().ids) => {
    const batch = { pixels: image, ids, mask: pairBatch().mask };
    const at = float32(
      Float32Array.from({ length: 32 }, (_, place) => Number(places.includes(place % 16))),
      [2, 16],
    );
    return evaluateOne(
      (p: Traced<typeof params>, given: Traced<typeof batch>, mask: Traced<Tensor>) => method.restore!(p, given, mask),
      [params, batch, at] as const,
    );
  };
  const first = await restored(pixels);
  assert.deepEqual(first.data, (await restored(changed)).data);
  assert.notDeepEqual(first.data, (await restored(pixels, int32([2, 8, 5, 9, 3, 0, 2, 6, 10, 3, 0, 0], [2, 6]))).data);
  for (let place = 0; place < 16; place++)
    assert.equal(
      patchOf(first, 0, place).every((value, at) => value === patchOf(pixels, 0, place)[at]),
      !places.includes(place),
    );
});

test("pictures: masked patches grey, then as predicted; visible ones unchanged", async () => {
  const batch = views();
  for (const normalizeTarget of [true, false]) {
    const { masked, reconstruction } = await look(build({ normalizeTarget }), batch);
    for (let place = 0; place < 16; place++) {
      const before = patchOf(batch.pair.pixels, 1, place);
      const isKept = [5, 15, 4, 7].includes(place);
      assert.equal(
        patchOf(reconstruction!, 1, place).every((value, at) => value === before[at]),
        isKept,
      );
      if (!isKept) assert.ok(patchOf(masked!, 1, place).every((value) => value === 0));
    }
  }
});

test("options that do not fit are refused, with advice", () => {
  assert.throws(() => build({ decoderWidth: 18, decoderHeads: 4 }), { name: "UserError", message: /18.*try 32/ });
  assert.throws(() => m3ae.options.parse({ textMaskRatio: 1 }));
});
