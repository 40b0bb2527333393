import type { MethodParams } from "../../methods/index.ts";

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
