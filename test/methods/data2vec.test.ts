import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { filled, int32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { data2vec } from "../../src/methods/data2vec.ts";
import {
  assertIsTorchs,
  assertLearns,
  assertMemoryIsFixed,
  images,
  look,
  modality,
  patchOf,
  tinyVit,
} from "./checks.ts";
import { noEntry } from "./toy.ts";
import { signals, tinyWave } from "./toy-signal.ts";

const build = (options: z.input<typeof data2vec.options> = {}) =>
  data2vec.build({ encoder: tinyVit("class"), modality, options: data2vec.options.parse(options), samples: 8 });
const batch = () => ({
  input: images(),
  hidden: { places: int32([1, 2, 5, 6, 7, 8, 0, 3, 4, 9, 14, 15], [2, 6]), weights: filled([2, 6], 1) },
});

for (const topBlocks of [1, 2])
  test(`the loss and every gradient are those of data2vec's code, the last ${topBlocks} of two blocks`, () =>
    assertIsTorchs(build({ topBlocks, beta: 0.5 }), `data2vec ${topBlocks}`, batch()));

test("with topBlocks above the depth it averages all blocks", () =>
  assertIsTorchs(build({ topBlocks: 6, beta: 0.5 }), "data2vec 2", batch()));

test("targets normalised over time, as for speech, are those of PyTorch's instance norm", () =>
  assertIsTorchs(build({ topBlocks: 2, beta: 0.5, targetNorm: "time" }), "data2vec 2 time", batch()));

test("the preset for speech masks spans of a waveform's tokens", () => {
  const speech = signals(256);
  const options = data2vec.options.parse({ maskRatio: 0.49, maskLength: 10 });
  const method = data2vec.build({ encoder: tinyWave(speech), modality: speech, options, samples: 8 });
  const views = new Map(tree.entries<Tensor>(method.views(1, new Rng(1), noEntry)));
  const places = [...views.get("hidden.places")!.data];
  // 63 tokens: 31 are masked, in spans of 10.
  assert.equal(places.length, 31);
  assert.ok(places.filter((place) => !places.includes(place - 1)).length <= 4, `${places}`);
});

test("no gradient reaches the teacher or the targets", () => assertMemoryIsFixed(build(), batch()));

test("ten steps on one batch lower the loss", async () => {
  await assertLearns(build({ momentum: 1, finalMomentum: 1 }));
});

test("views: 60 % of the tokens are masked, the same by seed; data without `perturb` are unchanged", () => {
  const { perturb: _, ...without } = modality;
  const method = data2vec.build({
    encoder: tinyVit("class"),
    modality: without,
    options: data2vec.options.parse({}),
    samples: 8,
  });
  const [light, plain] = [build(), method].map(
    (made) => new Map(tree.entries<Tensor>(made.views(5, new Rng(3), noEntry))),
  );
  assert.equal(new Set(light!.get("hidden.places")!.data).size, 10);
  assert.deepEqual(light!.get("hidden.places"), plain!.get("hidden.places"));
  assert.equal(light!.get("input.pixels")!.data[0], 105);
  assert.equal(plain!.get("input.pixels")!.data[0], 5);
});

test("the picture shows the masked patches grey", async () => {
  const { input, hidden } = batch();
  const { masked } = await look(build(), { input, hidden });
  assert.deepEqual(patchOf(masked!, 0, 0), patchOf(input.pixels, 0, 0));
  assert.ok(patchOf(masked!, 0, 1).every((value) => value === 0));
});
