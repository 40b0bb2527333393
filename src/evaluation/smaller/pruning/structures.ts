import { float32, type Tensor, tree } from "../../../array/index.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import { isStatistic } from "../../../layers/scope.ts";

/** Parts of one kind in one block, which are pruned as wholes: its heads, its hidden units, its inner channels. */
export interface Structure {
  /** "heads". */
  readonly kind: string;
  readonly count: number;
  /** All that goes with a part. */
  readonly slices: readonly Slice[];
}

/** Weights of a leaf along an axis, each of which belongs to one part. */
export interface Slice {
  readonly path: string;
  readonly axis: 0 | 1;
  readonly partOf: (place: number) => number;
}

/** What of an encoder can be pruned. */
export interface Prunable {
  readonly structures: readonly Structure[];
  /** How many parts stay of each structure where about this share does, and the options that the smaller encoder has then. */
  smaller(share: number): { readonly kept: readonly number[]; readonly options: Readonly<Record<string, number>> };
}

/** For every structure a number for each of its parts. */
export type Scores = readonly Float64Array[];

/** How many of so many parts stay: one at least. */
export const shareOf = (count: number, share: number): number => Math.max(1, Math.round(count * share));

/**
 * Sums what each weight contributes over the part that it belongs to. Squares of the weights give their magnitude; products
 * with the gradient, how the loss would change without them (first-order Taylor). Running statistics are no weights.
 * @param contribution like the parameters, one number a weight
 */
export function sumByStructure(contribution: InitialParams, structures: readonly Structure[]): Scores {
  const at = leavesOf(contribution);
  return structures.map(({ count, slices }) => {
    const scores = new Float64Array(count);
    for (const { path, axis, partOf } of slices) {
      if (isStatistic(path)) continue;
      const leaf = at(path);
      const { length, inner } = along(leaf, axis);
      leaf.data.forEach((value, index) => {
        scores[partOf(Math.floor(index / inner) % length)]! += value;
      });
    }
    return scores;
  });
}

/**
 * The parameters without the parts that matter least.
 * @param kept how many parts stay of each structure
 */
export function prune(
  params: InitialParams,
  structures: readonly Structure[],
  scores: Scores,
  kept: readonly number[],
): InitialParams {
  const leaves = new Map(tree.entries<Tensor>(params));
  const at = leavesOf(params);
  structures.forEach(({ slices }, index) => {
    const stays = new Set(largest(scores[index]!, kept[index]!));
    for (const { path, axis, partOf } of slices) {
      const places = Array.from({ length: at(path).shape[axis]! }, (_, place) => place);
      leaves.set(
        path,
        take(
          leaves.get(path)!,
          axis,
          places.filter((place) => stays.has(partOf(place))),
        ),
      );
    }
  });
  // The same paths as before.
  return tree.map<Tensor, Tensor>(params, (_, path) => leaves.get(path)!) as InitialParams;
}

/** `2 of 4 heads, 32 of 64 units`: in a block where all are alike, else of all blocks together. */
export function describeKept(structures: readonly Structure[], kept: readonly number[]): string {
  const kinds = new Set(structures.map(({ kind }) => kind));
  return [...kinds]
    .map((kind) => {
      const own = structures.flatMap((each, at) =>
        each.kind === kind ? [{ count: each.count, kept: kept[at]! }] : [],
      );
      const areAlike = own.every(({ count }) => count === own[0]!.count);
      const sum = (of: "count" | "kept") => (areAlike ? own[0]![of] : own.reduce((total, each) => total + each[of], 0));
      return `${sum("kept")} of ${sum("count")} ${kind}`;
    })
    .join(", ");
}

/** Places of the largest scores. */
const largest = (scores: Float64Array, count: number): number[] =>
  [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);

/** Extent of an axis, and how many values lie behind each of its places. */
const along = ({ shape }: Tensor, axis: number) => ({
  length: shape[axis]!,
  inner: shape.slice(axis + 1).reduce((product, extent) => product * extent, 1),
});

/** Some places of an axis, in order. */
function take(leaf: Tensor, axis: number, places: readonly number[]): Tensor {
  const { length, inner } = along(leaf, axis);
  const outer = leaf.data.length / (length * inner);
  const values = new Float32Array(outer * places.length * inner);
  for (let row = 0; row < outer; row++)
    places.forEach((place, index) => {
      const from = (row * length + place) * inner;
      values.set(leaf.data.subarray(from, from + inner), (row * places.length + index) * inner);
    });
  return float32(values, leaf.shape.toSpliced(axis, 1, places.length));
}

export const leavesOf = (params: InitialParams) => {
  const byPath = new Map(tree.entries<Tensor>(params));
  return (path: string): Tensor => {
    const leaf = byPath.get(path);
    if (!leaf) throw new Error(`the encoder has no parameter ${path}`);
    return leaf;
  };
};
