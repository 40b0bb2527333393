import type { Spread } from "../../training/collapse.ts";
import type { PooledPredictions } from "./label-predictions.ts";
import type { Contender, ReportTask } from "./label-cells.ts";
import type { Curve, Doubt, Saving } from "./label-curves.ts";

/** Frozen features of one set of weights: how they spread, and what making them took. */
export interface FrozenFacts extends Spread {
  readonly seconds: number;
}

/** What pre-training is worth, and how that was found out. */
export interface LabelEfficiency {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  /** Samples of the pre-training, and how long it took. */
  readonly pretraining: { readonly entries: number; readonly seconds?: number };
  readonly train: { path: string; entries: number; labelled: number; broken: number };
  readonly test: { path: string; entries: number; labelled: number; broken: number };
  readonly task: ReportTask;
  /** Names of the classes or labels, or `value`. */
  readonly outputs: readonly string[];
  /** The score on the test data of who has not looked at a sample; see `chanceScore`. */
  readonly chance: number;
  readonly settings: {
    readonly shares: readonly number[];
    draws: number;
    seed: number;
    steps?: number;
    device: string;
  };
  readonly machine: string;
  readonly curves: Curves;
  /** The better of probe and fine-tuned at each number of labels. */
  readonly pretrained: Curve;
  readonly savings: readonly Saving[];
  /** The one number; see `labelsSaved`. */
  readonly saved?: Saving;
  /** What speaks against it; see `doubtsOf`. */
  readonly doubts: readonly Doubt[];
  /** Of the best at the most labels, untrained ones aside, all draws together; see `poolPredictions`. */
  readonly best: { contender: Contender; labels: number; draws: number } & PooledPredictions;
  readonly cost: readonly { contender: Contender; trainings: number; seconds: number; steps?: number }[];
  readonly width: number;
  readonly frozen: { readonly pretrained: FrozenFacts; readonly untrained?: FrozenFacts };
  /** Written, in the folder `out`. */
  readonly out: string;
  readonly files: readonly string[];
}

/** Each contender's scores against labels, of those that took part. */
export type Curves = Readonly<Partial<Record<Contender, Curve>>>;

/** All of it but the files, which are made of it. */
export type LabelFacts = Omit<LabelEfficiency, "out" | "files">;
