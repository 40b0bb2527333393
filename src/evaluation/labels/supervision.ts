import { createHash } from "node:crypto";
import { type Answers, answersOf, type LabelTask, type Source } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { drawLabels, stratifiedSplit } from "../../training/data/split.ts";
import type { RunConfig, Supervision } from "../../training/run/config.ts";
import { fingerprintOf } from "../../training/run/settle.ts";

/** The split of a source's entries for supervised training. */
export interface Labelled {
  /** Entries of an epoch; labelled ones are repeated if many have no label. */
  readonly indices: Int32Array;
  /** Labelled training entries, each once. */
  readonly training: Int32Array;
  /** Labelled validation entries. */
  readonly validation: Int32Array;
  /** Label of every entry, −1 for those that are not trained on. */
  readonly labels: Int32Array;
  /** Group of every entry, see `groupsOf`. */
  readonly groups?: Int32Array | undefined;
}

/** Identifies a source's labels: 16 hexadecimal digits of a digest of its entries, their labels and the class names. */
export const digestOfLabels = (source: Source<unknown>): string =>
  createHash("sha256")
    .update(fingerprintOf(source))
    .update(JSON.stringify(source.classes ?? []))
    .update(source.labels ?? new Int32Array())
    .digest("hex")
    .slice(0, 16);

/** The task and outputs of a fine-tuned run. */
export const answersIn = ({ method: { options } }: RunConfig): Answers =>
  answersOf(options.task as LabelTask, options.classes as string[]);

/** Entries that have a label. */
export const labelledEntries = (labels: Int32Array = new Int32Array()): Int32Array =>
  Int32Array.from(labels.keys()).filter((entry) => labels[entry]! >= 0);

/** Strata for drawing labels, −1 for unlabelled entries; one stratum for values and label combinations, nearly all unique. */
export function strataOf(source: Source<unknown>, task: LabelTask): Int32Array {
  const all = source.labels ?? new Int32Array(source.length).fill(-1);
  return task === "regression" || task === "multi-label" ? all.map((label) => Math.min(label, 0)) : all;
}

/** Minimum share of labelled samples: FixMatch's batches have seven unlabelled samples for each labelled one. */
const LABELLED_SHARE = 1 / 8;

/**
 * Splits the entries for training and validation. Depends only on labels, groups and settings, so that a resumed run has
 * the same split.
 * @param groups the group of every entry; no group is in both parts
 * @throws UserError when too few labels are left for training
 */
export function splitForTraining(
  source: Source<unknown>,
  task: LabelTask,
  { labels: count, validation: share, unlabelled, seed }: Omit<Supervision, "patience">,
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
  const training = kept.map((row) => drawn[row]!);
  const validation = held.map((row) => drawn[row]!);
  if (training.length < 2)
    throw new UserError(`${drawn.length} labels are too few: ${training.length} would be left for training`);
  const labels = new Int32Array(source.length).fill(-1);
  for (const entry of training) labels[entry] = all[entry]!;
  // Validation entries and their groups are not trained on, not even without labels.
  const partOf = (entry: number) => groups?.[entry] ?? entry;
  const heldOut = new Set(Array.from(validation, partOf));
  const others = unlabelled
    ? Int32Array.from(all.keys()).filter((entry) => labels[entry]! < 0 && !heldOut.has(partOf(entry)))
    : new Int32Array();
  const times = Math.max(1, Math.round((others.length * LABELLED_SHARE) / (1 - LABELLED_SHARE) / training.length));
  const indices = new Int32Array(training.length * times + others.length);
  for (let time = 0; time < times; time++) indices.set(training, time * training.length);
  indices.set(others, training.length * times);
  return { indices, training, validation, labels, groups };
}
