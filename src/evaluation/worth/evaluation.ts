import type { LabelTask } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import type { Run } from "../../training/run/run.ts";
import type { Folds } from "../labels/folds.ts";
import type { FromScratch } from "../labels/from-scratch.ts";
import type { TrainAndTest } from "../labels/labelled-sources.ts";
import type { Split } from "../labels/split.ts";
import type { Role } from "./names.ts";

/** What the labels may be. */
export const evaluationTasks = [
  "classification",
  "multi-label",
  "regression",
  "token-classification",
] as const satisfies readonly LabelTask[];
export type EvaluationTask = (typeof evaluationTasks)[number];

export interface EvaluateOptions extends TrainAndTest {
  readonly run: Run;
  /** What the labels are; classes by default. */
  readonly task?: EvaluationTask;
  /** Use only this many training labels, drawn evenly over the classes, in several draws. */
  readonly labelCount?: number;
  readonly draws?: number;
  /** Also fine-tune the whole pretrained encoder on the labels. */
  readonly finetune?: boolean;
  /** Approximate number of steps of that training; 1,000 by default, see `finetune`. */
  readonly finetuneSteps?: number;
  /** Also train the same encoder from scratch on the labels. */
  readonly scratch?: boolean;
  /** Its length and augmentation, where they are not those of fine-tuning. */
  readonly fromScratch?: FromScratch;
  /**
   * Whether to grow random forests on the baseline's features, where an expert would (columns, fingerprints); true by default.
   * On large data that takes minutes.
   */
  readonly forest?: boolean;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** A measure of one or several trainings: mean and sample standard deviation. */
export interface Score {
  readonly mean: number;
  readonly deviation: number;
}

export interface Contestant {
  readonly role: Role;
  /** As shown in tables; a baseline brings its own name. */
  readonly name: string;
  /** Accuracies in [0, 1], of classes. */
  readonly knn20?: Score;
  readonly knn200?: Score;
  /** The task's score by a linear model of its features: accuracy, mean average precision or R². */
  readonly linear?: Score;
  /** The same of what was trained end to end. */
  readonly endToEnd?: Score;
  /** All measures of what was trained end to end, or else of the linear model, by name: see `Measures`. */
  readonly measures: Readonly<Record<string, Score>>;
  /** Of several label columns or labels, the means of each one's measures. */
  readonly each?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Most steps that one of its trainings took; of end-to-end training. */
  readonly steps?: number;
}

export interface Evaluation {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  readonly task: EvaluationTask;
  readonly train: { path: Paths; entries: number; labelled: number; used: number; broken: number };
  readonly test: { path: Paths; entries: number; labelled: number; broken: number };
  /** How the data were split, if they were. */
  readonly split?: Split;
  /** How they were divided into folds: each was the test data once. */
  readonly folds?: Folds;
  /** Names of the classes, labels or values. */
  readonly outputs: readonly string[];
  /** Of classes the accuracy of always predicting the majority class of the test data. */
  readonly chance?: number;
  readonly draws: number;
  readonly contestants: readonly Contestant[];
  /** L2 strengths chosen by the probes of the pretrained features, one for each draw. */
  readonly l2: readonly number[];
  /** What readers of the numbers must know. */
  readonly notes: readonly string[];
  readonly seconds: number;
}
