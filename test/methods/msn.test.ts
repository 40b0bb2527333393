import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { msn } from "../../src/methods/msn.ts";
import { cropModality, descend, tenSteps, withNormalPixels } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

const modality = cropModality(3, 16);
const vitOf = (pooling: "class" | "mean" = "class") =>
  vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, mlpRatio: 2, patchSize: 4, pooling }), modality.specs);
const build = (options: z.input<typeof msn.options>, encoder = vitOf()) =>
  msn.build({
    encoder,
    modality,
    options: msn.options.parse({ prototypes: 6, hiddenDim: 8, projectionDim: 4, localCrops: 2, ...options }),
    samples: 8,
  });
const batchOf = (method: ReturnType<typeof build>) =>
  withNormalPixels(stack([0, 1, 2, 3].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));

test("the target is whole, large anchors keep the given share of distinct patches, small ones all", () => {
  const views = tree.entries<Tensor>(build({ maskRatio: 0.3, anchorViews: 2 }).views(5, new Rng(1), noEntry));
  assert.deepEqual(
    views.map(([path, { shape }]) => [path, ...shape]),
    [
      ["target.pixels", 3, 16, 16],
      ["anchors.0.pixels", 3, 16, 16],
      ["anchors.1.pixels", 3, 16, 16],
      // 16 patches less 5.
      ["keep.0", 11],
      ["keep.1", 11],
      ["local.0.pixels", 3, 8, 8],
      ["local.1.pixels", 3, 8, 8],
    ],
  );
  for (const [path, leaf] of views) {
    if (!path.startsWith("keep")) continue;
    assert.equal(new Set(leaf.data).size, 11);
    assert.ok(leaf.data.every((place) => place >= 0 && place < 16));
  }
});

test("patches that an anchor drops do not affect the loss, those of the target do", async () => {
  const method = build({ maskRatio: 0.5, localCrops: 0 });
  const batch = batchOf(method);
  const loss = async (views: typeof batch) =>
    (await descend(method, views, { progress: [0.5], learningRate: 0 }))[0]!.loss;
  const keep = new Map(tree.entries<Tensor>(batch)).get("keep.0")!;
  const scrawled = (which: RegExp) =>
    tree.map<Tensor, Tensor>(batch, (leaf, path) => {
      if (!which.test(path)) return leaf;
      const data = Float32Array.from(leaf.data);
      for (let sample = 0; sample < 4; sample++) {
        const kept = new Set(keep.data.slice(sample * 8, sample * 8 + 8));
        for (let at = 0; at < 768; at++) {
          const patch = Math.floor((at % 256) / 64) * 4 + Math.floor((at % 16) / 4);
          if (!kept.has(patch)) data[sample * 768 + at] = Math.sin(at);
        }
      }
      return { ...leaf, data };
    }) as typeof batch;
  const before = await loss(batch);
  assert.equal(await loss(scrawled(/^anchors/)), before);
  assert.notEqual(await loss(scrawled(/^target/)), before);
});

test("the momentum of the target network is linear", async () => {
  const method = build({ momentum: 0.5 });
  const params = method.init(new Rng(0));
  const left = await descend(method, batchOf(method), { params, progress: [0, 0.5], learningRate: 0.5 });
  const path = "encoder.patch.weight";
  let teacher = [...new Map(tree.entries<Tensor>(params)).get(path)!.data];
  left.forEach(({ state }, step) => {
    // From 0.5 to 1 in 1.25 trainings: 0.5 at first, 0.7 in the middle.
    const momentum = [0.5, 0.7][step]!;
    const student = state.get(`params.${path}`)!.data;
    teacher = teacher.map((value, index) => momentum * value + (1 - momentum) * student[index]!);
    state.get(`memory.teacher.${path}`)!.data.forEach((value, index) => {
      assert.ok(Math.abs(value - teacher[index]!) < 1e-5);
    });
  });
});

test("ten steps on one batch learn", async () => {
  const method = build({});
  const left = await descend(method, batchOf(method), { progress: tenSteps, learningRate: 0.01, optimizer: "adamw" });
  assert.ok(left[9]!.loss < left[0]!.loss - 0.05, left.map(({ loss }) => loss).join());
});

test("MSN needs a class token", () => {
  assert.throws(() => build({}, vitOf("mean")), { name: "UserError", message: /--pooling class/ });
});
