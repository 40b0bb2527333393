import { sizeOf } from "../../array/index.ts";
import type { Atom } from "../graph.ts";
import type { Context } from "./context.ts";

/** Strides, padding, dilations and extents of a convolution's spatial axes. */
export interface Geometry {
  readonly strides: number[];
  readonly padding: [number, number][];
  readonly lhsDilation: number[];
  readonly rhsDilation: number[];
  /** Spatial extents of input, kernel and output. */
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
}

/** A convolution's operand with its pixels first: a tensor of shape `[pixels, samples, channels]`. */
export interface Rows {
  readonly name: string;
  readonly shape: readonly [pixels: number, samples: number, channels: number];
}

/** The pass of a training step that a tensor is computed for; the other pass computes its own copy. */
export type Pass = "forward" | "backward";

/**
 * Pixels first, then samples, channels last: a part of the image is one block of memory for the whole batch, and so is
 * a product's result for it.
 * @param samples the batch axis; channels are the other of the first two axes
 */
export function pixelRows(context: Context, atom: Atom, samples: 0 | 1): Rows {
  const order = [...atom.shape.map((_, axis) => axis).slice(2), samples, 1 - samples];
  const extents = order.map((axis) => atom.shape[axis]!);
  const shape = [sizeOf(extents.slice(0, -2)), extents.at(-2)!, extents.at(-1)!] as const;
  return { name: context.reshape(context.inOrder(context.whole(atom), order), extents, shape), shape };
}

/** Sets a convolution's output, `[batch, channels, …]`, to a tensor of pixel rows. */
export function setPixelRows(context: Context, output: Atom, rows: Rows): void {
  if ("literal" in output) throw new Error("conv: the output is a literal");
  const spatial = output.shape.slice(2);
  const base = [...spatial, rows.shape[1], rows.shape[2]];
  context.set(output, {
    name: context.reshape(rows.name, rows.shape, base),
    base,
    map: [base.length - 2, base.length - 1, ...spatial.map((_, axis) => axis)],
    shape: output.shape,
  });
}
