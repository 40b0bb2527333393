import type { Spread } from "../../training/collapse.ts";
import type { FromScratch } from "../labels/from-scratch.ts";
import type { Contender, ReportTask } from "./label-cells.ts";
import type { PooledPredictions } from "./label-predictions.ts";
import type { Curve, Doubt, Saving } from "./savings/label-curves.ts";
import type { SavingInterval } from "./savings/saving-interval.ts";

/** Frozen features of one set of weights: their spread, and the seconds to extract them. */
export interface FrozenFacts extends Spread {
  readonly seconds: number;
}

/** The results and settings of a label-efficiency report. */
export interface LabelEfficiency {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  /** Number of samples in pre-training, and its duration. */
  readonly pretraining: { readonly entries: number; readonly seconds?: number };
  readonly train: { path: string; entries: number; labelled: number; broken: number };
  readonly test: { path: string; entries: number; labelled: number; broken: number };
  readonly task: ReportTask;
  /** Names of the classes or labels, or `value`. */
  readonly outputs: readonly string[];
  /** Test score at chance level; see `chanceScore`. */
  readonly chance: number;
  readonly settings: {
    readonly shares: readonly number[];
    draws: number;
    seed: number;
    steps?: number;
    fromScratch?: FromScratch;
    device: string;
  };
  readonly machine: string;
  readonly curves: Curves;
  /** The better of probe and fine-tuned at each number of labels. */
  readonly pretrained: Curve;
  readonly savings: readonly Saving[];
  /** The headline number; see `labelsSaved`. */
  readonly saved?: Saving;
  /** What the draws of the labels leave open of its factor. */
  readonly savedInterval?: SavingInterval;
  /** Caveats of it; see `doubtsOf`. */
  readonly doubts: readonly Doubt[];
  /** Predictions of the best contender (untrained excluded) at the most labels, pooled over draws; see `poolPredictions`. */
  readonly best: { contender: Contender; labels: number; draws: number } & PooledPredictions;
  readonly cost: readonly { contender: Contender; trainings: number; seconds: number; steps?: number }[];
  readonly width: number;
  readonly frozen: { readonly pretrained: FrozenFacts; readonly untrained?: FrozenFacts };
  /** Folder of the report, and the files in it. */
  readonly out: string;
  readonly files: readonly string[];
}

/** Score against labels for each contender that took part. */
export type Curves = Readonly<Partial<Record<Contender, Curve>>>;

/** Everything but the files, which are made from it. */
export type LabelFacts = Omit<LabelEfficiency, "out" | "files">;
