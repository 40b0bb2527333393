import type { Tensor } from "../array/index.ts";
import { type Array, float32, int32, nn, np, scalar } from "../array/index.ts";
import { compile, type DeviceTensor, valueAndGrad } from "../engine/index.ts";
import type { LabelledVectors } from "./knn.ts";
import { stratifiedSplit } from "./split.ts";

/** L2 strengths tried, per sample: loss + ½ λ ‖W‖². */
export const L2_GRID = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1] as const;
const ITERATIONS = 400;
const LEARNING_RATE = 0.1;

export interface ProbeResult {
  readonly predictions: Int32Array;
  /** The strength that was best on the held-out part of the training labels. */
  readonly l2: number;
}

/** Mean and deviation of each column over the training rows; constant columns are left as they are. */
function standardizer({ data, rows, dim }: LabelledVectors): (vectors: Float32Array) => Float32Array {
  const mean = new Float64Array(dim);
  const square = new Float64Array(dim);
  for (let i = 0; i < rows * dim; i++) mean[i % dim]! += data[i]! / rows;
  for (let i = 0; i < rows * dim; i++) square[i % dim]! += (data[i]! - mean[i % dim]!) ** 2 / rows;
  const scale = square.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 1));
  return (vectors) => vectors.map((value, i) => (value - mean[i % dim]!) * scale[i % dim]!);
}

/**
 * Multinomial logistic regression by full-batch Adam with a falling rate, for several L2 strengths at once.
 * @param x `[rows, dim]`, standardised
 * @returns weights `[strengths, dim, classes]` and biases `[strengths, 1, classes]`
 */
export async function fitLogistic(
  x: Float32Array,
  labels: Int32Array,
  dim: number,
  classes: number,
  strengths: readonly number[],
  iterations = ITERATIONS,
): Promise<{ weight: Float32Array; bias: Float32Array }> {
  const rows = labels.length;
  const count = strengths.length;
  const step = (
    params: { weight: Array; bias: Array },
    memory: { first: { weight: Array; bias: Array }; second: { weight: Array; bias: Array } },
    data: { x: Array; labels: Array; l2: Array },
    schedule: { rate: Array; step: Array },
  ) => {
    const answers = nn.oneHot(data.labels, classes);
    const { gradients } = valueAndGrad((current: typeof params) => {
      const logits = np.add(np.matmul(data.x, current.weight), current.bias);
      const chosen = np.sum(np.multiply(nn.logSoftmax(logits, -1), answers), [1, 2]);
      const penalty = np.multiply(np.sum(np.square(current.weight), [1, 2]), np.multiply(data.l2, 0.5));
      return { loss: np.sum(np.add(np.multiply(chosen, -1 / rows), penalty)), aux: {} };
    }, params);
    const update = (param: Array, gradient: Array, first: Array, second: Array) => {
      const m = np.add(np.multiply(first, 0.9), np.multiply(gradient, 0.1));
      const v = np.add(np.multiply(second, 0.99), np.multiply(np.square(gradient), 0.01));
      const correction = (beta: number) => np.subtract(1, np.exp(np.multiply(schedule.step, Math.log(beta))));
      const size = np.sqrt(np.multiply(v, np.reciprocal(correction(0.99))));
      const direction = np.multiply(m, np.reciprocal(np.multiply(correction(0.9), np.add(size, 1e-10))));
      return { param: np.subtract(param, np.multiply(direction, schedule.rate)), m, v };
    };
    const weight = update(params.weight, gradients.weight, memory.first.weight, memory.second.weight);
    const bias = update(params.bias, gradients.bias, memory.first.bias, memory.second.bias);
    return {
      params: { weight: weight.param, bias: bias.param },
      memory: { first: { weight: weight.m, bias: bias.m }, second: { weight: weight.v, bias: bias.v } },
    };
  };
  const zeros = () => ({
    weight: float32(new Float32Array(count * dim * classes), [count, dim, classes]),
    bias: float32(new Float32Array(count * classes), [count, 1, classes]),
  });
  const data = { x: float32(x, [1, rows, dim]), labels: int32(labels, [rows]), l2: float32([...strengths], [count]) };
  const schedule = { rate: scalar(0), step: scalar(0) };
  const start = { params: zeros(), memory: { first: zeros(), second: zeros() } };
  const program = await compile(step, [start.params, start.memory, data, schedule], { name: "linear probe" });
  try {
    type Leaf = Tensor | DeviceTensor;
    type Pair = { weight: Leaf; bias: Leaf };
    let state: { params: Pair; memory: { first: Pair; second: Pair } } = start;
    for (let iteration = 0; iteration < iterations; iteration++) {
      const rate = LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * iteration) / iterations));
      state = await program.run(state.params, state.memory, data, { rate: scalar(rate), step: scalar(iteration + 1) });
    }
    const values = async (leaf: Leaf) => Float32Array.from(("read" in leaf ? await leaf.read() : leaf).data);
    return { weight: await values(state.params.weight), bias: await values(state.params.bias) };
  } finally {
    await program.dispose();
  }
}

/** Class of the largest logit of every row, under strength `which` of a fit. */
function predict(
  x: Float32Array,
  dim: number,
  classes: number,
  fit: { weight: Float32Array; bias: Float32Array },
  which: number,
): Int32Array {
  const rows = x.length / dim;
  const predictions = new Int32Array(rows);
  const logits = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < classes; c++) logits[c] = fit.bias[which * classes + c]!;
    for (let i = 0; i < dim; i++) {
      const value = x[row * dim + i]!;
      const offset = (which * dim + i) * classes;
      for (let c = 0; c < classes; c++) logits[c]! += value * fit.weight[offset + c]!;
    }
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[c]! > logits[best]!) best = c;
    predictions[row] = best;
  }
  return predictions;
}

/**
 * Linear probe: logistic regression on frozen features, standardised by the training rows. The L2 strength is the one
 * that does best on a fifth of the training labels held out (stratified); the probe is then fitted to all of them. The
 * test rows play no part in either.
 * @param options.standardized false for features whose scales mean something, such as TF-IDF's
 */
export async function linearProbe(
  train: LabelledVectors,
  queries: { readonly data: Float32Array; readonly rows: number },
  classes: number,
  seed = 0,
  { standardized = true } = {},
): Promise<ProbeResult> {
  const { dim, labels } = train;
  const standardize = standardized ? standardizer(train) : (vectors: Float32Array) => vectors;
  const x = standardize(train.data);
  const { kept, held } = stratifiedSplit(labels, 0.2, seed);
  let l2: number = L2_GRID[3];
  if (held.length > 0) {
    const rowsOf = (rows: Int32Array) => {
      const part = new Float32Array(rows.length * dim);
      rows.forEach((row, at) => {
        part.set(x.subarray(row * dim, (row + 1) * dim), at * dim);
      });
      return part;
    };
    const fit = await fitLogistic(
      rowsOf(kept),
      kept.map((row) => labels[row]!),
      dim,
      classes,
      L2_GRID,
      ITERATIONS / 2,
    );
    const heldRows = rowsOf(held);
    const scores = L2_GRID.map((_, which) => {
      const guesses = predict(heldRows, dim, classes, fit, which);
      return guesses.reduce((right, guess, at) => right + +(guess === labels[held[at]!]), 0);
    });
    // Equal scores go to the stronger penalty: the simpler model.
    const best = Math.max(...scores);
    l2 = L2_GRID[scores.lastIndexOf(best)] ?? l2;
  }
  const fit = await fitLogistic(x, labels, dim, classes, [l2]);
  return { predictions: predict(standardize(queries.data), dim, classes, fit, 0), l2 };
}
