import { sameShape } from "../graph.ts";

/**
 * How a value's elements are stored in a tensor of the ONNX graph. Permutations and broadcasts only change the view;
 * elements move when an operation needs it, which products and elementwise operations mostly do not.
 */
export interface View {
  /** Name of the tensor. */
  readonly name: string;
  /** The tensor's extents. */
  readonly base: readonly number[];
  /** For each axis of the value the axis of the tensor, or −1 for a repeated or added axis. */
  readonly map: readonly number[];
  /** Extents of the value. */
  readonly shape: readonly number[];
}

/** The view of a tensor with all its axes in order. */
export const dense = (name: string, shape: readonly number[]): View => ({
  name,
  base: shape,
  map: shape.map((_, axis) => axis),
  shape,
});

/** Extents of the stored elements: 1 for repeated axes. */
export const storedShape = (view: View): number[] => view.map.map((axis) => (axis < 0 ? 1 : view.base[axis]!));

/** Axes of the value in memory order, without axes of extent 1. */
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

/** The view after a reshape that only adds or removes axes of extent 1; undefined for any other. */
export function squeezed(view: View, shape: readonly number[]): View | undefined {
  const long = (extents: readonly number[]) => extents.filter((extent) => extent !== 1);
  if (!sameShape(long(view.shape), long(shape))) return undefined;
  const source = view.map.filter((_, axis) => view.shape[axis] !== 1);
  let next = 0;
  return { ...view, shape, map: shape.map((extent) => (extent === 1 ? -1 : source[next++]!)) };
}
