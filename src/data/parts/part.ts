/** The parts of split data: trained on, chosen by, and touched once. */
export const parts = ["train", "validation", "test"] as const;
export type Part = (typeof parts)[number];

/** An entry of no part: unreadable, or not named by a split that was given. */
export const NO_PART = 255;

/** The part of every entry: index into `parts`, or `NO_PART`. */
export type PartOf = Uint8Array;

/** Shares of training and of training and validation together, as MoleculeNet's. */
const [TRAINED, KNOWN] = [0.8, 0.9];

/**
 * Whole groups, the largest first (of equal ones that with the later first entry), fill training up to 80 % of the entries, then
 * validation to 90 %, then test: DeepChem's deterministic scaffold split, so that the test part is of rare groups.
 * @param groups the group of every entry; −1 for entries that belong to no part
 */
export function largestFirst(groups: Int32Array): PartOf {
  const grouped = Int32Array.from(groups.keys()).filter((entry) => groups[entry]! >= 0);
  const all = [...Map.groupBy(grouped, (entry) => groups[entry]!).values()];
  const total = grouped.length;
  const result = new Uint8Array(groups.length).fill(NO_PART);
  let [train, validation] = [0, 0];
  for (const entries of all.sort((a, b) => b.length - a.length || b[0]! - a[0]!)) {
    let part: Part = "test";
    if (train + entries.length <= TRAINED * total) {
      part = "train";
      train += entries.length;
    } else if (train + validation + entries.length <= KNOWN * total) {
      part = "validation";
      validation += entries.length;
    }
    for (const entry of entries) result[entry] = parts.indexOf(part);
  }
  return result;
}

/** Entries that have a label. */
export const labelledEntries = (labels: Int32Array = new Int32Array()): Int32Array =>
  Int32Array.from(labels.keys()).filter((entry) => labels[entry]! >= 0);
