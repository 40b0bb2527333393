import { createHash } from "node:crypto";
import { type Answers, answersOf, type LabelTask, type Source } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { drawLabels, stratifiedSplit } from "../../training/data/split.ts";
import type { RunConfig, Supervision } from "../../training/run/config.ts";
import { fingerprintOf } from "../../training/run/settle.ts";

/** Entries of a source shared out for learning from their labels. */
export interface Labelled {
  /** Entries of an epoch; labelled ones stand there several times beside many without a label. */
  readonly indices: Int32Array;
  /** Labelled entries that are learned from, each once. */
  readonly known: Int32Array;
  /** Labelled entries that judge. */
  readonly validation: Int32Array;
  /** Label of every entry, −1 for those that may not be learned from. */
  readonly labels: Int32Array;
  /** Group of every entry, see `groupsOf`. */
  readonly groups?: Int32Array | undefined;
}

/** What tells a source's labels from others: those of every entry, and what they are called. */
export const digestOfLabels = (source: Source<unknown>): string =>
  createHash("sha256")
    .update(fingerprintOf(source))
    .update(JSON.stringify(source.classes ?? []))
    .update(source.labels ?? new Int32Array())
    .digest("hex")
    .slice(0, 16);

/** What the method of a fine-tuned run answers. */
export const answersIn = ({ method: { options } }: RunConfig): Answers =>
  answersOf(options.task as LabelTask, options.classes as string[]);

/** Entries that have a label. */
export const labelledEntries = (labels: Int32Array = new Int32Array()): Int32Array =>
  Int32Array.from(labels.keys()).filter((entry) => labels[entry]! >= 0);

/** What labels are drawn evenly by, −1 where there is none: values and combinations of labels are nearly all different. */
export function strataOf(source: Source<unknown>, task: LabelTask): Int32Array {
  const all = source.labels ?? new Int32Array(source.length).fill(-1);
  return task === "regression" || task === "multi-label" ? all.map((label) => Math.min(label, 0)) : all;
}

/** Share of labelled samples where many have no label: FixMatch's batches have seven without to one with. */
const LABELLED_SHARE = 1 / 8;

/**
 * Shares out the entries. It follows from the labels, groups and settings alone, so that a resumed run has the same parts.
 * @param groups of every entry that has one: none is both learned from and judged by
 * @throws UserError when too few labels are left to learn from
 */
export function splitForTraining(
  source: Source<unknown>,
  task: LabelTask,
  { labels: count, validation: share, unlabelled, seed }: Supervision,
  groups?: Int32Array,
): Labelled {
  const all = source.labels ?? new Int32Array(source.length).fill(-1);
  const strata = strataOf(source, task);
  const drawn = count === undefined ? labelledEntries(all) : drawLabels(strata, count, seed);
  const split = stratifiedSplit(
    drawn.map((entry) => strata[entry]!),
    share,
    seed,
    groups && drawn.map((entry) => groups[entry]!),
  );
  const [kept, held] = share > 0 ? [split.kept, split.held] : [Int32Array.from(drawn.keys()), new Int32Array()];
  const known = kept.map((row) => drawn[row]!);
  const validation = held.map((row) => drawn[row]!);
  if (known.length < 2)
    throw new UserError(`${drawn.length} labels are too few: ${known.length} would be left to learn from`);
  const labels = new Int32Array(source.length).fill(-1);
  for (const entry of known) labels[entry] = all[entry]!;
  // What judges is not learned from, nor what is of its group: not even without labels.
  const partOf = (entry: number) => groups?.[entry] ?? entry;
  const judging = new Set(Array.from(validation, partOf));
  const others = unlabelled
    ? Int32Array.from(all.keys()).filter((entry) => labels[entry]! < 0 && !judging.has(partOf(entry)))
    : new Int32Array();
  const times = Math.max(1, Math.round((others.length * LABELLED_SHARE) / (1 - LABELLED_SHARE) / known.length));
  const indices = new Int32Array(known.length * times + others.length);
  for (let time = 0; time < times; time++) indices.set(known, time * known.length);
  indices.set(others, known.length * times);
  return { indices, known, validation, labels, groups };
}
