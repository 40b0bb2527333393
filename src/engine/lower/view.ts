import { sameShape } from "../graph.ts";

/**
 * How a value's elements lie in a tensor of the ONNX graph. Permutations and broadcasts are only noted here; they are
 * carried out where an operation cannot do without, which products and elementwise operations mostly can.
 */
export interface View {
  /** Name of the tensor. */
  readonly name: string;
  /** Its extents. */
  readonly base: readonly number[];
  /** For each axis of the value the axis of the tensor that it shows, or −1 for an axis of repeats. */
  readonly map: readonly number[];
  /** Extents of the value. */
  readonly shape: readonly number[];
}

/** The tensor as it is. */
export const dense = (name: string, shape: readonly number[]): View => ({
  name,
  base: shape,
  map: shape.map((_, axis) => axis),
  shape,
});

/** Extents that have elements of their own: 1 where the value only repeats. */
export const ownShape = (view: View): number[] => view.map.map((axis) => (axis < 0 ? 1 : view.base[axis]!));

/** Axes of the value in the order in which they lie in memory; axes of extent 1 are left out. */
export const storageOrder = (view: View): number[] =>
  view.map
    .map((baseAxis, axis) => ({ baseAxis, axis }))
    .filter(({ baseAxis }) => baseAxis >= 0 && view.base[baseAxis] !== 1)
    .sort((a, b) => a.baseAxis - b.baseAxis)
    .map(({ axis }) => axis);

/** Adds axes of extent 1 in front until the view has `rank` axes. */
export function padRank(view: View, rank: number): View {
  const missing = rank - view.map.length;
  if (missing === 0) return view;
  const front = globalThis.Array.from({ length: missing });
  return { ...view, map: [...front.map(() => -1), ...view.map], shape: [...front.map(() => 1), ...view.shape] };
}

/** The view with its axes in another order. */
export const transposed = (view: View, perm: readonly number[]): View => ({
  ...view,
  map: perm.map((axis) => view.map[axis]!),
  shape: perm.map((axis) => view.shape[axis]!),
});

/** The view through a reshape when no element need move: axes of extent 1 come and go. */
export function squeezed(view: View, shape: readonly number[]): View | undefined {
  const long = (extents: readonly number[]) => extents.filter((extent) => extent !== 1);
  if (!sameShape(long(view.shape), long(shape))) return undefined;
  const source = view.map.filter((_, axis) => view.shape[axis] !== 1);
  let next = 0;
  return { ...view, shape, map: shape.map((extent) => (extent === 1 ? -1 : source[next++]!)) };
}
