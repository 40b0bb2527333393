import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, np, Rng, scalar, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import { dropPath } from "../../src/layers/functions/drop-path.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";
import type { Method, MethodParams } from "../../src/methods/method.ts";
import type { Training } from "../../src/training/run/config.ts";
import type { StepNumbers } from "../../src/training/schedule.ts";
import {
  compileStep,
  type DeviceState,
  type HostState,
  initialState,
  optimizerOf,
  type StepResult,
} from "../../src/training/step.ts";
import { assertMatches, fill, torchCase } from "../fixtures/torch/reference.ts";

const BASE = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 3, device: "wasm", threads: 1, beta2: 0.999 } as const;
type Settings = Partial<
  Pick<
    Training,
    "weightDecay" | "finalWeightDecay" | "gradientClip" | "clipBy" | "constantRate" | "ema" | "seed" | "optimizer"
  >
>;

/** A minimal method: parameters and a loss. */
function methodOf<Initial extends MethodParams, Views extends TreeRecord<Tensor>>(
  parts: Pick<Method<Views, Initial>, "init" | "loss"> & Partial<Method<Views, Initial>>,
): Method {
  // The trees are the ones that the method created.
  return { views: () => ({}), ...parts } as unknown as Method;
}

async function steps(
  method: Method,
  batch: TreeRecord<Tensor>,
  settings: Settings,
  rates: number[],
  numbers: Partial<StepNumbers>[] = [],
) {
  const training = { ...BASE, optimizer: "sgd" as const, ...settings };
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state: initial, batch, name: "test step" });
  const results: (Omit<StepResult, "state"> & { state: Map<string, number[]> })[] = [];
  let state: DeviceState = initial;
  for (const [index, rate] of rates.entries()) {
    const { state: next, ...rest } = await step.run(state, batch, index, {
      learningRate: rate,
      progress: index / rates.length,
      ...numbers[index],
    });
    results.push({ ...rest, state: await valuesOf(next) });
    state = next;
  }
  await step.dispose();
  return { initial: await valuesOf(initial), results };
}

async function valuesOf(state: DeviceState | HostState): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>();
  for (const group of ["params", "optimizer", "memory", "ema"] as const)
    for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(state[group]))
      if (path) values.set(`${group}.${path}`, [...("read" in leaf ? await leaf.read() : leaf).data]);
  return values;
}

test("the gradient's norm is reported as it was and clipped as PyTorch clips it", async () => {
  const expected = await torchCase("optimizers", "clip");
  const [first, second] = [fill("clipped 0", [3, 4]), fill("clipped 1", [4])];
  const method = methodOf({
    init: () => ({ encoder: { first: fill("a", [3, 4]), second: fill("b", [4]) } }),
    loss: ({ encoder }, { one, two }: { one: Array; two: Array }) => ({
      loss: np.add(np.sum(np.multiply(encoder.first, one)), np.sum(np.multiply(encoder.second, two))),
    }),
  });
  const batch = { one: first, two: second };
  for (const gradientClip of [0.7, 100, 0]) {
    const { initial, results } = await steps(method, batch, { gradientClip }, [1]);
    const [{ gradNorm, state }] = results as [(typeof results)[0]];
    assertMatches(scalar(gradNorm), expected.norm, "norm");
    for (const [index, name] of ["first", "second"].entries()) {
      const before = initial.get(`params.encoder.${name}`)!;
      const moved = state.get(`params.encoder.${name}`)!.map((value, at) => before[at]! - value);
      const unclipped = [...[first, second][index]!.data];
      if (gradientClip === 0.7)
        assertMatches(float32(moved, [moved.length]), expected[`gradient ${index}`], name, 1e-5);
      else assertMatches(float32(moved, [moved.length]), unclipped, name, 1e-5);
    }
  }
});

test("each parameter's gradient by itself is clipped as PyTorch clips one", async () => {
  const expected = await torchCase("optimizers", "clip each");
  const pulls = [fill("clipped 0", [3, 4]), fill("clipped 1", [4])] as const;
  const method = methodOf({
    init: () => ({ encoder: { first: fill("a", [3, 4]), second: fill("b", [4]) } }),
    loss: ({ encoder }, { one, two }: { one: Array; two: Array }) => ({
      loss: np.add(np.sum(np.multiply(encoder.first, one)), np.sum(np.multiply(encoder.second, two))),
    }),
  });
  const clipping = { gradientClip: 0.7, clipBy: "parameter" } as const;
  const { initial, results } = await steps(method, { one: pulls[0], two: pulls[1] }, clipping, [1]);
  const [{ gradNorm, state }] = results as [(typeof results)[0]];
  assertMatches(scalar(gradNorm), (await torchCase("optimizers", "clip")).norm, "the norm of all");
  for (const [index, name] of ["first", "second"].entries()) {
    const before = initial.get(`params.encoder.${name}`)!;
    const moved = state.get(`params.encoder.${name}`)!.map((value, at) => before[at]! - value);
    assertMatches(float32(moved, [moved.length]), expected[`gradient ${index}`], name, 1e-5);
  }
});

test("a part at a constant rate does not follow the schedule", async () => {
  const leaves = () => ({ weight: float32([1], [1]) });
  const method = methodOf({
    init: () => ({ encoder: leaves(), predictor: { first: leaves(), last: leaves() }, predictors: leaves() }),
    loss: ({ encoder, predictor, predictors }) => ({
      loss: np.sum(np.concatenate([encoder, predictor.first, predictor.last, predictors].map(({ weight }) => weight))),
    }),
  });
  const batch = { x: scalar(0) };
  const rates = [{ learningRate: 0.25, constantRate: 0.5 }];
  const { results } = await steps(method, batch, { constantRate: ["predictor"] }, [0], rates);
  const after = (path: string) => results[0]!.state.get(`params.${path}.weight`)![0];
  assert.deepEqual(["encoder", "predictor.first", "predictor.last", "predictors"].map(after), [0.75, 0.5, 0.5, 0.75]);
  await assert.rejects(steps(method, batch, { constantRate: ["predict"] }, [0]), {
    name: "UserError",
    message: "--constant-rate predict: the parameters have no such part; they have encoder, predictor, predictors",
  });
});

test("the decay is a number of the step, for weights that have none at first too", async () => {
  const method = methodOf({
    init: () => ({ encoder: { weight: fill("w", [2, 2]), bias: fill("b", [2]) } }),
    loss: ({ encoder }) => ({ loss: np.multiply(np.sum(encoder.weight), 0) }),
  });
  const changing = [{ weightDecay: 0 }, { weightDecay: 0.5 }, { weightDecay: 1 }];
  for (const optimizer of ["adamw", "sgd"] as const) {
    const settings = { optimizer, weightDecay: 0, finalWeightDecay: 1 };
    const { initial, results } = await steps(method, { x: scalar(0) }, settings, [0.1, 0.1, 0.1], changing);
    const before = initial.get("params.encoder.weight")!;
    // SGD's momentum repeats nine tenths of the second step in the third.
    const factors = optimizer === "adamw" ? [1, 0.95, 0.95 * 0.9] : [1, 0.95, 0.95 * 0.9 - 0.045];
    for (const [at, factor] of factors.entries()) {
      results[at]!.state.get("params.encoder.weight")!.forEach((value, index) => {
        assert.ok(Math.abs(value - before[index]! * factor) < 1e-6, `${optimizer} ${at}`);
      });
      assert.deepEqual(results[at]!.state.get("params.encoder.bias"), initial.get("params.encoder.bias"));
    }
  }
});

test("decay takes weights and leaves biases, norms, positions and tokens", async () => {
  const leaves = {
    weight: fill("w", [2, 2]),
    bias: fill("b", [2]),
    norm: { scale: fill("s", [2]) },
    positions: fill("p", [3, 2]),
    classToken: fill("c", [1, 2]),
    maskToken: fill("m", [1, 2]),
  };
  const method = methodOf({
    init: () => ({ encoder: leaves }),
    // No gradients: only decayed parameters change.
    loss: ({ encoder }) => ({ loss: np.multiply(np.sum(encoder.weight), 0) }),
  });
  for (const optimizer of ["adamw", "sgd"] as const) {
    const { initial, results } = await steps(method, { x: scalar(0) }, { weightDecay: 0.5, optimizer }, [0.1]);
    for (const [path, before] of initial) {
      if (!path.startsWith("params.")) continue;
      const factor = path === "params.encoder.weight" ? 0.95 : 1;
      results[0]!.state.get(path)!.forEach((value, index) => {
        assert.ok(Math.abs(value - before[index]! * factor) < 1e-6, `${optimizer} ${path}`);
      });
    }
  }
});

test("larc decays and adapts biases too", async () => {
  const method = methodOf({
    init: () => ({ encoder: { bias: float32([3, 4], [2]) } }),
    loss: ({ encoder }, { pull }: { pull: Array }) => ({ loss: np.sum(np.multiply(encoder.bias, pull)) }),
  });
  const batch = { pull: float32([0, 2], [2]) };
  const { results } = await steps(method, batch, { optimizer: "larc", weightDecay: 0.5 }, [10]);
  // ‖p‖ 5, ‖g‖ 2: 0.001 · 5 / (2 + 0.5 · 5) of g + 0.5 p = (1.5, 4).
  const ratio = 0.005 / 4.5;
  const expected = [3 - 10 * ratio * 1.5, 4 - 10 * ratio * 4];
  results[0]!.state.get("params.encoder.bias")!.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) < 1e-6, `${value}`);
  });
});

test("running statistics come from the batch; the optimiser and its decay never touch them", async () => {
  const norm = batchNorm(2);
  const method = methodOf({
    init: () => ({ encoder: { norm: norm.init() } }),
    loss: ({ encoder }, { x }: { x: Array }) => ({ loss: np.mean(np.square(norm.apply(encoder.norm, x))) }),
  });
  const x = float32([1, 10, 3, 20, 5, 60], [3, 2]);
  const { initial, results } = await steps(method, { x }, { weightDecay: 0.5, optimizer: "adamw" }, [0.1, 0.1]);
  assert.deepEqual(
    [...initial.keys()].filter((path) => /running/.test(path)),
    ["params.encoder.norm.runningMean", "params.encoder.norm.runningVariance"],
  );
  const near = (path: string, step: number, expected: number[]) =>
    results[step]!.state.get(path)!.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) < 1e-4 * expected[index]!, `${path} after ${step}: ${value}`);
    });
  // PyTorch's: 0.9 of the old, 0.1 of the batch's mean (3, 30) and unbiased variance (4, 700).
  near("params.encoder.norm.runningMean", 0, [0.3, 3]);
  near("params.encoder.norm.runningVariance", 0, [1.3, 70.9]);
  near("params.encoder.norm.runningMean", 1, [0.57, 5.7]);
  near("params.encoder.norm.runningVariance", 1, [1.57, 133.81]);
});

test("the average follows the parameters, statistics included, and starts at the first ones", async () => {
  const norm = batchNorm(1);
  const method = methodOf({
    init: () => ({ encoder: { weight: fill("w", [2, 1]), norm: norm.init() } }),
    loss: ({ encoder }, { x }: { x: Array }) => ({
      loss: np.mean(np.square(np.add(norm.apply(encoder.norm, np.matmul(x, encoder.weight)), 1))),
    }),
  });
  const { initial, results } = await steps(method, { x: fill("x", [4, 2]) }, { ema: 0.75 }, [0.5, 0.5, 0.5]);
  const average = new Map([...initial].filter(([path]) => path.startsWith("params.")));
  for (const { state } of results)
    for (const [path, before] of average) {
      const now = state.get(path)!;
      const mean = before.map((value, index) => 0.75 * value + 0.25 * now[index]!);
      average.set(path, mean);
      state.get(path.replace("params.", "ema."))!.forEach((value, index) => {
        assert.ok(Math.abs(value - mean[index]!) < 1e-6, path);
      });
    }
  assert.notDeepEqual(results[2]!.state.get("ema.encoder.weight"), results[2]!.state.get("params.encoder.weight"));
});

test("memory goes through the loss and then through what the method does after the step", async () => {
  const method = methodOf({
    init: () => ({ encoder: { weight: float32([1], [1]) } }),
    initMemory: () => ({ seen: scalar(0), progress: scalar(-1), kept: float32([7, 8], [2]) }),
    loss: ({ encoder }, _batch, memory) => ({
      loss: np.sum(encoder.weight),
      metrics: { before: memory.seen as Array },
      memory: { ...memory, seen: np.add(memory.seen as Array, 1) },
    }),
    // It receives the updated weight.
    afterStep: (params, memory, { progress }) => ({
      ...memory,
      seen: np.add(np.multiply(memory.seen as Array, 10), np.sum(params.encoder.weight as Array)),
      progress,
    }),
  });
  const { results } = await steps(method, { x: scalar(0) }, {}, [0.5, 0.25]);
  assert.deepEqual(
    results.map(({ metrics }) => metrics.before),
    [0, 10.5],
  );
  const weight = 0.5 - 0.25 * (0.9 + 1); // momentum remembers the first step's gradient
  assert.ok(Math.abs(results[1]!.state.get("memory.seen")![0]! - ((10.5 + 1) * 10 + weight)) < 1e-4);
  assert.deepEqual(results[1]!.state.get("memory.progress"), [0.5]);
  assert.deepEqual(results[1]!.state.get("memory.kept"), [7, 8]);
});

test("drop-path draws anew in each step, alike for the same step and seed, for views that pass together too", async () => {
  const rows = 32;
  const method = methodOf({
    init: () => ({ encoder: { weight: float32([1], [1]) } }),
    loss({ encoder }, { x }: { x: Array }) {
      // Twice the batch at once, as SimCLR's two views.
      const both = dropPath(np.multiply(np.concatenate([x, x], 0), encoder.weight), 0.5);
      const alone = dropPath(np.multiply(x, encoder.weight), 0.5);
      return { loss: np.add(np.sum(both), np.sum(alone)) };
    },
  });
  const x = float32(
    Float32Array.from({ length: rows }, (_, index) => 1 + index / 8),
    [rows, 1],
  );
  const losses = async (seed: number) =>
    (await steps(method, { x }, { seed }, [0, 0, 0])).results.map(({ loss }) => loss);
  const [first, again, other] = [await losses(3), await losses(3), await losses(4)];
  assert.deepEqual(first, again);
  assert.equal(new Set([...first, ...other]).size, 6, "steps and seeds differ");
});
