import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Array, float32, np, Rng, scalar, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { dropPath } from "../../src/layers/functions/drop-path.ts";
import { linear } from "../../src/layers/linear.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";
import type { Method } from "../../src/methods/method.ts";
import { compileAccumulatedStep } from "../../src/training/accumulated-step.ts";
import { checkpointPath } from "../../src/training/run/checkpoint.ts";
import type { Training } from "../../src/training/run/config.ts";
import { compileStep, type DeviceState, initialState, optimizerOf, type StepResult } from "../../src/training/step.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { autodidact, inFolder } from "../support/cli.ts";
import { fixture, learned, stoppedAndResumed, vectorRun } from "../support/vectors.ts";

const BASE = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 3, device: "cpu", threads: 1, beta2: 0.999 } as const;
type Settings = Partial<Pick<Training, "weightDecay" | "gradientClip" | "clipBy" | "ema" | "optimizer" | "device">>;
type Batch = TreeRecord<Tensor>;

async function valuesOf(state: DeviceState): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>();
  for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(state))
    if (path) values.set(path, [...("read" in leaf ? await leaf.read() : leaf).data]);
  return values;
}

/** Steps of as many batches as each has. */
async function steps(method: Method, batches: readonly (readonly Batch[])[], settings: Settings) {
  const training = { ...BASE, optimizer: "sgd" as const, ...settings };
  const optimizer = optimizerOf(training);
  let state: DeviceState = initialState(method, optimizer, training, new Rng(0));
  const accumulate = batches[0]!.length;
  const options = { method, optimizer, training, state, batch: batches[0]![0]!, name: "test step" };
  const step = await (accumulate > 1 ? compileAccumulatedStep(options, accumulate) : compileStep(options));
  const results: (Omit<StepResult, "state"> & { state: Map<string, number[]> })[] = [];
  for (const [index, [first, ...others]] of batches.entries()) {
    const rest = async () => others.shift()!;
    const numbers = { learningRate: 0.1, progress: index / batches.length };
    const { state: next, ...result } = await step.run(state, first!, index, numbers, true, rest);
    assert.equal(others.length, 0);
    results.push({ ...result, state: await valuesOf(next) });
    state = next;
  }
  await step.dispose();
  return results;
}

const encoder = vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, patchSize: 4 }), {
  pixels: { dtype: "float32", shape: [1, 8, 8] },
});
const head = linear(8, 3);
/** Its loss is a mean over samples. */
const regression = {
  views: () => ({}),
  init: (rng: Rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
  loss(params: { encoder: never; head: never }, { pixels, target }: { pixels: Array; target: Array }) {
    const guess = head.apply(params.head, encoder.apply(params.encoder, { pixels }));
    return { loss: np.mean(np.square(np.subtract(guess, target))), metrics: { mean: np.mean(guess) } };
  },
} as unknown as Method;

const [ROWS, PARTS, STEPS] = [2, 3, 3];
const pixels = (step: number) => fill(`pixels ${step}`, [ROWS * PARTS, 1, 8, 8]);
const target = (step: number) => fill(`target ${step}`, [ROWS * PARTS, 3]);
const rowsOf = ({ shape: [, ...rest], data }: Tensor, part: number): Tensor => {
  const each = (data.length / (ROWS * PARTS)) * ROWS;
  return float32(Float32Array.from(data.slice(part * each, (part + 1) * each)), [ROWS, ...rest]);
};
const whole = Array.from({ length: STEPS }, (_, step) => [{ pixels: pixels(step), target: target(step) }]);
const parts = whole.map(([batch]) =>
  Array.from({ length: PARTS }, (_, part) => ({
    pixels: rowsOf(batch!.pixels, part),
    target: rowsOf(batch!.target, part),
  })),
);

for (const settings of [
  { optimizer: "adamw", weightDecay: 0.1, gradientClip: 0.05, ema: 0.9 },
  { optimizer: "lars", weightDecay: 0.1 },
  { optimizer: "sgd", gradientClip: 0.05, clipBy: "parameter", device: "wasm" },
] as const)
  test(`three batches are the step of one with all their samples: ${settings.optimizer}`, async () => {
    const [one, several] = [await steps(regression, whole, settings), await steps(regression, parts, settings)];
    for (const [index, { loss, gradNorm, metrics, state }] of several.entries()) {
      const expected = one[index]!;
      const near = (value: number, other: number, what: string) =>
        assert.ok(Math.abs(value - other) < 2e-6 * Math.max(1, Math.abs(other)), `${what}: ${value}, ${other}`);
      near(loss, expected.loss, "loss");
      near(gradNorm, expected.gradNorm, "norm");
      near(metrics.mean!, expected.metrics.mean!, "metric");
      assert.deepEqual([...state.keys()], [...expected.state.keys()]);
      // Adam divides gradients that are nearly zero by their own size.
      for (const [path, values] of state)
        values.forEach((value, at) => {
          const tolerance = settings.optimizer === "adamw" ? 2e-4 : 2e-6;
          assert.ok(Math.abs(value - expected.state.get(path)![at]!) < tolerance, `${path} after ${index}`);
        });
    }
    assert.notDeepEqual([...several[0]!.state.values()], [...several[1]!.state.values()]);
  });

test("memory and running statistics go from batch to batch, what follows a step happens once, metrics are means", async () => {
  const norm = batchNorm(1);
  const method = {
    views: () => ({}),
    init: () => ({ encoder: { weight: float32([1], [1]), norm: norm.init() } }),
    initMemory: () => ({ seen: scalar(0), steps: scalar(0), kept: float32([7, 8], [2]) }),
    loss(
      { encoder: params }: { encoder: { weight: Array; norm: never } },
      { x }: { x: Array },
      memory: Record<string, Array>,
    ) {
      const normed = norm.apply(params.norm, x);
      return {
        loss: np.add(np.multiply(np.sum(params.weight), np.mean(x)), np.multiply(np.sum(normed), 0)),
        metrics: { before: memory.seen! },
        memory: { ...memory, seen: np.add(memory.seen!, np.mean(x)) },
      };
    },
    afterStep: (params: { encoder: { weight: Array } }, memory: Record<string, Array>) => ({
      ...memory,
      steps: np.add(memory.steps!, 1),
      seen: np.add(memory.seen!, np.sum(params.encoder.weight)),
    }),
  } as unknown as Method;
  const x = (...values: number[]) => ({ x: float32(values, [2, 1]) });
  const batches = [
    [x(1, 3), x(4, 8)],
    [x(0, 2), x(1, 1)],
  ];
  const [first, second] = await steps(method, batches, {});
  // The mean gradient of the weight is the mean of x: (2 + 6) / 2, then (1 + 1) / 2.
  assert.ok(Math.abs(first!.loss - 4) < 1e-6);
  assert.deepEqual(first!.metrics, { before: (0 + 2) / 2 });
  const weight = 1 - 0.1 * 4;
  const near = (path: string, values: number[], of = first!) =>
    values.forEach((value, at) => {
      assert.ok(Math.abs(of.state.get(path)![at]! - value) < 1e-5, `${path}: ${of.state.get(path)}`);
    });
  near("params.encoder.weight", [weight]);
  near("memory.seen", [2 + 6 + weight]);
  near("memory.steps", [1]);
  near("memory.kept", [7, 8]);
  near("memory.steps", [2], second);
  near("memory.kept", [7, 8], second);
  // 0.9 of the old, 0.1 of the batch's mean and unbiased variance, twice.
  near("params.encoder.norm.runningMean", [0.9 * 0.2 + 0.6]);
  near("params.encoder.norm.runningVariance", [0.9 * (0.9 + 0.2) + 0.8]);
});

test("each batch of a step draws its own random numbers, alike for the same step and seed", async () => {
  const method = {
    views: () => ({}),
    init: () => ({ encoder: { weight: float32([1], [1]) } }),
    loss({ encoder: { weight } }: { encoder: { weight: Array } }, { x }: { x: Array }) {
      return { loss: np.sum(dropPath(np.multiply(x, weight), 0.5)), metrics: { x: np.mean(x) } };
    },
  } as unknown as Method;
  const x = {
    x: float32(
      Float32Array.from({ length: 32 }, (_, at) => 1 + at / 8),
      [32, 1],
    ),
  };
  const losses = async (count: number) =>
    (await steps(method, [Array(count).fill(x), Array(count).fill(x)], {})).map(({ loss }) => loss);
  const [two, again, three] = [await losses(2), await losses(2), await losses(3)];
  assert.deepEqual(two, again);
  assert.equal(new Set([...two, ...three]).size, 4, "parts and steps differ");
});

test("a run of several batches a step is the run of one batch as large, and resumes to the bit", () =>
  inFolder(async (folder) => {
    const options = await vectorRun(folder, 34);
    const given = { ...options, method: fixture("preset-method.ts") };
    const training = {
      ...options.training,
      epochs: 3,
      warmupEpochs: 1,
      optimizer: "adamw",
      learningRate: 0.05,
    } as const;
    const run = (name: string, more: object) => ({
      ...given,
      out: join(folder, name),
      training: { ...training, ...more },
    });
    // BatchNorm's statistics are of a batch, and what is dropped is drawn for each.
    const alike = { encoderOptions: { dropPath: 0 } };
    const frozenStatistics = true;
    const big = await learned({ ...run("big", { batchSize: 8, frozenStatistics }), ...alike });
    const small = await learned({ ...run("small", { batchSize: 2, accumulate: 4, frozenStatistics }), ...alike });
    assert.equal(small.length, 3 * 4);
    small.forEach((row, at) => {
      for (const name of ["step", "epoch", "learningRate"]) assert.equal(row[name], big[at]![name], name);
      for (const name of ["loss", "gradNorm"])
        assert.ok(Math.abs(row[name]! - big[at]![name]!) < 1e-4 * big[at]![name]!, `${name} at ${at}`);
    });

    const noisy = await learned(run("noisy", { batchSize: 2, accumulate: 4 }));
    assert.deepEqual(await learned(run("shared", { batchSize: 2, accumulate: 4, workers: 2 })), noisy);
    const cut = run("cut", { batchSize: 2, accumulate: 4, checkpointEvery: 3 });
    assert.deepEqual(await stoppedAndResumed(cut, 5), noisy);
    const last = (name: string) => readFile(checkpointPath(join(folder, name), "last"));
    assert.deepEqual(await last("cut"), await last("noisy"));

    const words = ["--batch-size", "4", "--accumulate", "9", "--workers", "0", "--encoder", options.encoder ?? ""];
    const ended = autodidact(
      "pretrain",
      options.data,
      "--out",
      join(folder, "none"),
      "--modality",
      options.modality ?? "",
      ...words,
    );
    assert.equal(ended.code, 2);
    assert.match(
      ended.stderr,
      /autodidact: --accumulate 9: a step of 9 batches of 4 needs 36 samples, and there are 34\n$/,
    );
  }));

test("a curriculum's stages are those of the step, for all of its batches", () =>
  inFolder(async (folder) => {
    const options = await vectorRun(folder, 34);
    const given = {
      ...options,
      method: fixture("preset-method.ts"),
      encoderOptions: { dropPath: 0 },
      curriculum: ["scale=1:4@step", "noise=0.5:0@step"],
    };
    const run = (name: string, more: object) => ({
      ...given,
      out: join(folder, name),
      training: { ...options.training, epochs: 2, learningRate: 1e-6, frozenStatistics: true, ...more },
    });
    const big = await learned(run("big", { batchSize: 8 }));
    const small = await learned(run("small", { batchSize: 2, accumulate: 4, workers: 1 }));
    assert.deepEqual(
      small.map((row) => row["curriculum/scale"]),
      [1, 1, 1, 1, 4, 4, 4, 4],
    );
    small.forEach((row, at) => {
      assert.ok(Math.abs(row.loss! - big[at]!.loss!) < 1e-4 * big[at]!.loss!, `${row.loss}, ${big[at]!.loss}`);
    });
  }));
