import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { float32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { dino } from "../../src/methods/dino.ts";
import { assertMatches, fill, torchCase, weights } from "../fixtures/torch/reference.ts";
import { cropModality, descend, linearEncoder, tenSteps, withNormalPixels } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

const tinyHead = { prototypes: 8, hiddenDim: 7, bottleneckDim: 4, headLayers: 2 };

function build(options: z.input<typeof dino.options>, encoder = linearEncoder(6, 5), size = 8) {
  const modality = cropModality(3, size);
  return { modality, method: dino.build({ encoder, modality, options: dino.options.parse(options), samples: 8 }) };
}

const tinyVit = () =>
  vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, mlpRatio: 2, patchSize: 4, pooling: "class" }), {
    pixels: { dtype: "float32", shape: [3, 16, 16] },
  });

test("losses, student, teacher and centre over four steps are those of DINO's code", async () => {
  const expected = await torchCase("clusters", "dino steps");
  const { method } = build({ ...tinyHead, momentum: 0.9 });
  const crop = (name: string) => ({ pixels: fill(name, [3, 6]) });
  const batch = { global: [crop("global 0"), crop("global 1")], local: [crop("local 0"), crop("local 1")] };
  for (const device of ["cpu", "wasm"] as const) {
    const left = await descend(method, batch, {
      params: weights(method.init(new Rng(0))) as ReturnType<typeof method.init>,
      progress: [0, 0.05, 0.5, 1],
      learningRate: 0.5,
      device,
    });
    left.forEach(({ loss, state }, step) => {
      const check = (key: string, tensor: Tensor | undefined) => {
        assert.ok(tensor, key);
        assertMatches(tensor, expected[`${key} ${step}`], `${key} ${step} on ${device}`, 1e-4);
      };
      check("loss", float32([loss], []));
      check("center", state.get("memory.center"));
      check("student", state.get("params.encoder.weight"));
      check("student last", state.get("params.head.last.weight"));
      check("teacher", state.get("memory.teacher.encoder.weight"));
      check("teacher last", state.get("memory.teacher.head.last.weight"));
    });
  }
});

test("two global crops and the requested local ones, in whole patches, each with the index of its kind", () => {
  const { method, modality } = build({ localCrops: 3 }, tinyVit(), 16);
  const views = tree.entries<Tensor>(method.views(5, new Rng(1), noEntry));
  assert.deepEqual(
    views.map(([path, { shape }]) => [path, ...shape]),
    [
      ["global.0.pixels", 3, 16, 16],
      ["global.1.pixels", 3, 16, 16],
      // 96 / 224 of 16 pixels are 6.9: two patches of 4.
      ["local.0.pixels", 3, 8, 8],
      ["local.1.pixels", 3, 8, 8],
      ["local.2.pixels", 3, 8, 8],
    ],
  );
  assert.deepEqual(
    modality.asked.map(({ scale, grid, view }) => [scale, grid, view]),
    [[[0.4, 1], [4, 4], 0], [[0.4, 1], [4, 4], 1], ...[0, 1, 2].map(() => [[0.05, 0.4], [4, 4], 2])],
  );
  assert.equal(new Set(views.map(([, leaf]) => leaf.data[0])).size, 5);
  assert.deepEqual(tree.entries(method.views(5, new Rng(1), noEntry)), views);
  const without = build({ localCrops: 0 }, tinyVit(), 16).method;
  assert.deepEqual(tree.paths(without.views(5, new Rng(1), noEntry)), ["global.0.pixels", "global.1.pixels"]);
});

test("the teacher starts as the student; at momentum 1 it stays, and its temperature rises to the final one", async () => {
  const { method } = build({ ...tinyHead, localCrops: 1, momentum: 1 }, tinyVit(), 16);
  const batch = withNormalPixels(stack([0, 1].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));
  const params = method.init(new Rng(0));
  const left = await descend(method, batch, { params, progress: [0, 0.05, 0.1, 0.6], learningRate: 0.1 });
  for (const { state } of left)
    for (const [path, leaf] of tree.entries<Tensor>(params))
      assert.deepEqual(state.get(`memory.teacher.${path}`)!.data, leaf.data, path);
  assert.deepEqual(
    left.map(({ metrics }) => metrics.teacherTemperature!.toFixed(4)),
    ["0.0400", "0.0550", "0.0700", "0.0700"],
  );
});

test("ten steps on one batch learn", async () => {
  const { method } = build({ ...tinyHead, localCrops: 2, momentum: 0.99 }, tinyVit(), 16);
  const batch = withNormalPixels(stack([0, 1, 2, 3].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));
  const left = await descend(method, batch, { progress: tenSteps, learningRate: 0.01, optimizer: "adamw" });
  assert.ok(left[9]!.loss < left[0]!.loss - 0.05, left.map(({ loss }) => loss).join());
});
