import { type Array, float32, joinedFloats, np, sizeOf, type Tensor, type Tree, tree } from "../../array/index.ts";

/** Where the leaves of a tree lie in one vector, in their order. */
export interface Layout {
  readonly size: number;
  readonly leaves: readonly { readonly path: string; readonly shape: readonly number[] }[];
}

/** @param holds whether a leaf is in this vector */
export function layoutOf(params: Tree<Tensor>, holds: (path: string) => boolean): Layout {
  const leaves = tree.entries<Tensor>(params).flatMap(([path, { shape }]) => (holds(path) ? [{ path, shape }] : []));
  return { leaves, size: leaves.reduce((sum, { shape }) => sum + sizeOf(shape), 0) };
}

/** The leaves of a vector, by path. */
export function split({ leaves }: Layout, flat: Array): [path: string, leaf: Array][] {
  let end = 0;
  const cuts = leaves.map(({ shape }) => {
    end += sizeOf(shape);
    return end;
  });
  const parts = leaves.length > 1 ? np.split(flat, cuts.slice(0, -1), 0) : [flat];
  return leaves.map(({ path, shape }, at) => [path, np.reshape(parts[at]!, [...shape])]);
}

/** The vector of leaves by path. */
export function joined({ leaves }: Layout, values: Readonly<Record<string, Array>>): Array {
  const parts = leaves.map(({ path }) => np.reshape(values[path]!, [-1]));
  return parts.length > 1 ? np.concatenate(parts, 0) : parts[0]!;
}

/** The vector of a tree on the host. */
export function flatOf({ leaves, size }: Layout, params: Tree<Tensor>): Tensor {
  const byPath = new Map(tree.entries<Tensor>(params));
  const parts = leaves.map(({ path }) => {
    const data = byPath.get(path)?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`parameter ${path} is not of float32`);
  });
  return float32(joinedFloats(parts), [size]);
}

/** The leaves of a vector on the host, copied, by path. */
export function leavesOf({ leaves }: Layout, { data }: Tensor): [path: string, leaf: Tensor][] {
  let at = 0;
  return leaves.map(({ path, shape }) => {
    const end = at + sizeOf(shape);
    const leaf = float32(Float32Array.from(data.subarray(at, end)), shape);
    at = end;
    return [path, leaf];
  });
}
