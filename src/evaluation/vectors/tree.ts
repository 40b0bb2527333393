import type { Rng } from "../../array/index.ts";

/** What a tree predicts: classes, or a value of each row. */
export type Targets = { readonly classes: number; readonly labels: Int32Array } | { readonly values: Float32Array };

interface TreeData {
  /** `[dim, rows]`: the bin of each row, column by column. */
  readonly bins: Uint8Array;
  readonly rows: number;
  readonly dim: number;
  readonly targets: Targets;
  /** Rows to draw from, with replacement, as many as there are. */
  readonly drawn: Int32Array;
  readonly rng: Rng;
}

export interface Tree {
  /** The leaf that a row falls into: shares of the classes, or a mean. @param at where the row's bins begin */
  leafOf(bins: Uint8Array, at: number): Float64Array;
}

type Node = { readonly leaf: Float64Array } | { column: number; bin: number; left: number; right: number };

/** Rows of a leaf of values, below which it is not split: Breiman's choice. */
const FEWEST = 5;
const BINS = 256;

/** Grows one tree of a forest by CART's rule: the split with the least Gini impurity or squared error. */
export function growTree({ bins, rows, dim, targets, drawn, rng }: TreeData): Tree {
  const isOfClasses = "classes" in targets;
  const size = isOfClasses ? targets.classes : 1;
  const looked = Math.max(1, Math.floor(isOfClasses ? Math.sqrt(dim) : dim / 3));
  const sample = Int32Array.from({ length: drawn.length }, () => drawn[rng.integer(0, drawn.length - 1)]!);
  const columns = Int32Array.from({ length: dim }, (_, column) => column);
  const nodes: Node[] = [];
  const sums = new Float64Array(size);
  const left = new Float64Array(size);
  /** Adds a row's target to sums. */
  const add = isOfClasses
    ? (to: Float64Array, row: number) => {
        to[targets.labels[row]!]!++;
      }
    : (to: Float64Array, row: number) => {
        to[0]! += targets.values[row]!;
      };
  /** What a part with these sums is worth: the sum of squared sums over its rows, which falls with its impurity. */
  const worth = (of: Float64Array, count: number): number => {
    let total = 0;
    for (let output = 0; output < size; output++) total += of[output]! ** 2;
    return total / count;
  };
  const rest = new Float64Array(size);

  const counts = new Int32Array(BINS);
  const ofBin = new Float64Array(BINS * size);

  /** The best split of the rows from `start` to `end` by one column. */
  const bestOf = (column: number, start: number, end: number): { gain: number; bin: number } => {
    const first = column * rows;
    const found = binsAmong(first, start, end);
    left.fill(0);
    let best = { gain: Number.NEGATIVE_INFINITY, bin: -1 };
    let seen = 0;
    for (let at = 0; at < found; at++) {
      const bin = present[at]!;
      for (let output = 0; output < size; output++) left[output]! += ofBin[bin * size + output]!;
      seen += counts[bin]!;
      // Cleared behind the reading: most nodes have few rows, and so few bins.
      counts[bin] = 0;
      ofBin.fill(0, bin * size, (bin + 1) * size);
      if (at === found - 1) break;
      for (let output = 0; output < size; output++) rest[output] = sums[output]! - left[output]!;
      const gain = worth(left, seen) + worth(rest, end - start - seen);
      if (gain > best.gain) best = { gain, bin };
    }
    return best;
  };

  const present = new Uint8Array(BINS);
  /** Collects the rows by their bins: `present` has those that occur, rising. @returns how many those are */
  function binsAmong(first: number, start: number, end: number): number {
    let found = 0;
    for (let at = start; at < end; at++) {
      const row = sample[at]!;
      const bin = bins[first + row]!;
      if (counts[bin]!++ === 0) present[found++] = bin;
      if (isOfClasses) ofBin[bin * size + targets.labels[row]!]!++;
      else ofBin[bin]! += targets.values[row]!;
    }
    present.subarray(0, found).sort();
    return found;
  }

  /** Grows the node of the rows from `start` to `end`. @returns its place */
  const pending: { start: number; end: number; place: number }[] = [{ start: 0, end: sample.length, place: 0 }];
  nodes.push({ leaf: new Float64Array(size) });
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { start, end, place } = next;
    const count = end - start;
    sums.fill(0);
    for (let at = start; at < end; at++) add(sums, sample[at]!);
    const leaf = sums.map((sum) => sum / count);
    const isPure = isOfClasses ? leaf.includes(1) : count < 2 * FEWEST;
    let best = { gain: worth(sums, count) + 1e-9, bin: -1, column: -1 };
    // Columns that are the same in all rows are passed over, and others looked at instead.
    for (let at = 0, seen = 0; !isPure && at < dim && seen < looked; at++) {
      const other = rng.integer(at, dim - 1);
      const column = columns[other]!;
      columns[other] = columns[at]!;
      columns[at] = column;
      const found = bestOf(column, start, end);
      if (found.bin < 0) continue;
      seen++;
      if (found.gain > best.gain) best = { ...found, column };
    }
    if (best.column < 0) {
      nodes[place] = { leaf };
      continue;
    }
    const isLeft = (row: number) => bins[best.column * rows + row]! <= best.bin;
    let middle = start;
    for (let at = start; at < end; at++) {
      const row = sample[at]!;
      if (!isLeft(row)) continue;
      sample[at] = sample[middle]!;
      sample[middle++] = row;
    }
    const [first, second] = [nodes.length, nodes.length + 1];
    nodes.push({ leaf }, { leaf });
    nodes[place] = { column: best.column, bin: best.bin, left: first, right: second };
    pending.push({ start: middle, end, place: second }, { start, end: middle, place: first });
  }
  return {
    leafOf(asked, at) {
      let node = nodes[0]!;
      while ("column" in node) node = nodes[asked[at + node.column]! <= node.bin ? node.left : node.right]!;
      return node.leaf;
    },
  };
}
