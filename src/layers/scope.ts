import type { Array } from "../array/index.ts";

/**
 * What layers may know and leave behind while a forward pass is traced, so that method code can call
 * `encoder.apply(params, view)` as the papers write it and the compiled program stays a pure function:
 * BatchNorm leaves its new running statistics here, drop-path takes its random numbers from here, and an observed encoder
 * leaves its representations.
 */
interface TrainingScope {
  /** New values of running statistics, by the parameter leaf they replace. */
  readonly statistics: Map<Array, Array>;
  /** Uniform [0, 1) numbers `[draws, samples]`; row i serves the i-th request. Absent while draws are being counted. */
  readonly noise: Array | undefined;
  draws: number;
  /** Most samples of one request: two views that pass the encoder together are twice the loader's batch. */
  samples: number;
  /** Representations that encoders made, in order. */
  readonly representations: Representation[];
}

/** `[batch, width]`, and the first leaf of the parameters it was made with, which tells a student from its teacher. */
export interface Representation {
  readonly weights: Array;
  readonly features: Array;
}

let current: TrainingScope | undefined;

/** The scope of the training forward pass being traced; undefined in evaluation, where running statistics are used. */
export const trainingScope = (): TrainingScope | undefined => current;

/**
 * Traces `forward` in training mode. `statistics` maps each running-statistics leaf of the parameters (the very
 * object) to its new value; the forward pass asks for noise of shape `[draws, samples]`.
 */
export function inTraining<Result>(
  noise: Array | undefined,
  forward: () => Result,
): { result: Result } & Pick<TrainingScope, "statistics" | "draws" | "samples" | "representations"> {
  const outer = current;
  const scope: TrainingScope = { statistics: new Map(), noise, draws: 0, samples: 0, representations: [] };
  current = scope;
  try {
    const result = forward();
    return { result, ...scope };
  } finally {
    current = outer;
  }
}

/** Traces a part of a training pass as in evaluation: a teacher without drop-path, a frozen tokenizer. */
export function inEvaluation<Result>(forward: () => Result): Result {
  const outer = current;
  current = undefined;
  try {
    return forward();
  } finally {
    current = outer;
  }
}

/** Parameter leaves that are running statistics, by the last key of their path: never trained, never decayed. */
export const isStatistic = (path: string): boolean => /(^|\.)running(Mean|Variance)$/.test(path);
