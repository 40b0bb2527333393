import type { Answers } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { stratifiedSplit } from "../../training/data/split.ts";
import { largestOf, type Measures, measuresOf } from "../scores/measures.ts";
import { applyHead, fitHead, type HeadProblem, L2_GRID } from "./head.ts";
import type { LabelledVectors } from "./knn.ts";
import { type Scaling, scalingOf } from "./normalize.ts";

/** A linear head on raw features: outputs are `weight · features + bias`. */
export interface LinearHead {
  /** `[outputs, dim]` */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Features with targets. */
export interface ProbeData {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly dim: number;
  readonly rows: number;
  /** `[rows, outputs]`, see `truthsOf`. */
  readonly truth: Float32Array;
  /** Strata for the held-out part; values are drawn at random. */
  readonly labels: Int32Array;
  /** Each row's group, if groups must not be split. */
  readonly groups?: Int32Array | undefined;
  /** Rows to choose the L2 strength by; by default a fifth of those above. */
  readonly validation?: { readonly data: Float32Array; readonly truth: Float32Array } | undefined;
}

const NO_SCALING = (dim: number): Scaling => ({ mean: new Float64Array(dim), scale: new Float64Array(dim).fill(1) });

/**
 * The task's score; for two classes Matthews' correlation, because accuracy is high for a head that never predicts a rare
 * class.
 */
const scoreOf = ({ task, outputs }: Answers, { score, named }: Measures): number =>
  task === "classification" && outputs.length === 2 ? (named.matthews ?? score) : score;

/** The L2 strength that is best on held-out rows, by `scoreOf` or by the loss. */
async function bestStrength(
  problem: HeadProblem,
  labels: Int32Array,
  answers: Answers,
  { seed, by, groups, given }: HeldOut,
): Promise<number> {
  const { x, dim, truth, outputs } = problem;
  const scored = async (trained: HeadProblem, held: Pick<HeadProblem, "x" | "truth">): Promise<number> => {
    const fit = await fitHead(trained, L2_GRID, 200);
    const scores = L2_GRID.map((_, which) => {
      const measures = measuresOf(answers, applyHead({ x: held.x, dim, outputs }, fit, which), held.truth);
      return by === "score" ? scoreOf(answers, measures) : -measures.loss;
    });
    // Ties go to the stronger penalty: the simpler model.
    return L2_GRID[scores.lastIndexOf(Math.max(...scores))] ?? L2_GRID[3];
  };
  if (given && given.truth.length > 0) return scored(problem, given);
  // Values and label combinations are nearly all unique.
  const strata = answers.task === "classification" ? labels : new Int32Array(labels.length);
  const { kept, held } = stratifiedSplit(strata, 0.2, seed, groups);
  if (held.length === 0 || kept.length === 0) return L2_GRID[3];
  const pick = (from: Float32Array, width: number, rows: Int32Array) => {
    const part = new Float32Array(rows.length * width);
    rows.forEach((row, at) => {
      part.set(from.subarray(row * width, (row + 1) * width), at * width);
    });
    return part;
  };
  return scored(
    { ...problem, x: pick(x, dim, kept), truth: pick(truth, outputs, kept) },
    { x: pick(x, dim, held), truth: pick(truth, outputs, held) },
  );
}

/** How rows are held out for choosing the strength. */
interface HeldOut {
  readonly seed: number;
  readonly by: "score" | "loss";
  readonly groups: Int32Array | undefined;
  /** Rows of the validation part, scaled as the problem's. */
  readonly given: Pick<HeadProblem, "x" | "truth"> | undefined;
}

/** How a linear head is fitted. */
export interface HeadOptions {
  /** False for features whose scales are informative, such as TF-IDF. */
  readonly standardized?: boolean;
  /** How the L2 strength is chosen: by `score`, as probes are reported, or by `loss`, more reliable for few rows. */
  readonly by?: "score" | "loss";
  /** The L2 strength, instead of choosing one: an eighth of the time. */
  readonly strength?: number;
}

/**
 * A linear head on frozen features, standardised by the training rows: logistic regression for classes or labels, ridge
 * regression for values. The L2 strength is chosen on a fifth of the rows, held out, by accuracy (for two classes by
 * Matthews' correlation), the strongest among equals, or on the validation rows, if there are some. The head is then fitted to all rows.
 */
export async function linearHead(
  answers: Answers,
  { data, dim, rows, truth, labels, groups, validation }: ProbeData,
  seed = 0,
  { standardized = true, by = "score", strength }: HeadOptions = {},
): Promise<LinearHead & { readonly l2: number }> {
  const { task } = answers;
  if (task === "similarity") throw new UserError("similarity has no linear head");
  const outputs = answers.outputs.length;
  const { mean, scale } = standardized ? scalingOf(data, rows, dim) : NO_SCALING(dim);
  const scaled = (values: Float32Array) => values.map((value, i) => (value - mean[i % dim]!) * scale[i % dim]!);
  const x = scaled(data);
  // Targets are scaled to about unit variance.
  const unit = task === "regression" ? scalingOf(truth, rows, outputs) : NO_SCALING(outputs);
  const scaledTruth = (values: Float32Array) =>
    values.map((value, i) => (value - unit.mean[i % outputs]!) * unit.scale[i % outputs]!);
  const target = scaledTruth(truth);
  const given = validation && { x: scaled(validation.data), truth: scaledTruth(validation.truth) };
  const problem: HeadProblem = { task, x, dim, truth: target, outputs };
  const l2 = strength ?? (await bestStrength(problem, labels, answers, { seed, by, groups, given }));
  const fit = await fitHead(problem, [l2]);
  const weight = new Float32Array(outputs * dim);
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const stretch = 1 / unit.scale[output]!;
    let sum = fit.bias[output]!;
    for (let i = 0; i < dim; i++) {
      const slope = fit.weight[i * outputs + output]! * scale[i]!;
      weight[output * dim + i] = slope * stretch;
      sum -= slope * mean[i]!;
    }
    bias[output] = sum * stretch + unit.mean[output]!;
  }
  return { weight, bias, l2 };
}

/** A head's outputs for rows of features: `[rows, outputs]`. */
export function outputsOf({ weight, bias }: LinearHead, data: Float32Array): Float32Array {
  const outputs = bias.length;
  const dim = weight.length / outputs;
  const columns = new Float32Array(weight.length);
  for (let output = 0; output < outputs; output++)
    for (let i = 0; i < dim; i++) columns[i * outputs + output] = weight[output * dim + i]!;
  return applyHead({ x: data, dim, outputs }, { weight: columns, bias }, 0);
}

export interface ProbeResult {
  readonly predictions: Int32Array;
  /** Of the queries, `[rows, classes]`. */
  readonly logits: Float32Array;
  /** The L2 strength that was best on the held-out training labels. */
  readonly l2: number;
  readonly head: LinearHead;
}

/** Linear probe for classes: fits `linearHead` to the training rows and predicts the queries. */
export async function linearProbe(
  train: LabelledVectors,
  queries: { readonly data: Float32Array; readonly rows: number },
  classes: number,
  seed = 0,
  options: { standardized?: boolean } = {},
): Promise<ProbeResult> {
  const answers: Answers = {
    task: "classification",
    outputs: Array.from({ length: classes }, (_, label) => String(label)),
  };
  const truth = new Float32Array(train.rows * classes);
  train.labels.forEach((label, row) => {
    truth[row * classes + label] = 1;
  });
  const { l2, ...head } = await linearHead(answers, { ...train, truth }, seed, options);
  const logits = outputsOf(head, queries.data);
  return { predictions: largestOf(logits, classes), logits, l2, head };
}
