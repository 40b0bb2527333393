import { createHash } from "node:crypto";
import { type Answers, answersOf, type LabelTask, type Part, parts, type Source } from "../../data/index.ts";
import { labelledEntries } from "../../data/parts/part.ts";
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
  /** Group of every entry, see `groupNumbersOf`. */
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

/** The labels of one part, −1 elsewhere; all of them where the data are not split. */
function labelsOfPart({ labels, length, parts: partOf }: Source<unknown>, part: Part): Int32Array {
  const all = labels ?? new Int32Array(length).fill(-1);
  return partOf ? all.map((label, entry) => (parts[partOf[entry]!] === part ? label : -1)) : all;
}

/** Strata for drawing labels, −1 for unlabelled entries; one stratum for values and label combinations, nearly all unique. */
export function strataOf(source: Source<unknown>, task: LabelTask): Int32Array {
  const all = labelsOfPart(source, "train");
  return task === "regression" || task === "multi-label" || task === "token-classification"
    ? all.map((label) => Math.min(label, 0))
    : all;
}

/** Minimum share of labelled samples: FixMatch's batches have seven unlabelled samples for each labelled one. */
const LABELLED_SHARE = 1 / 8;

/**
 * Splits the entries for training and validation. Depends only on labels, groups and settings, so that a resumed run has
 * the same split. Of data with a split, the labels are those of its training part; its validation part is validated on,
 * unless only some labels are drawn: then a share of those is, as few labels must not be chosen by many.
 * @param groups the group of every entry; no group is in both parts
 * @throws UserError when too few labels are left for training
 */
export function splitForTraining(
  source: Source<unknown>,
  task: LabelTask,
  { labels: count, validation: share, unlabelled, seed }: Omit<Supervision, "patience">,
  groups?: Int32Array,
): Labelled {
  const all = labelsOfPart(source, "train");
  const strata = strataOf(source, task);
  const given = count === undefined ? labelledEntries(source.parts && labelsOfPart(source, "validation")) : [];
  const drawn = count === undefined ? labelledEntries(all) : drawLabels(strata, count, seed);
  const split = stratifiedSplit(
    drawn.map((entry) => strata[entry]!),
    share,
    seed,
    groups && drawn.map((entry) => groups[entry]!),
  );
  const isHeldOut = share > 0 && given.length === 0;
  const training = isHeldOut ? split.kept.map((row) => drawn[row]!) : drawn;
  const validation = isHeldOut ? split.held.map((row) => drawn[row]!) : Int32Array.from(given);
  if (training.length < 2)
    throw new UserError(`${drawn.length} labels are too few: ${training.length} would be left for training`);
  const labels = new Int32Array(source.length).fill(-1);
  for (const entry of training) labels[entry] = all[entry]!;
  // Validation entries and their groups are not trained on, not even without labels.
  const partOf = (entry: number) => groups?.[entry] ?? entry;
  const heldOut = new Set(Array.from(validation, partOf));
  const isForTraining = (entry: number) => source.parts === undefined || parts[source.parts[entry]!] === "train";
  const others = unlabelled
    ? Int32Array.from(all.keys()).filter(
        (entry) => labels[entry]! < 0 && !heldOut.has(partOf(entry)) && isForTraining(entry),
      )
    : new Int32Array();
  const times = Math.max(1, Math.round((others.length * LABELLED_SHARE) / (1 - LABELLED_SHARE) / training.length));
  const indices = new Int32Array(training.length * times + others.length);
  for (let time = 0; time < times; time++) indices.set(training, time * training.length);
  indices.set(others, training.length * times);
  return { indices, training, validation, labels, groups };
}
