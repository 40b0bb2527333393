import { isDeepStrictEqual } from "node:util";
import {
  type Answers,
  answersOf,
  type LabelTask,
  type OpenOptions,
  type Source,
  type TableOptions,
  tableOptionsOf,
  unknownAmong,
} from "../../data/index.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { Run } from "../../training/run/run.ts";
import { requireSingleLabel } from "../scores/single-label.ts";
import { evenly } from "../vectors/evenly.ts";
import { type Folds, foldData } from "./folds.ts";
import { openLabelled, partOf } from "./judge.ts";
import { type Split, type SplitOptions, splitData } from "./split.ts";

/** Labelled training data and labelled test data; in tables with the same columns. */
export interface TrainAndTest extends TableOptions {
  readonly train: Paths;
  /** By default the test part of the training data, which are then split. */
  readonly test?: Paths;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  /**
   * How to split the training data, instead of `test`: `random`, `group`, a way of the kind's own (`scaffold`), a file with the
   * columns `path` and `split`, or a column.
   */
  readonly split?: string;
  /**
   * For cross-validation, instead of `test`: a number of folds to draw, a file with the columns `path` and `fold`, or a column.
   * Each fold in turn is the test data.
   */
  readonly folds?: string;
}

/** The seed of a split, and the file that it is written to. */
type Splitting = Pick<SplitOptions, "seed" | "out" | "file">;

/** Both opened, with their classes and outputs. */
export interface LabelledData {
  readonly train: Source<unknown>;
  /** For choosing settings, if the data are split. */
  readonly validation?: Source<unknown> | undefined;
  /** How the data were split, if they were. */
  readonly split?: Split | undefined;
  /** How they were divided into folds: then `train` and `test` are the same source, with the fold of every entry. */
  readonly folds?: Folds | undefined;
  readonly test: Source<unknown>;
  readonly classes: readonly string[];
  readonly answers: Answers;
  close(): Promise<void>;
}

/**
 * Opens and checks labelled training and test data.
 * @param task the kind of labels
 * @throws UserError when either has no labels, the test data have a label that the training data lack, labels do not suit
 * classification, all labels are the same, or both are the same samples
 */
export async function openTrainAndTest(
  run: Run,
  paths: TrainAndTest,
  task: LabelTask = "classification",
  splitting?: Splitting,
): Promise<LabelledData> {
  await using opened = new AsyncDisposableStack();
  const open = async (path: Paths, options: OpenOptions) => {
    const source = await openLabelled(run, path, { ...tableOptionsOf(paths), ...options });
    opened.adopt(source, () => source.close());
    if (task === "classification") requireSingleLabel(path, source, run.config.method.options.task);
    return source;
  };
  refuseTestOrSplit(paths);
  const divided = splitting && (await divide(run, paths, task, splitting));
  const { split, folds } = divided ?? {};
  const { test: testPath = paths.train } = paths;
  const whole = await open(paths.train, { labels: paths.trainLabels, splitFile: split?.file, foldsFile: folds?.file });
  const train = partOf(whole, "train") ?? whole;
  const test = partOf(whole, "test") ?? (folds ? whole : await open(testPath, { labels: paths.testLabels }));
  for (const [part, source] of Object.entries({ train, test }))
    if (labelledEntries(source.labels).length === 0)
      throw new UserError(`${split?.file}: no entry of the part ${part} has a label`);
  const { classes = [] } = train;
  const [first, second] = classes;
  if (second === undefined)
    throw new UserError(`${inWords(paths.train)}: every label is "${first}"; at least two are needed`);
  if (!divided && (await areSame(train, test)))
    throw new UserError(
      `${inWords(testPath)}: the same samples as ${inWords(paths.train)}; training data cannot be test data, so name other data for one of them`,
    );
  const answers = answersOf(task, classes);
  const unknown = unknownAmong(answers, test.classes ?? []);
  if (unknown !== undefined)
    throw new UserError(
      `${inWords(testPath)}: ${task === "classification" ? "class" : "label"} "${unknown}" does not occur in ${inWords(paths.train)} (${answers.outputs.slice(0, 5).join(", ")} …)`,
    );
  const validation = partOf(whole, "validation");
  // A split need not have such a part, nor the part a label; settings are then chosen as without a split.
  const canChoose = validation && labelledEntries(validation.labels).length > 0;
  const kept = opened.move();
  return {
    ...{ train, test, classes, answers, split, folds, validation: canChoose ? validation : undefined },
    close: () => kept.disposeAsync(),
  };
}

/** @throws UserError unless there is either test data or a split */
export function refuseTestOrSplit({
  test,
  testLabels,
  split,
  folds,
}: Pick<TrainAndTest, "test" | "testLabels" | "split" | "folds">): void {
  const divided = split !== undefined ? "split" : folds !== undefined ? "folds" : undefined;
  if (split !== undefined && folds !== undefined)
    throw new UserError("--split and --folds are two ways; leave out one");
  if (divided && (test !== undefined || testLabels !== undefined))
    throw new UserError(`--${divided} makes test data of the training data; leave out --test, or --${divided}`);
  if (!divided && test === undefined)
    throw new UserError("name the test data with --test, or split the training data: --split random");
}

/** Splits the training data, or divides them into folds, if asked. */
async function divide(
  run: Run,
  { split, folds, train, trainLabels, ...options }: TrainAndTest,
  task: LabelTask,
  { file, ...drawing }: Splitting,
): Promise<Pick<LabelledData, "split" | "folds"> | undefined> {
  const data = { data: train, task, labels: trainLabels, ...tableOptionsOf(options), ...drawing };
  if (split !== undefined) return { split: await splitData(run, { ...data, by: split, ...(file ? { file } : {}) }) };
  if (folds !== undefined) return { folds: await foldData(run, { ...data, by: folds }) };
  return undefined;
}

/** Samples compared: data that agree in this many, evenly spaced, are taken to be the same. */
const COMPARED = 256;

/**
 * Whether the labelled samples are the same, also in different places. Names are not compared: two folders may both start
 * at 0001.jpg. Usually the first pair differs, and nothing else is read.
 */
async function areSame(train: Source<unknown>, test: Source<unknown>): Promise<boolean> {
  const [trainEntries, testEntries] = [labelledEntries(train.labels), labelledEntries(test.labels)];
  if (trainEntries.length !== testEntries.length) return false;
  let compared = 0;
  for (const row of evenly(trainEntries.length, COMPARED)) {
    const one = await train.read(trainEntries[row]!).catch(skipBroken);
    const other = await test.read(testEntries[row]!).catch(skipBroken);
    if (!isDeepStrictEqual(one, other)) return false;
    if (one !== undefined) compared++;
  }
  return compared > 0;
}
