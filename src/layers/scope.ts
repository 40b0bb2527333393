import { type Array, np } from "../array/index.ts";

/**
 * State of layers while a forward pass is traced, so that method code can call `encoder.apply(params, view)` as in the
 * papers and the compiled program stays a pure function: BatchNorm leaves its new running statistics here, drop-path and
 * dropout take random numbers from here, and an observed encoder leaves its representations.
 */
interface TrainingScope {
  /** New values of running statistics, by the parameter leaf they replace. */
  readonly statistics: Map<Array, Array>;
  /** Uniform [0, 1) numbers `[draws, samples]`, taken row by row. Absent while draws are being counted. */
  readonly noise: Array | undefined;
  draws: number;
  /** Most samples of one draw: two views encoded together are twice the loader's batch. */
  samples: number;
  /** Nothing is dropped, so nothing is drawn. */
  readonly isStill: boolean;
  /** Whether BatchNorm uses these running statistics and leaves them as they are. */
  readonly isFrozen: (statistic: Array) => boolean;
  /** Representations of observed encoders, in order. */
  readonly representations: Representation[];
}

/** `[batch, width]`, and the first leaf of the encoder's parameters, which identifies student or teacher. */
export interface Representation {
  readonly weights: Array;
  readonly features: Array;
}

let current: TrainingScope | undefined;

/** The scope of the training forward pass being traced; undefined in evaluation, where running statistics are used. */
export const trainingScope = (): TrainingScope | undefined => current;

/**
 * The next `count` uniform [0, 1) numbers for each of `samples` samples, `[count, samples]`. Undefined in evaluation, and
 * while draws are only being counted.
 */
export function drawUniforms(samples: number, count = 1): Array | undefined {
  if (!current || current.isStill) return undefined;
  const first = current.draws;
  current.draws += count;
  current.samples = Math.max(current.samples, samples);
  if (!current.noise) return undefined;
  const [rows = 0, width = 0] = current.noise.shape;
  if (first + count > rows) throw new Error(`a layer asked for random numbers ${first} to ${first + count} of ${rows}`);
  const drawn = part(current.noise, first, first + count, 0);
  return part(drawn, 0, Math.min(samples, width), 1);
}

/** `[start, end)` of an axis. */
function part(x: Array, start: number, end: number, axis: number): Array {
  const extent = x.shape[axis]!;
  if (start === 0 && end === extent) return x;
  const cuts = [start, end].filter((cut) => cut > 0 && cut < extent);
  return np.split(x, cuts, axis)[start > 0 ? 1 : 0]!;
}

/** Traces within another scope. */
function within<Result>(scope: TrainingScope | undefined, forward: () => Result): Result {
  const outer = current;
  current = scope;
  try {
    return forward();
  } finally {
    current = outer;
  }
}

/**
 * Traces `forward` in training mode. `statistics` maps each running-statistics leaf of the parameters (the very
 * object) to its new value; the forward pass asks for noise of shape `[draws, samples]`.
 * @param frozenStatistics BatchNorm normalises by its running statistics, as in evaluation: all of them, or these leaves
 */
export function inTraining<Result>(
  noise: Array | undefined,
  forward: () => Result,
  { frozenStatistics = false }: { readonly frozenStatistics?: boolean | ReadonlySet<Array> } = {},
): { result: Result } & Pick<TrainingScope, "statistics" | "draws" | "samples" | "representations"> {
  const scope: TrainingScope = {
    statistics: new Map(),
    noise,
    draws: 0,
    samples: 0,
    isStill: false,
    isFrozen: (leaf) => (typeof frozenStatistics === "boolean" ? frozenStatistics : frozenStatistics.has(leaf)),
    representations: [],
  };
  const result = within(scope, forward);
  return { result, ...scope };
}

/** Traces a part of a training pass as in evaluation: a teacher without drop-path, a frozen tokenizer. */
export const inEvaluation = <Result>(forward: () => Result): Result => within(undefined, forward);

/** Traces a part of a training pass without drop-path and dropout, but BatchNorm in training mode: DINO's teacher. */
export const withoutDropping = <Result>(forward: () => Result): Result =>
  within(current && { ...current, isStill: true }, forward);

/** Parameter leaves that are running statistics, by the last key of their path: never trained, never decayed. */
export const isStatistic = (path: string): boolean => /(^|\.)running[A-Z]\w*$/.test(path);
