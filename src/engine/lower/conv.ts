import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, integer, integers, pairs } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { dense } from "./view.ts";

interface Geometry {
  readonly strides: number[];
  readonly padding: [number, number][];
  readonly lhsDilation: number[];
  readonly rhsDilation: number[];
  /** Spatial extents of input, kernel and output. */
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
}

const ones = (values: readonly number[]) => values.every((value) => value === 1);

/** `conv` as jax-js has it: `[batch, in, …]` with `[out, in, …]`, dilations on both sides for the two gradients. */
const conv: Lowering = (context, equation) => {
  if (integer(equation, "vmapDims") !== 0) throw new Error("conv: grouped convolutions are not supported");
  const geometry: Geometry = {
    strides: integers(equation, "strides"),
    padding: pairs(equation, "padding"),
    lhsDilation: integers(equation, "lhsDilation"),
    rhsDilation: integers(equation, "rhsDilation"),
    input: equation.inputs[0]!.shape.slice(2),
    kernel: equation.inputs[1]!.shape.slice(2),
    output: equation.outputs[0]!.shape.slice(2),
  };
  const { strides, lhsDilation, rhsDilation, kernel, padding, output } = geometry;
  if (ones(lhsDilation) && sizeOf(kernel) > sizeOf(output)) productPerOffset(context, equation, geometry);
  else if (ones(lhsDilation)) direct(context, equation, geometry, context.full(equation.inputs[0]!));
  else if (ones(strides) && ones(rhsDilation) && padding.every(([low], axis) => low < kernel[axis]!))
    transposed(context, equation, geometry);
  else direct(context, equation, geometry, dilated(context, equation, lhsDilation));
};

function direct(context: Context, equation: Equation, geometry: Geometry, input: string): void {
  const { strides, rhsDilation, padding, input: extents, lhsDilation, kernel } = geometry;
  const shape = equation.inputs[0]!.shape.slice(0, 2);
  const spatial = extents.map((extent, axis) => (extent - 1) * lhsDilation[axis]! + 1);
  // The operator pads by itself, but cannot cut.
  const cut = padding.map(([low, high]): [number, number] => [Math.min(0, low), Math.min(0, high)]);
  const source = context.pad(input, [[0, 0], [0, 0], ...cut], [...shape, ...spatial]);
  const pads = [...padding.map(([low]) => Math.max(0, low)), ...padding.map(([, high]) => Math.max(0, high))];
  const attributes = { strides, dilations: rhsDilation, pads, kernel_shape: kernel };
  context.setDense(equation, context.emit("Conv", [source, context.full(equation.inputs[1]!)], attributes));
}

/** Gradient of a strided convolution with respect to its input. */
function transposed(context: Context, equation: Equation, geometry: Geometry): void {
  const { lhsDilation, kernel, padding } = geometry;
  const weights = equation.inputs[1]!;
  const swapped = context.inOrder(context.view(weights), [1, 0, ...kernel.map((_, axis) => axis + 2)]);
  // The operator turns the kernel round; ours is applied as it stands.
  const cuts = kernel.map((_, axis) => ({ axis: axis + 2, start: -1, end: -(2 ** 31), step: -1 }));
  const flipped = sizeOf(kernel) === 1 ? swapped : context.slice(swapped, cuts);
  const before = padding.map(([low], axis) => kernel[axis]! - 1 - low);
  const after = padding.map(([, high], axis) => kernel[axis]! - 1 - high);
  const attributes = {
    strides: lhsDilation,
    kernel_shape: kernel,
    pads: [...before, ...after.map((extent) => Math.max(0, extent))],
    output_padding: after.map((extent) => Math.max(0, -extent)),
  };
  const input = context.full(equation.inputs[0]!);
  context.setDense(equation, context.emit("ConvTranspose", [input, flipped], attributes));
}

/**
 * Gradient of a convolution with respect to its kernel: a kernel as large as an image and an output as small as a
 * kernel. One product over batch and image for each of the few output positions.
 */
function productPerOffset(context: Context, equation: Equation, geometry: Geometry): void {
  const { strides, rhsDilation, padding, output } = geometry;
  const [lhs, rhs] = equation.inputs;
  if (!lhs || !rhs) throw new Error("conv: two operands are needed");
  const images = lhs.shape[0]!;
  const kernels = rhs.shape[0]!;
  const flat = ones(strides) && ones(rhsDilation) && padding.every(([low, high]) => low >= 0 && high >= 0);
  const { left, right } = (flat ? rowsByShift : rowsByCut)(context, equation, geometry);
  const count = sizeOf(output);
  const products = globalThis.Array.from({ length: count }, (_, position) => {
    let rest = position;
    const offset = output.map(() => 0);
    for (let axis = output.length - 1; axis >= 0; axis--) {
      offset[axis] = (rest % output[axis]!) * strides[axis]!;
      rest = Math.floor(rest / output[axis]!);
    }
    const product = context.matmul(left(offset), right, { transA: false, transB: true, rank: 2 });
    return context.reshape(product, [images, kernels], [1, images, kernels]);
  });
  const base = [...output, images, kernels];
  const stacked = count === 1 ? products[0]! : context.emit("Concat", products, { axis: 0 });
  const name = context.reshape(stacked, [count, images, kernels], base);
  const map = [output.length, output.length + 1, ...output.map((_, axis) => axis)];
  context.set(equation.outputs[0]!, { ...dense(name, base), map, shape: equation.outputs[0]!.shape });
}

interface Rows {
  /** The images under the kernel at one offset, `[images, inner]`. */
  left(offset: readonly number[]): string;
  /** The kernels, `[kernels, inner]`. */
  readonly right: string;
}

/**
 * With a stride of one, all positions of all images lie on one long axis, each row of pixels followed by enough zeros
 * that moving the kernel is moving along it. A move is then one long copy instead of one per row of pixels.
 */
function rowsByShift(context: Context, equation: Equation, geometry: Geometry): Rows {
  const { padding, input, kernel, output } = geometry;
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [images, channels] = lhs.shape as [number, number];
  // Zeros after one row serve as zeros before the next.
  const pitch = input.map((extent, axis) => Math.max(extent + Math.max(...padding[axis]!), kernel[axis]!));
  const strides = pitch.map((_, axis) => sizeOf(pitch.slice(axis + 1)));
  const inner = channels * sizeOf(pitch);
  const along = (steps: readonly number[]) => steps.reduce((sum, step, axis) => sum + step * strides[axis]!, 0);
  const laid = (atom: Atom, extents: readonly number[]) => {
    const gaps = extents.map((extent, axis): [number, number] => [0, pitch[axis]! - extent]);
    const padded = context.pad(context.full(atom), [[0, 0], [0, 0], ...gaps], atom.shape);
    return context.reshape(padded, [...atom.shape.slice(0, 2), ...pitch], [atom.shape[0]!, inner]);
  };
  const before = along(padding.map(([low]) => low));
  const after = along(output.map((extent) => extent - 1)) - before;
  const line = context.pad(
    laid(lhs, input),
    [
      [0, 0],
      [before, Math.max(0, after)],
    ],
    [images, inner],
  );
  return {
    left: (offset) => context.slice(line, [{ axis: 1, start: along(offset), end: along(offset) + inner }]),
    right: laid(rhs, kernel),
  };
}

/** The general case: a strided cut out of the padded images for each offset. */
function rowsByCut(context: Context, equation: Equation, geometry: Geometry): Rows {
  const { rhsDilation, padding, kernel, input } = geometry;
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [images, channels] = lhs.shape as [number, number];
  const inner = channels * sizeOf(kernel);
  const padded = context.pad(context.full(lhs), [[0, 0], [0, 0], ...padding], lhs.shape);
  const spatial = input.map((extent, axis) => extent + padding[axis]![0] + padding[axis]![1]);
  return {
    left(offset) {
      const cuts = offset.flatMap((start, axis) => {
        const step = rhsDilation[axis]!;
        const end = start + (kernel[axis]! - 1) * step + 1;
        return start === 0 && end === spatial[axis] && step === 1 ? [] : [{ axis: axis + 2, start, end, step }];
      });
      return context.reshape(context.slice(padded, cuts), [images, channels, ...kernel], [images, inner]);
    },
    right: context.reshape(context.full(rhs), rhs.shape, [rhs.shape[0]!, inner]),
  };
}

/** Zeros between the elements of each spatial axis. */
function dilated(context: Context, equation: Equation, dilation: readonly number[]): string {
  const input = equation.inputs[0]!;
  return spread(context, context.full(input), input.shape, [1, 1, ...dilation]);
}

/** Zeros between the elements of a tensor: extent n becomes (n − 1) · step + 1. */
export function spread(context: Context, name: string, shape: readonly number[], steps: readonly number[]): string {
  if (ones(steps)) return name;
  const apart = shape.flatMap((extent) => [extent, 1]);
  const widths = steps.flatMap((step): [number, number][] => [
    [0, 0],
    [0, step - 1],
  ]);
  const grown = context.pad(context.reshape(name, shape, apart), widths, apart);
  const joined = shape.map((extent, axis) => extent * steps[axis]!);
  const merged = context.reshape(
    grown,
    shape.flatMap((extent, axis) => [extent, steps[axis]!]),
    joined,
  );
  const cuts = steps.flatMap((step, axis) =>
    step === 1 ? [] : [{ axis, start: 0, end: (shape[axis]! - 1) * step + 1 }],
  );
  return context.slice(merged, cuts);
}

export const convolutions: Record<string, Lowering> = { conv };
