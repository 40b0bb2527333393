import type { MethodParams } from "../../methods/index.ts";
import type { HostState } from "../step.ts";

/** Scores by name: `probeKnn` and `probeLinear` of classes, `probeMeanAveragePrecision` of several labels, `probeR2` of values. */
export type Scores = Readonly<Record<string, number>>;

/** A step that has been done. */
export interface Moment {
  /** Counts from 1. */
  readonly step: number;
  readonly steps: number;
  readonly perEpoch: number;
  /** Samples that this process has trained on, and the seconds that it has taken, probes included. */
  readonly samples: number;
  readonly seconds: number;
}

/** Scores the weights of a training that goes on, and changes nothing of it. */
export interface Probe {
  /** Whether the weights are scored after this step. */
  isDue(at: Moment): boolean;
  /** @returns nothing when they cannot be scored */
  score(state: Pick<HostState, "params" | "ema" | "memory">): Promise<Scores | undefined>;
}

/** Progress of training, at a row of the metrics. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly samplesPerSecond: number;
  readonly etaSeconds: number;
  readonly waitFraction: number;
  readonly broken: number;
  /** Spread of the features at this step; see `Spread`. */
  readonly effectiveRank?: number;
  readonly featureDeviation?: number;
  /** The latest probe and the step that it was made at. */
  readonly probe?: { readonly step: number; readonly scores: Scores };
}

/** The run folder and the callbacks. */
export interface TrainOptions {
  /** Run folder to create, or to continue with `resume`. */
  readonly out: string;
  readonly resume?: boolean;
  /** When aborted, training finishes the step, saves and returns. */
  readonly signal?: AbortSignal;
  /** Receives one line for the user: a decision, a warning. */
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/** What fine-tuning adds to the loop. */
export interface Supervised {
  /** Training entries of an epoch; an entry may occur several times. */
  readonly indices: Int32Array;
  /** Class of every entry of the source, −1 where it is hidden. */
  readonly labels: Int32Array;
  /** Scores the parameters after an epoch. */
  validate?(params: MethodParams): Promise<{ score: number; loss: number; metrics: Readonly<Record<string, number>> }>;
  /** Epochs without a better score, or an equal score at a lower loss, before training stops. */
  readonly patience: number;
  /** Of equal scores the later epoch's is better, whatever the loss. */
  readonly laterIsBetter?: boolean;
}
