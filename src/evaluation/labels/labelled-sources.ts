import { isDeepStrictEqual } from "node:util";
import {
  type Answers,
  answersOf,
  type LabelTask,
  type Source,
  type TableOptions,
  tableOptionsOf,
  unknownAmong,
} from "../../data/index.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { Run } from "../../training/run/run.ts";
import { requireSingleLabel } from "../scores/single-label.ts";
import { evenly } from "../vectors/evenly.ts";
import { openLabelled } from "./judge.ts";
import { labelledEntries } from "./supervision.ts";

/** Labelled training data and labelled test data; in tables with the same columns. */
export interface TrainAndTest extends TableOptions {
  readonly train: string;
  readonly test: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
}

/** Both opened, with their classes and outputs. */
export interface LabelledData {
  readonly train: Source<unknown>;
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
): Promise<LabelledData> {
  await using opened = new AsyncDisposableStack();
  const open = async (path: string, labels: string | undefined) => {
    const source = await openLabelled(run, path, { ...tableOptionsOf(paths), labels });
    opened.adopt(source, () => source.close());
    if (task === "classification") requireSingleLabel(path, source, run.config.method.options.task);
    return source;
  };
  const train = await open(paths.train, paths.trainLabels);
  const test = await open(paths.test, paths.testLabels);
  const { classes = [] } = train;
  const [first, second] = classes;
  if (second === undefined) throw new UserError(`${paths.train}: every label is "${first}"; at least two are needed`);
  if (await areSame(train, test))
    throw new UserError(
      `${paths.test}: the same samples as ${paths.train}; training data cannot be test data, so name other data for one of them`,
    );
  const answers = answersOf(task, classes);
  const unknown = unknownAmong(answers, test.classes ?? []);
  if (unknown !== undefined)
    throw new UserError(
      `${paths.test}: ${task === "classification" ? "class" : "label"} "${unknown}" does not occur in ${paths.train} (${answers.outputs.slice(0, 5).join(", ")} …)`,
    );
  const kept = opened.move();
  return { train, test, classes, answers, close: () => kept.disposeAsync() };
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
