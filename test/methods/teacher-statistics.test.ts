/** BatchNorm's running statistics of momentum teachers: they come from what the teacher itself sees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np, Rng, type Tensor, type Traced, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Encoder, Inputs } from "../../src/encoders/index.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";
import { methods } from "../../src/methods/index.ts";
import { cropModality, descend } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

const CHANNELS = 3;

/** BatchNorm over the channels' means: reads images of any size, and its statistics are the pixels'. */
function normEncoder(): Encoder {
  const norm = batchNorm(CHANNELS);
  const init = () => ({ norm: norm.init() });
  const apply = (params: Traced<ReturnType<typeof init>>, { pixels }: Inputs): Array =>
    norm.apply(params.norm, np.mean(pixels!, [2, 3]));
  return { name: "norm", embedDim: CHANNELS, init, apply, hidden: apply, hyperparameters: {} };
}

const heads: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  byol: { hiddenDim: 4, projectionDim: 4 },
  dino: { prototypes: 6, hiddenDim: 5, bottleneckDim: 4, headLayers: 2, localCrops: 3 },
  "moco-v2": { projectionDim: 4, queueSize: 8 },
  "moco-v3": { hiddenDim: 4, projectionDim: 4 },
};

/** One step at this momentum, on views of random pixels that are ten lower in local crops. */
async function oneStep(name: string, momentum: number) {
  const definition = await methods.load(name);
  const encoder = normEncoder();
  const options = definition.options.parse({ ...heads[name], momentum });
  const method = definition.build({ encoder, modality: cropModality(CHANNELS, 4), options, samples: 8 });
  const drawn = stack([0, 1, 2, 3].map((at) => method.views(at, new Rng(at), noEntry)));
  const batch = tree.map<Tensor, Tensor>(drawn, (leaf, path) => {
    const { data, ...rest } = new Rng(1).split(path).normals(leaf.shape);
    return { ...rest, data: Float32Array.from(data, (value) => value + (path.startsWith("local") ? -10 : 3)) };
  }) as TreeRecord<Tensor>;
  const [left] = await descend(method, batch, { progress: [0], learningRate: 0.01 });
  return { batch, state: left!.state };
}

/** The mean of each channel over the pixels of some views. */
function channelMeans(batch: TreeRecord<Tensor>, isSeen: (path: string) => boolean): number[] {
  const sums = new Float64Array(CHANNELS);
  let pixels = 0;
  for (const [path, { shape, data }] of tree.entries<Tensor>(batch)) {
    if (!isSeen(path)) continue;
    const plane = shape[2]! * shape[3]!;
    pixels += shape[0]! * plane;
    for (const [at, value] of data.entries()) sums[Math.floor(at / plane) % CHANNELS]! += value;
  }
  return [...sums].map((sum) => sum / pixels);
}

const close = (actual: ArrayLike<number>, expected: readonly number[], what: string) => {
  for (const [at, value] of expected.entries())
    assert.ok(Math.abs(actual[at]! - value) < 1e-4, `${what}: ${[...Float32Array.from(actual)]}, not ${expected}`);
};

const MOMENTUM = 0.1;

test("DINO's teacher keeps the statistics of the global crops, its student those of all crops", async () => {
  for (const momentum of [0.5, 1]) {
    const { batch, state } = await oneStep("dino", momentum);
    const ofGlobal = channelMeans(batch, (path) => path.startsWith("global"));
    const ofLocal = channelMeans(batch, (path) => path.startsWith("local"));
    const teacher = state.get("memory.teacher.encoder.norm.runningMean")!.data;
    close(
      teacher,
      ofGlobal.map((mean) => MOMENTUM * mean),
      "teacher",
    );
    close(
      state.get("params.encoder.norm.runningMean")!.data,
      ofGlobal.map((mean, at) => (1 - MOMENTUM) * MOMENTUM * mean + MOMENTUM * ofLocal[at]!),
      "student",
    );
  }
});

test("targets in training mode have statistics of their own at any momentum", async () => {
  for (const [name, branch] of [
    ["byol", "target"],
    ["moco-v3", "teacher"],
  ] as const) {
    const means = await Promise.all(
      [0.25, 1].map(async (momentum) => {
        const { state } = await oneStep(name, momentum);
        return state.get(`memory.${branch}.encoder.norm.runningMean`)!.data;
      }),
    );
    assert.ok(
      [...means[0]!].every((mean) => Math.abs(mean) > 0.1),
      `${name}: ${means[0]}`,
    );
    assert.deepEqual(means[0], means[1], name);
  }
});

test("MoCo v2's key encoder, in evaluation mode, averages its student's", async () => {
  const { state } = await oneStep("moco-v2", 0.25);
  const student = state.get("params.encoder.norm.runningMean")!.data;
  close(
    state.get("memory.teacher.encoder.norm.runningMean")!.data,
    [...student].map((mean) => 0.75 * mean),
    "key encoder",
  );
});
