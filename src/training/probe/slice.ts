import { Rng } from "../../array/index.ts";
import { type Answers, answersOf, type ModalityDefinition, type Source } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import { type SeemingTask, seemingTask } from "../../evaluation/scores/single-label.ts";
import { stratifiedSplit } from "../data/split.ts";

/** Most entries that are embedded in a probe. */
export const MOST = 3072;
/** Share of them that is held out. */
const HELD_OUT = 1 / 3;
/** Fewer scores than of these held-out entries are noise: one is 2 %. */
export const FEWEST = 50;

/** The labelled entries that a probe is made of. */
export interface Slice {
  readonly answers: Answers & { readonly task: SeemingTask };
  /** Entries whose labels the probe may use, and those that it predicts. */
  readonly bank: Int32Array;
  readonly held: Int32Array;
  /** Labelled entries among which they were drawn. */
  readonly labelled: number;
}

/**
 * Draws labelled entries, always the same of the same data, and holds out a third of each class; groups stay whole.
 * @returns with no entries held out if there are too few labels or all are the same
 */
export async function sliceOf(definition: Pick<ModalityDefinition, "group">, source: Source<unknown>): Promise<Slice> {
  const { classes = [], labels = new Int32Array() } = source;
  const labelled = labelledEntries(labels);
  const task = seemingTask(classes, labelled.length);
  const answers = { ...answersOf(task, classes), task };
  const drawn = new Rng(0)
    .split("probe")
    .permutation(labelled.length)
    .subarray(0, MOST)
    .map((at) => labelled[at]!)
    .sort();
  const strata = drawn.map((entry) => (task === "classification" ? labels[entry]! : 0));
  const groups = await groupNumbersOf(definition, source, drawn);
  const { kept, held } = stratifiedSplit(strata, HELD_OUT, 0, groups && drawn.map((entry) => groups[entry]!));
  const entries = (rows: Int32Array) => rows.map((row) => drawn[row]!);
  const isOne = new Set(strata).size < 2 && task === "classification";
  return { answers, bank: entries(kept), held: isOne ? new Int32Array() : entries(held), labelled: labelled.length };
}
