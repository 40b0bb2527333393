import { float32, type Tensor, tree } from "../../../array/index.ts";
import type { InitialParams } from "../../../encoders/index.ts";
import { isStatistic } from "../../../layers/scope.ts";

/** The parts of one kind in one block, each pruned as a whole: its heads, hidden units or inner channels. */
export interface Structure {
  /** "heads". */
  readonly kind: string;
  readonly count: number;
  /** The weights that belong to the parts. */
  readonly slices: readonly Slice[];
}

/** A leaf whose places along an axis each belong to one part. */
export interface Slice {
  readonly path: string;
  readonly axis: 0 | 1;
  readonly partOf: (place: number) => number;
}

/** The prunable structures of an encoder. */
export interface Prunable {
  readonly structures: readonly Structure[];
  /** For a share to keep: how many parts each structure keeps, and the options of the smaller encoder. */
  smaller(share: number): { readonly kept: readonly number[]; readonly options: Readonly<Record<string, number>> };
}

/** For each structure a score for each of its parts. */
export type Scores = readonly Float64Array[];

/** How many of `count` parts are kept: at least one. */
export const shareOf = (count: number, share: number): number => Math.max(1, Math.round(count * share));

/**
 * Sums the contributions of the weights of each part: of squared weights for magnitude; of weight times gradient for the
 * change of the loss without them (first-order Taylor). Running statistics do not count.
 * @param contribution one number for each weight, in a tree like the parameters
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
 * Removes the parts with the lowest scores.
 * @param kept how many parts each structure keeps
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
  return tree.map<Tensor, Tensor>(params, (_, path) => leaves.get(path)!) as InitialParams;
}

/** `2 of 4 heads, 32 of 64 units`: per block if all blocks are equal, else summed over the blocks. */
export function describeKept(structures: readonly Structure[], kept: readonly number[]): string {
  const kinds = new Set(structures.map(({ kind }) => kind));
  return [...kinds]
    .map((kind) => {
      const ofKind = structures.flatMap((each, at) =>
        each.kind === kind ? [{ count: each.count, kept: kept[at]! }] : [],
      );
      const areAlike = ofKind.every(({ count }) => count === ofKind[0]!.count);
      const sum = (of: "count" | "kept") =>
        areAlike ? ofKind[0]![of] : ofKind.reduce((total, each) => total + each[of], 0);
      return `${sum("kept")} of ${sum("count")} ${kind}`;
    })
    .join(", ");
}

/** Indices of the largest scores. */
const largest = (scores: Float64Array, count: number): number[] =>
  [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);

/** Extent of an axis, and how many values each of its places holds. */
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
