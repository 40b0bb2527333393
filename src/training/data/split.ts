import { Rng } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";

/** Rows by class, each class in a random order of its own. */
function shuffledByClass(labels: Int32Array, seed: number): Int32Array[] {
  const rng = new Rng(seed).split("labels");
  const classes = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  return Array.from({ length: classes }, (_, label) => {
    const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] === label);
    return rng
      .split(label)
      .permutation(rows.length)
      .map((at) => rows[at]!);
  });
}

/**
 * Holds out a share of each class; a class of one row keeps it. Both parts are sorted.
 * @param groups number of each row's group: a group is never split, so that more than the share may be held out, but
 * never all rows of a class. By default every row is its own group.
 */
export function stratifiedSplit(
  labels: Int32Array,
  share: number,
  seed: number,
  groups?: Int32Array,
): { kept: Int32Array; held: Int32Array } {
  if (groups) return splitByGroups(labels, share, seed, groups);
  const kept: number[] = [];
  const held: number[] = [];
  for (const rows of shuffledByClass(labels, seed)) {
    const out = rows.length < 2 ? 0 : Math.max(1, Math.round(rows.length * share));
    rows.forEach((row, at) => {
      (at < out ? held : kept).push(row);
    });
  }
  return { kept: Int32Array.from(kept).sort(), held: Int32Array.from(held).sort() };
}

/** Holds out whole groups, class by class, until each class has its share. */
function splitByGroups(labels: Int32Array, share: number, seed: number, groups: Int32Array) {
  const byClass = shuffledByClass(labels, seed);
  const left = byClass.map(({ length }) => length);
  const labelled = Int32Array.from(labels.keys()).filter((row) => labels[row]! >= 0);
  const members = Map.groupBy(labelled, (row) => groups[row]!);
  const isHeld = new Uint8Array(labels.length);
  /** Whether every class in a group has rows left without it. */
  const canSpare = (rows: readonly number[]) => {
    const counts = Map.groupBy(rows, (row) => labels[row]!);
    return counts.entries().every(([label, { length }]) => length < left[label]!);
  };
  for (const [label, rows] of byClass.entries()) {
    const out = rows.length < 2 ? 0 : Math.max(1, Math.round(rows.length * share));
    for (const row of rows) {
      if (rows.length - left[label]! >= out) break;
      const group = members.get(groups[row]!) ?? [];
      if (isHeld[row] || !canSpare(group)) continue;
      for (const member of group) {
        isHeld[member] = 1;
        left[labels[member]!]!--;
      }
    }
  }
  return { kept: labelled.filter((row) => !isHeld[row]), held: labelled.filter((row) => isHeld[row]) };
}

/**
 * Draws `count` labelled rows, as evenly over the classes as possible: the remainder goes to random classes, and the
 * shortfall of a small class to the others.
 * @throws UserError when there are fewer labels than `count`, or `count` is below the number of classes
 */
export function drawLabels(labels: Int32Array, count: number, seed: number): Int32Array {
  const byClass = shuffledByClass(labels, seed).filter((rows) => rows.length > 0);
  const total = byClass.reduce((sum, rows) => sum + rows.length, 0);
  if (count > total) throw new UserError(`${count} labels were asked for; the training data have ${total}`);
  if (count < byClass.length) throw new UserError(`${count} labels are too few for ${byClass.length} classes`);
  const order = new Rng(seed).split("classes").permutation(byClass.length);
  const drawn: number[] = [];
  for (let round = 0; drawn.length < count; round++)
    for (const which of order) {
      const row = byClass[which]?.[round];
      if (row !== undefined && drawn.length < count) drawn.push(row);
    }
  return Int32Array.from(drawn).sort();
}

/**
 * Entries in folds of about the same size, of each stratum and with whole groups.
 * @param strata of every entry; −1 for entries that belong to no fold
 * @returns the fold of every entry, −1 for none
 */
export function drawFolds(strata: Int32Array, count: number, seed: number, groups?: Int32Array): Int32Array {
  const rng = new Rng(seed).split("folds");
  const drawn = rng.permutation(strata.length).filter((entry) => strata[entry]! >= 0);
  const members = Map.groupBy(drawn, (entry) => groups?.[entry] ?? entry);
  if (members.size < count)
    throw new UserError(
      `--folds ${count}: there are only ${members.size} ${groups ? "groups" : "entries with a label"}`,
    );
  const folds = new Int32Array(strata.length).fill(-1);
  const sizes = new Int32Array(count);
  const ofStratum = new Map<number, Int32Array>();
  // The largest groups first; each goes to the fold with the fewest of its first entry's stratum, then with the fewest in all.
  for (const entries of [...members.values()].sort((a, b) => b.length - a.length)) {
    const stratum = strata[entries[0]!]!;
    const counts = ofStratum.get(stratum) ?? new Int32Array(count);
    ofStratum.set(stratum, counts);
    let best = 0;
    for (let fold = 1; fold < count; fold++)
      if (counts[fold]! < counts[best]! || (counts[fold] === counts[best] && sizes[fold]! < sizes[best]!)) best = fold;
    for (const entry of entries) folds[entry] = best;
    counts[best]! += entries.length;
    sizes[best]! += entries.length;
  }
  return folds;
}
