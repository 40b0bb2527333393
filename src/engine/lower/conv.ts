import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, integer, integers, pairs } from "../graph.ts";
import { productOfBlocks } from "./blocks.ts";
import { kernelGradientOfColumns, productOfColumns } from "./columns.ts";
import type { Context, Lowering } from "./context.ts";
import type { Geometry } from "./rows.ts";
import { tiledConvolution, tiledKernelGradient } from "./winograd.ts";

const ones = (values: readonly number[]) => values.every((value) => value === 1);

/**
 * jax-js' `conv`: `[batch, in, …]` with kernels `[out, in, …]`, and dilations of both operands for the two gradients.
 *
 * On the CPU a convolution becomes products with pixels first and channels last, which train faster than ONNX Runtime's
 * `Conv`: 3 × 3 kernels on Winograd tiles, others on columns that the forward pass and the kernel gradient share.
 * Exported files and other devices get `Conv`.
 */
const conv: Lowering = (context, equation) => {
  const groups = integer(equation, "vmapDims");
  const geometry: Geometry = {
    strides: integers(equation, "strides"),
    padding: pairs(equation, "padding"),
    lhsDilation: integers(equation, "lhsDilation"),
    rhsDilation: integers(equation, "rhsDilation"),
    input: equation.inputs[0]!.shape.slice(groups + 2),
    kernel: equation.inputs[1]!.shape.slice(groups + 2),
    output: equation.outputs[0]!.shape.slice(groups + 2),
  };
  if (groups > 0) return grouped(context, equation, geometry, groups);
  const { strides, lhsDilation, rhsDilation, kernel, padding } = geometry;
  const { map } = context.view(equation.inputs[0]!);
  const isKernelGradient = map[1]! < map[0]!;
  const plain = !context.portable && ones(strides) && ones(lhsDilation) && ones(rhsDilation);
  const isThree = (extents: readonly number[]) => extents.every((extent) => extent === 3);
  if (isKernelGradient && ones(lhsDilation)) {
    if (plain && isThree(geometry.output) && tiledKernelGradient(context, equation, geometry)) return;
    kernelGradientOfColumns(context, equation, geometry);
  } else if (!context.portable) {
    if (plain && isThree(kernel) && tiledConvolution(context, equation, geometry)) return;
    if (!productOfBlocks(context, equation, geometry)) productOfColumns(context, equation, geometry);
  } else if (ones(lhsDilation)) direct(context, equation, geometry, context.full(equation.inputs[0]!));
  else if (ones(strides) && ones(rhsDilation) && padding.every(([low], axis) => low < kernel[axis]!))
    transposed(context, equation, geometry);
  else direct(context, equation, geometry, dilated(context, equation, lhsDilation));
};

function direct(context: Context, equation: Equation, geometry: Geometry, input: string): void {
  const shape = equation.inputs[0]!.shape.slice(0, 2);
  context.setDense(equation, operator(context, geometry, input, shape, context.full(equation.inputs[1]!)));
}

/**
 * The operator on `input`, `[samples, channels, ...]`, already dilated.
 * @param shape its samples and channels
 */
function operator(
  context: Context,
  geometry: Geometry,
  input: string,
  shape: readonly number[],
  kernels: string,
  group = 1,
): string {
  const { strides, rhsDilation, padding, input: extents, lhsDilation, kernel } = geometry;
  const spatial = extents.map((extent, axis) => (extent - 1) * lhsDilation[axis]! + 1);
  // The operator pads, but cannot crop.
  const cut = padding.map(([low, high]): [number, number] => [Math.min(0, low), Math.min(0, high)]);
  const source = context.pad(input, [[0, 0], [0, 0], ...cut], [...shape, ...spatial]);
  const pads = [...padding.map(([low]) => Math.max(0, low)), ...padding.map(([, high]) => Math.max(0, high))];
  const attributes = { strides, dilations: rhsDilation, pads, kernel_shape: kernel, group };
  return context.emit("Conv", [source, kernels], attributes);
}

/**
 * Convolutions side by side, each with its own channels and kernels: `[groups…, batch, in, …]` with kernels
 * `[groups…, out, in, …]`. A grouped convolution and both of its gradients have this form.
 */
function grouped(context: Context, equation: Equation, geometry: Geometry, axes: number): void {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const output = equation.outputs[0]!;
  const lead = output.shape.slice(0, axes);
  const group = sizeOf(lead);
  const [samples, channels] = lhs.shape.slice(axes);
  const outputs = rhs.shape[axes]!;
  const spatial = geometry.input.map((_, axis) => axes + 2 + axis);
  const groupsInside = [axes, ...lead.keys(), axes + 1, ...spatial];
  const joined = [samples!, group * channels!, ...geometry.input];
  const wide = context.reshape(
    context.inOrder(context.whole(lhs), groupsInside),
    groupsInside.map((axis) => lhs.shape[axis]!),
    joined,
  );
  const input = spread(context, wide, joined, [1, 1, ...geometry.lhsDilation]);
  const kernelShape = [group * outputs, channels!, ...geometry.kernel];
  const kernels = context.reshape(context.full(rhs), rhs.shape, kernelShape);
  const name = operator(context, geometry, input, joined.slice(0, 2), kernels, group);
  const base = [samples!, ...lead, outputs, ...geometry.output];
  context.set(output, {
    name: context.reshape(name, [samples!, group * outputs, ...geometry.output], base),
    base,
    map: [...lead.map((_, axis) => axis + 1), 0, axes + 1, ...geometry.output.map((_, axis) => axes + 2 + axis)],
    shape: output.shape,
  });
}

/** Gradient of a strided convolution with respect to its input. */
function transposed(context: Context, equation: Equation, geometry: Geometry): void {
  const { lhsDilation, kernel, padding } = geometry;
  const weights = equation.inputs[1]!;
  const swapped = context.inOrder(context.whole(weights), [1, 0, ...kernel.map((_, axis) => axis + 2)]);
  // The operator flips the kernel; jax-js' convolution does not, so flip it first.
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

/** Inserts zeros between the elements along each spatial axis. */
function dilated(context: Context, equation: Equation, dilation: readonly number[]): string {
  const input = equation.inputs[0]!;
  return spread(context, context.full(input), input.shape, [1, 1, ...dilation]);
}

/** Inserts zeros between the elements of a tensor: extent n becomes (n − 1) · step + 1. */
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
