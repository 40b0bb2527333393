import { type Array, float32, joinedFloats, np, sizeOf, type Tensor, type Tree, tree } from "../../array/index.ts";

/** Values from which on a parameter is a vector of its own: then all that Adam does with it stays in the processor's cache. */
const LARGE = 2 ** 14;

/** One array of the state: a large parameter as it is, or the small ones of a kind, one after the other. */
export interface Vector {
  readonly name: string;
  /** Whether not every update trains it. */
  readonly isDelayed: boolean;
  readonly shape: readonly number[];
  readonly leaves: readonly { readonly path: string; readonly shape: readonly number[] }[];
}

/**
 * The arrays in which parameters are kept, so that Adam takes few operators.
 * @param isDelayed whether a parameter, by its path, is not trained in every update
 */
export function vectorsOf(params: Tree<Tensor>, isDelayed: (path: string) => boolean): Vector[] {
  const vectors: Vector[] = [];
  const small = [false, true].map(
    (late): { isDelayed: boolean; leaves: { path: string; shape: readonly number[] }[] } => ({
      isDelayed: late,
      leaves: [],
    }),
  );
  for (const [path, { shape }] of tree.entries<Tensor>(params)) {
    const late = isDelayed(path);
    const leaf = { path, shape };
    // No dots, which would be branches of a tree.
    if (sizeOf(shape) >= LARGE)
      vectors.push({ name: path.replaceAll(".", "/"), isDelayed: late, shape, leaves: [leaf] });
    else small[Number(late)]!.leaves.push(leaf);
  }
  for (const { isDelayed: late, leaves } of small) {
    const size = leaves.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (leaves.length > 0)
      vectors.push({ name: late ? "small delayed" : "small", isDelayed: late, shape: [size], leaves });
  }
  return vectors;
}

/** The leaves of a vector, by path. */
export function split({ leaves, shape }: Vector, values: Array): [path: string, leaf: Array][] {
  if (isWhole({ leaves, shape })) return [[leaves[0]!.path, values]];
  let end = 0;
  const cuts = leaves.map((leaf) => {
    end += sizeOf(leaf.shape);
    return end;
  });
  const parts = leaves.length > 1 ? np.split(values, cuts.slice(0, -1), 0) : [values];
  return leaves.map((leaf, at) => [leaf.path, np.reshape(parts[at]!, [...leaf.shape])]);
}

const isWhole = ({ leaves, shape }: Pick<Vector, "leaves" | "shape">) =>
  leaves.length === 1 && leaves[0]!.shape.join() === shape.join();

/** The vector of leaves by path. */
export function joined(vector: Vector, values: Readonly<Record<string, Array>>): Array {
  if (isWhole(vector)) return values[vector.leaves[0]!.path]!;
  const parts = vector.leaves.map(({ path }) => np.reshape(values[path]!, [-1]));
  return parts.length > 1 ? np.concatenate(parts, 0) : parts[0]!;
}

/** The vector of a tree on the host. */
export function vectorOf({ leaves, shape }: Vector, params: Tree<Tensor>): Tensor {
  const byPath = new Map(tree.entries<Tensor>(params));
  const parts = leaves.map(({ path }) => {
    const data = byPath.get(path)?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`parameter ${path} is not of float32`);
  });
  return float32(joinedFloats(parts), shape);
}

/** The leaves of a vector on the host, copied, by path. */
export function leavesOf({ leaves }: Vector, { data }: Tensor): [path: string, leaf: Tensor][] {
  let at = 0;
  return leaves.map(({ path, shape }) => {
    const end = at + sizeOf(shape);
    const leaf = float32(Float32Array.from(data.subarray(at, end)), shape);
    at = end;
    return [path, leaf];
  });
}
