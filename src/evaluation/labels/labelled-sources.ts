import { isDeepStrictEqual } from "node:util";
import { type Answers, answersOf, type LabelTask, type Source, unknownAmong } from "../../data/index.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { Run } from "../../training/run/run.ts";
import { requireSingleLabel } from "../scores/single-label.ts";
import { evenly } from "../vectors/evenly.ts";
import { openLabelled } from "./judge.ts";
import { labelledEntries } from "./supervision.ts";

/** Labelled data to learn from, and labelled data to be judged on. */
export interface TrainAndTest {
  readonly train: string;
  readonly test: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  /** Columns of tables, the same in both. */
  readonly column?: string;
  readonly labelColumn?: string;
}

/** Both opened, with what their labels are. */
export interface LabelledData {
  readonly train: Source<unknown>;
  readonly test: Source<unknown>;
  readonly classes: readonly string[];
  readonly answers: Answers;
  close(): Promise<void>;
}

/**
 * @param task what the labels are
 * @throws UserError when either has no labels, or the test data have a label that the training data have not; when
 * classes are asked for and labels are not of one class a sample, all labels are the same, or both are the same samples
 */
export async function openTrainAndTest(
  { modalityDefinition, config }: Run,
  { column, labelColumn, ...given }: TrainAndTest,
  task: LabelTask = "classification",
): Promise<LabelledData> {
  await using opened = new AsyncDisposableStack();
  const open = async (path: string, labels: string | undefined) => {
    const source = await openLabelled(modalityDefinition, path, { column, labelColumn, labels });
    opened.adopt(source, () => source.close());
    if (task === "classification") requireSingleLabel(path, source, config.method.options.task);
    return source;
  };
  const train = await open(given.train, given.trainLabels);
  const test = await open(given.test, given.testLabels);
  const { classes = [] } = train;
  const [first, second] = classes;
  if (second === undefined)
    throw new UserError(`${given.train}: every label is "${first}"; there is nothing to tell apart`);
  if (await areSame(train, test))
    throw new UserError(
      `${given.test}: the same samples as ${given.train}; what is learned from cannot judge as well, so name others for one of them`,
    );
  const answers = answersOf(task, classes);
  const unknown = unknownAmong(answers, test.classes ?? []);
  if (unknown !== undefined)
    throw new UserError(
      `${given.test}: ${task === "classification" ? "class" : "label"} "${unknown}" does not occur in ${given.train} (${answers.outputs.slice(0, 5).join(", ")} …)`,
    );
  const kept = opened.move();
  return { train, test, classes, answers, close: () => kept.disposeAsync() };
}

/** More are not compared: who shares so many, all over the data and in their order, shares the rest. */
const COMPARED = 256;

/**
 * Whether the labelled samples are the same, wherever they lie. Names do not tell: two folders may both begin at 0001.jpg.
 * Mostly the first pair differs, and nothing else is read.
 */
async function areSame(train: Source<unknown>, test: Source<unknown>): Promise<boolean> {
  const [own, others] = [labelledEntries(train.labels), labelledEntries(test.labels)];
  if (own.length !== others.length) return false;
  let compared = 0;
  for (const row of evenly(own.length, COMPARED)) {
    const one = await train.read(own[row]!).catch(skipBroken);
    const other = await test.read(others[row]!).catch(skipBroken);
    if (!isDeepStrictEqual(one, other)) return false;
    if (one !== undefined) compared++;
  }
  return compared > 0;
}
