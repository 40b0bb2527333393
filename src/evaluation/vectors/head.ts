import { type Array, float32, nn, np, scalar, type Tensor } from "../../array/index.ts";
import type { LabelTask } from "../../data/index.ts";
import { compile, type DeviceTensor, valueAndGrad } from "../../engine/index.ts";
import { binaryCrossEntropies } from "../../objectives/supervised/binary-cross-entropy.ts";

/** L2 strengths tried, per sample: loss + ½ λ ‖W‖². */
export const L2_GRID = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1] as const;
const ITERATIONS = 400;
const LEARNING_RATE = 0.1;

/** The data and task of a linear head. */
export interface HeadProblem {
  readonly task: Exclude<LabelTask, "similarity">;
  /** Features `[rows, dim]`, of about unit scale. */
  readonly x: Float32Array;
  readonly dim: number;
  /** Targets `[rows, outputs]`: 1 at the class or labels and 0 elsewhere, or values; NaN for what was not measured. */
  readonly truth: Float32Array;
  readonly outputs: number;
}

/** Weights `[strengths, dim, outputs]` and biases `[strengths, 1, outputs]`. */
export interface HeadFit {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** The loss of every output of every row. */
function losses(task: HeadProblem["task"], logits: Array, truth: Array): Array {
  if (task === "classification" || task === "token-classification")
    return np.negative(np.multiply(nn.logSoftmax(logits, -1), truth));
  if (task === "regression") return np.square(np.subtract(logits, truth));
  return binaryCrossEntropies(logits, truth);
}

/** Targets without gaps, and weights by which each output's mean is over the rows where it was measured. */
function measured(truth: Float32Array, outputs: number): { targets: Float32Array; weights: Float32Array } {
  const rows = truth.length / outputs;
  const counts = new Float64Array(outputs);
  truth.forEach((target, at) => {
    counts[at % outputs]! += Number(!Number.isNaN(target));
  });
  return {
    targets: truth.map((target) => (Number.isNaN(target) ? 0 : target)),
    weights: truth.map((target, at) => (Number.isNaN(target) ? 0 : rows / counts[at % outputs]!)),
  };
}

/**
 * Fits a multinomial logistic regression (of samples or of tokens; for several labels a logistic regression each, for values
 * least squares) by
 * full-batch Adam with cosine decay, for several L2 strengths at once.
 */
export async function fitHead(
  { task, x, dim, truth, outputs }: HeadProblem,
  strengths: readonly number[],
  iterations = ITERATIONS,
): Promise<HeadFit> {
  const rows = truth.length / outputs;
  const count = strengths.length;
  const step = (
    params: { weight: Array; bias: Array },
    memory: { first: { weight: Array; bias: Array }; second: { weight: Array; bias: Array } },
    data: { x: Array; truth: Array; weight: Array; l2: Array },
    schedule: { rate: Array; step: Array },
  ) => {
    const { gradients } = valueAndGrad((current: typeof params) => {
      const logits = np.add(np.matmul(data.x, current.weight), current.bias);
      const lost = np.sum(np.multiply(losses(task, logits, data.truth), data.weight), [1, 2]);
      const penalty = np.multiply(np.sum(np.square(current.weight), [1, 2]), np.multiply(data.l2, 0.5));
      return { loss: np.sum(np.add(np.multiply(lost, 1 / rows), penalty)), aux: {} };
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
    weight: float32(new Float32Array(count * dim * outputs), [count, dim, outputs]),
    bias: float32(new Float32Array(count * outputs), [count, 1, outputs]),
  });
  const { targets, weights } = measured(truth, outputs);
  const data = {
    x: float32(x, [1, rows, dim]),
    truth: float32(targets, [1, rows, outputs]),
    weight: float32(weights, [1, rows, outputs]),
    l2: float32([...strengths], [count]),
  };
  const schedule = { rate: scalar(0), step: scalar(0) };
  const start = { params: zeros(), memory: { first: zeros(), second: zeros() } };
  const program = await compile(step, [start.params, start.memory, data, schedule], { name: "linear head" });
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

/** Outputs `[rows, outputs]` of the fit with the L2 strength at index `which`. */
export function applyHead(
  { x, dim, outputs }: Pick<HeadProblem, "x" | "dim" | "outputs">,
  fit: HeadFit,
  which: number,
): Float32Array {
  const rows = x.length / dim;
  const results = new Float32Array(rows * outputs);
  const sums = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < outputs; c++) sums[c] = fit.bias[which * outputs + c]!;
    for (let i = 0; i < dim; i++) {
      const value = x[row * dim + i]!;
      const offset = (which * dim + i) * outputs;
      for (let c = 0; c < outputs; c++) sums[c]! += value * fit.weight[offset + c]!;
    }
    results.set(sums, row * outputs);
  }
  return results;
}
