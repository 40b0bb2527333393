import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { filled, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { prototypes } from "../../src/layers/heads/prototypes.ts";
import { swav } from "../../src/methods/swav.ts";
import { evaluateOne, fill } from "../fixtures/torch/reference.ts";
import { cropModality, descend, meanEncoder, tenSteps, withNormalPixels } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

const modality = cropModality(3, 8);
const encoder = meanEncoder(3, 5);
const build = (options: z.input<typeof swav.options>) =>
  swav.build({
    encoder,
    modality,
    options: swav.options.parse({ prototypes: 6, hiddenDim: 8, projectionDim: 4, localCrops: 2, ...options }),
    samples: 8,
  });
const batchOf = (method: ReturnType<typeof build>) =>
  withNormalPixels(stack([0, 1, 2, 3].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));

test("crops have the requested sizes and areas", () => {
  modality.asked.length = 0;
  const views = tree.entries<Tensor>(build({ localSide: 0.5 }).views(5, new Rng(1), noEntry));
  assert.deepEqual(
    views.map(([, { shape }]) => shape[2]),
    [8, 8, 4, 4],
  );
  assert.deepEqual(
    modality.asked.map(({ scale }) => scale),
    [
      [0.14, 1],
      [0.14, 1],
      [0.05, 0.14],
      [0.05, 0.14],
    ],
  );
});

test("prototypes count by their direction only: scores are cosines", async () => {
  const layer = prototypes(4, 6);
  const x = fill("x", [3, 4]);
  const scores = async (weight: Tensor) =>
    evaluateOne(
      (p: Parameters<typeof layer.apply>[0], rows: Parameters<typeof layer.apply>[1]) => layer.apply(p, rows),
      [{ weight }, x] as const,
    );
  const weight = fill("weight", [6, 4]);
  const [once, scaled] = [
    await scores(weight),
    await scores({ ...weight, data: weight.data.map((value) => value * 7) }),
  ];
  once.data.forEach((value, index) => {
    const [row, column] = [Math.floor(index / 6), index % 6];
    const [a, b] = [[...x.data.slice(row * 4, row * 4 + 4)], [...weight.data.slice(column * 4, column * 4 + 4)]];
    const dot = a.reduce((sum, part, at) => sum + part * b[at]!, 0);
    assert.ok(Math.abs(value - dot / (Math.hypot(...a) * Math.hypot(...b))) < 1e-6);
    assert.ok(Math.abs(value - scaled.data[index]!) < 1e-6);
  });
});

test("prototypes stay as they are for the first part of the training", async () => {
  const method = build({ frozenPrototypes: 0.25 });
  const params = method.init(new Rng(0));
  const before = new Map(tree.entries<Tensor>(params)).get("prototypes.weight")!.data;
  const left = await descend(method, batchOf(method), { params, progress: [0, 0.2, 0.3], learningRate: 0.1 });
  const weights = left.map(({ state }) => state.get("params.prototypes.weight")!.data);
  assert.deepEqual(weights[0], before);
  assert.deepEqual(weights[1], before);
  assert.notDeepEqual(weights[2], before);
});

test("the queue takes in the embeddings of the global crops and has a part once it is full and its time has come", async () => {
  const run = async (options: z.input<typeof swav.options>) => {
    const method = build(options);
    return descend(method, batchOf(method), { progress: [0.1, 0.2, 0.3, 0.4], learningRate: 0 });
  };
  const without = await run({});
  const queued = await run({ queueLength: 8, queueStart: 0.35 });
  const never = await run({ queueLength: 8, queueStart: 1 });
  const early = await run({ queueLength: 8, queueStart: 0 });
  const losses = (left: typeof without) => left.map(({ loss }) => loss.toFixed(6));
  assert.deepEqual(losses(never), losses(without));
  assert.deepEqual(losses(queued).slice(0, 3), losses(without).slice(0, 3));
  // Full after two batches of four; the third step is the first to see it.
  assert.deepEqual(losses(early).slice(0, 2), losses(without).slice(0, 2));
  const first = queued[0]!.state.get("memory.queue.0")!;
  assert.deepEqual(first.shape, [8, 4]);
  for (let row = 0; row < 8; row++) {
    const length = Math.hypot(...first.data.slice(row * 4, row * 4 + 4));
    assert.ok(Math.abs(length - (row < 4 ? 1 : 0)) < 1e-5, `row ${row}: ${length}`);
  }
  assert.deepEqual(
    [...without[0]!.state.keys()].filter((path) => path.startsWith("memory.")),
    [],
  );
  // The same batch over and over shares the prototypes as it does alone; another queue would not.
  const method = build({ queueLength: 8, queueStart: 0 });
  const biased = { ...method, initMemory: () => ({ queue: [0, 1].map(() => filled([8, 4], 0.5)) }) };
  const [moved] = await descend(biased, batchOf(method), { progress: [0.4], learningRate: 0 });
  assert.ok(Math.abs(moved!.loss - without[3]!.loss) > 1e-4);
});

test("ten steps on one batch learn", async () => {
  const method = build({ queueLength: 8 });
  const left = await descend(method, batchOf(method), { progress: tenSteps, learningRate: 0.01, optimizer: "adamw" });
  assert.ok(left[9]!.loss < left[0]!.loss - 0.05, left.map(({ loss }) => loss).join());
});
