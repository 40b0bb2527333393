import { join } from "node:path";
import { makeFolder } from "../../foundation/files.ts";
import type { Run } from "../../training/run/run.ts";
import type { LabelledData, TrainAndTest } from "../labels/labelled-sources.ts";
import { digestOfLabels, labelledEntries } from "../labels/supervision.ts";
import { digestOfWeights } from "../vectors/digest.ts";
import { type Basis, type Cell, contenders, countsOf, finishedCells, planOf, type ReportTask } from "./label-cells.ts";

export interface LabelEfficiencyOptions extends TrainAndTest {
  readonly run: Run;
  /** What the labels are; classes by default. */
  readonly task?: ReportTask;
  /** Of the labels, in percent; 1, 2, 5, 10, 25 and 100 by default. */
  readonly shares?: readonly number[];
  /** How often the labels of each share are drawn; 3 by default. */
  readonly draws?: number;
  /** Folder of the report; `report` in the run's by default. */
  readonly out?: string;
  /** Most steps of a training of the encoder; see `finetune` for what they are by default. */
  readonly steps?: number;
  /** Also fine-tune all of the pretrained encoder, and train the same from scratch; both by default. */
  readonly finetune?: boolean;
  readonly scratch?: boolean;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** What is to be trained and judged, on what, and where it is kept. */
export interface LabelPlan {
  readonly options: LabelEfficiencyOptions;
  readonly data: LabelledData;
  readonly task: ReportTask;
  readonly shares: readonly number[];
  readonly draws: number;
  readonly seed: number;
  /** Folder of the report, and the file in it that keeps every finished training. */
  readonly out: string;
  readonly file: string;
  readonly basis: Basis;
  readonly cells: readonly Cell[];
}

/** Of values, and of samples with several labels, fewer teach nothing. */
const LEAST = 5;

/**
 * Settles what is asked for, and makes the report's folder.
 * @throws UserError when no share has enough labels, or the folder holds a report of something else
 */
export async function planReport(options: LabelEfficiencyOptions, data: LabelledData): Promise<LabelPlan> {
  const { run, task = "classification", seed = 0, draws = 3, shares = [1, 2, 5, 10, 25, 100] } = options;
  const { out = join(run.path, "report"), finetune = true, scratch = true, steps = null, onNote } = options;
  const least =
    task === "classification"
      ? { count: data.classes.length, words: `the ${data.classes.length} classes` }
      : { count: LEAST, words: String(LEAST) };
  const counts = countsOf(shares, labelledEntries(data.train.labels).length, least, onNote);
  const asked = contenders.filter((name) => (finetune || name !== "fine-tuned") && (scratch || name !== "scratch"));
  const basis: Basis = {
    task,
    encoder: digestOfWeights(run.params),
    train: digestOfLabels(data.train),
    test: digestOfLabels(data.test),
    seed,
    steps,
  };
  const file = join(out, "report.json");
  // Before the features, which take their time.
  await finishedCells(file, basis);
  await makeFolder(out);
  return { options, data, task, shares, draws, seed, out, file, basis, cells: planOf(counts, draws, asked) };
}
