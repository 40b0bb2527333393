import { join } from "node:path";
import { labelledEntries } from "../../data/parts/part.ts";
import { contentsOf } from "../../data/paths/open.ts";
import { claimFolder, refuseForeignFolder } from "../../foundation/outputs.ts";
import type { Run } from "../../training/run/run.ts";
import type { FromScratch } from "../labels/from-scratch.ts";
import type { LabelledData, TrainAndTest } from "../labels/labelled-sources.ts";
import { digestOfLabels } from "../labels/supervision.ts";
import { digestOfWeights } from "../vectors/digest.ts";
import { type Basis, type Cell, contenders, countsOf, finishedCells, planOf, type ReportTask } from "./label-cells.ts";

export interface LabelEfficiencyOptions extends Omit<TrainAndTest, "folds"> {
  readonly run: Run;
  /** What the labels are; classes by default. */
  readonly task?: ReportTask;
  /** Shares of the labels in percent; 1, 2, 5, 10, 25 and 100 by default. */
  readonly shares?: readonly number[];
  /** Draws of labels for each share; 3 by default. */
  readonly draws?: number;
  /** Folder of the report; by default `report` in the run folder. */
  readonly out?: string;
  /** Most steps of each training of the encoder; 1,000 by default, from scratch 3,000, see `finetune`. */
  readonly steps?: number;
  /** Length and augmentation from scratch, where they are not those of fine-tuning. */
  readonly fromScratch?: FromScratch;
  /** Also fine-tune the whole pretrained encoder, and train it from scratch; both by default. */
  readonly finetune?: boolean;
  readonly scratch?: boolean;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** The trainings of a report, their data, and where results are kept. */
export interface LabelPlan {
  readonly options: LabelEfficiencyOptions;
  readonly data: LabelledData;
  readonly task: ReportTask;
  readonly shares: readonly number[];
  readonly draws: number;
  readonly seed: number;
  /** Folder of the report, and the file in it with the finished trainings. */
  readonly out: string;
  readonly file: string;
  readonly basis: Basis;
  readonly cells: readonly Cell[];
}

/** Smallest number of labels for regression and multi-label tasks. */
const LEAST = 5;

/**
 * Resolves the options, and makes the report's folder.
 * @throws UserError when no share has enough labels, or the folder holds a report of something else
 */
export async function planReport(options: LabelEfficiencyOptions, data: LabelledData): Promise<LabelPlan> {
  const { run, task = "classification", seed = 0, draws = 3, shares = [1, 2, 5, 10, 25, 100] } = options;
  const { out = join(run.path, "report"), finetune = true, scratch = true, steps = null, onNote } = options;
  const least =
    task === "classification"
      ? { count: data.classes.length, description: `the ${data.classes.length} classes` }
      : { count: LEAST, description: String(LEAST) };
  const counts = countsOf(shares, labelledEntries(data.train.labels).length, least, onNote);
  const selected = contenders.filter((name) => (finetune || name !== "fine-tuned") && (scratch || name !== "scratch"));
  const basis: Basis = {
    task,
    encoder: digestOfWeights(run.params),
    train: `${digestOfLabels(data.train)} ${await contentsOf(data.train, options.train)}`,
    test: `${digestOfLabels(data.test)} ${await contentsOf(data.test, options.test ?? options.train)}`,
    seed,
    steps,
    scratch: options.fromScratch === undefined ? null : JSON.stringify(options.fromScratch),
  };
  const file = join(out, "report.json");
  // Checked before features are extracted, which takes long.
  await refuseForeignFolder(out, "report");
  await finishedCells(file, basis);
  await claimFolder(out, "report");
  return { options, data, task, shares, draws, seed, out, file, basis, cells: planOf(counts, draws, selected) };
}
