import type { MethodParams } from "../../methods/index.ts";

/** How far training is, at a row of the metrics. */
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
  /** How much of its space the representation uses, at this step; see `Spread`. */
  readonly effectiveRank?: number;
  readonly featureDeviation?: number;
}

/** Where a run is kept, and who hears of it. */
export interface TrainOptions {
  /** Run folder to make, or to continue with `resume`. */
  readonly out: string;
  readonly resume?: boolean;
  /** Finishes the step, saves and returns. */
  readonly signal?: AbortSignal;
  /** One line for the user: what was decided, what was found. */
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/** What fine-tuning does otherwise. */
export interface Supervised {
  /** Entries to learn from, in an epoch; an entry may stand there several times. */
  readonly indices: Int32Array;
  /** Of every entry of the source, −1 where it may not be known. */
  readonly labels: Int32Array;
  /** Judges the parameters after an epoch. */
  validate?(params: MethodParams): Promise<{ score: number; loss: number; metrics: Readonly<Record<string, number>> }>;
  /** Epochs without a better score, or an equal one at a lower loss, after which training stops. */
  readonly patience: number;
}
