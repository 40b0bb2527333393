import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, sameShape } from "../graph.ts";
import type { Context } from "./context.ts";
import type { Geometry } from "./conv.ts";
import { dense, ownShape } from "./view.ts";

/** Elements of columns up to which they are made at once, and kept from the forward pass for the backward pass. */
const KEPT = 2 ** 24;
/** Elements of the pieces that longer columns are made in: they stay in a processor's cache. */
const PIECE = 2 ** 22;

/** Every coordinate within the extents, the last axis fastest. */
const coordinates = (extents: readonly number[]): number[][] =>
  extents.reduce<number[][]>(
    (list, extent) => list.flatMap((head) => globalThis.Array.from({ length: extent }, (_, step) => [...head, step])),
    [[]],
  );

/** A convolution's operand with its pixels as rows: tensor of shape `[samples, pixels, channels]`. */
interface Rows {
  readonly name: string;
  readonly shape: readonly [samples: number, pixels: number, channels: number];
}

/** @param samples the axis that numbers the samples; channels are the other of the first two */
function pixelRows(context: Context, atom: Atom, samples: 0 | 1): Rows {
  const view = context.view(atom);
  const whole = sameShape(ownShape(view), view.shape) ? view : dense(context.full(atom), view.shape);
  const order = [samples, ...atom.shape.map((_, axis) => axis).slice(2), 1 - samples];
  const stacked = order.map((axis) => atom.shape[axis]!);
  const shape = [stacked[0]!, sizeOf(stacked.slice(1, -1)), stacked.at(-1)!] as const;
  return { name: context.reshape(context.inOrder(whole, order), stacked, shape), shape };
}

/** The number of the pixel under a kernel's `offset` at a `position`; −1 is padding, undefined between two pixels. */
function pixelAt(geometry: Geometry, position: readonly number[], offset: readonly number[]): number | undefined {
  const { strides, rhsDilation, lhsDilation, padding, input } = geometry;
  const spread = input.map(
    (_, axis) => position[axis]! * strides[axis]! + offset[axis]! * rhsDilation[axis]! - padding[axis]![0],
  );
  if (spread.some((coordinate, axis) => coordinate % lhsDilation[axis]! !== 0)) return undefined;
  const place = spread.map((coordinate, axis) => coordinate / lhsDilation[axis]!);
  if (place.some((coordinate, axis) => coordinate < 0 || coordinate >= input[axis]!)) return -1;
  return place.reduce((number, coordinate, axis) => number * input[axis]! + coordinate, 0);
}

/** Pixels by their numbers, `[samples, numbers, channels]`; zeros for −1. */
function take(context: Context, rows: Rows, numbers: readonly number[], zerosFirst = false): string {
  const pixels = rows.shape[1];
  if (numbers.length === pixels && numbers.every((number, index) => number === index)) return rows.name;
  const padded = numbers.includes(-1);
  const widths: [number, number][] = [[0, 0], zerosFirst ? [1, 0] : [0, 1], [0, 0]];
  const source = padded ? context.pad(rows.name, widths, rows.shape) : rows.name;
  const first = padded && zerosFirst ? 1 : 0;
  const indices = numbers.map((number) => (number >= 0 ? number + first : zerosFirst ? 0 : pixels));
  return context.emit("Gather", [source, context.writer.int64(indices)], { axis: 1 });
}

/** Runs `make` on all samples, or on a part of them after the other where their columns are long. */
function inPieces(rows: Rows, columns: number, make: (from: number, to: number) => string): string[] {
  const [samples, , channels] = rows.shape;
  const total = samples * channels * columns;
  const count = total <= KEPT ? 1 : Math.min(samples, Math.ceil(total / PIECE));
  const at = (index: number) => Math.round((index * samples) / count);
  return globalThis.Array.from({ length: count }, (_, index) => make(at(index), at(index + 1)));
}

/** A range of samples. */
function part(context: Context, { name, shape }: Rows, start: number, end: number): Rows {
  if (start === 0 && end === shape[0]) return { name, shape };
  return { name: context.slice(name, [{ axis: 0, start, end }]), shape: [end - start, shape[1], shape[2]] };
}

/**
 * A convolution as products, channels last: what lies under the kernel is gathered into one row for each position.
 * Positions between the pixels of a spread input see only some of the kernel; each such class of positions has a
 * product of its own, so that no zeros are multiplied.
 */
export function productOfColumns(context: Context, equation: Equation, geometry: Geometry): void {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const rows = pixelRows(context, lhs, 0);
  const [samples, , channels] = rows.shape;
  const outputs = rhs.shape[0]!;
  const positions = coordinates(geometry.output);
  const offsets = coordinates(geometry.kernel);

  // Whichever order lets a single axis move: outputs first as in the forward pass, or last.
  const { map } = context.view(rhs);
  const outputsLast = map[1]! < map[0]!;
  const kernelAxes = geometry.kernel.map((_, axis) => axis + 2);
  const kernelOrder = outputsLast ? [...kernelAxes, 1, 0] : [0, ...kernelAxes, 1];
  const extents = (count: number) => (outputsLast ? [count, channels, outputs] : [outputs, count, channels]);
  const weights = context.reshape(
    context.inOrder(context.view(rhs), kernelOrder),
    kernelOrder.map((axis) => rhs.shape[axis]!),
    extents(offsets.length),
  );

  const classes = new Map<string, { used: number[]; where: number[]; pixels: number[] }>();
  positions.forEach((position, index) => {
    const under = offsets.map((offset) => pixelAt(geometry, position, offset));
    const used = offsets.flatMap((_, offset) => (under[offset] === undefined ? [] : [offset]));
    if (used.length === 0) return;
    const group = classes.get(used.join()) ?? { used, where: [], pixels: [] };
    group.where.push(index);
    group.pixels.push(...under.filter((pixel) => pixel !== undefined));
    classes.set(used.join(), group);
  });
  const groups = [...classes.values()];
  const results = groups.map(({ used, where, pixels }) => {
    const width = used.length * channels;
    const some =
      used.length === offsets.length
        ? weights
        : context.emit("Gather", [weights, context.writer.int64(used)], { axis: outputsLast ? 0 : 1 });
    const matrix = context.reshape(some, extents(used.length), outputsLast ? [width, outputs] : [outputs, width]);
    const pieces = inPieces(rows, pixels.length, (from, to) => {
      const count = to - from;
      const columns = take(context, part(context, rows, from, to), pixels);
      const long = context.reshape(columns, [count, pixels.length, channels], [count * where.length, width]);
      const product = context.matmul(long, matrix, { transA: false, transB: !outputsLast, rank: 2 });
      return context.reshape(product, [count * where.length, outputs], [count, where.length, outputs]);
    });
    return pieces.length === 1 ? pieces[0]! : context.emit("Concat", pieces, { axis: 0 });
  });
  const placed = groups.flatMap(({ where }) => where);
  const place = new Map(placed.map((position, index) => [position, index]));
  const joined: Rows = {
    name: results.length === 1 ? results[0]! : context.emit("Concat", results, { axis: 1 }),
    shape: [samples, placed.length, outputs],
  };
  const whole = take(
    context,
    joined,
    positions.map((_, index) => place.get(index) ?? -1),
  );
  const base = [samples, ...geometry.output, outputs];
  context.set(equation.outputs[0]!, {
    name: context.reshape(whole, [samples, positions.length, outputs], base),
    base,
    map: [0, base.length - 1, ...geometry.output.map((_, axis) => axis + 1)],
    shape: equation.outputs[0]!.shape,
  });
}

/**
 * Gradient with respect to a kernel, as one product with the very columns of the forward pass. jax-js shows it as a
 * convolution whose samples are on the second axis, with images for kernels and a kernel for output.
 */
export function kernelGradientOfColumns(context: Context, equation: Equation, geometry: Geometry): void {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const rows = pixelRows(context, lhs, 1);
  const gradients = pixelRows(context, rhs, 1);
  const channels = rows.shape[2];
  const [, positions, outputs] = gradients.shape;
  const offsets = coordinates(geometry.output);
  const pixels = coordinates(geometry.kernel).flatMap((position) =>
    offsets.map((offset) => pixelAt(geometry, offset, position) ?? -1),
  );
  const width = offsets.length * channels;
  const pieces = inPieces(rows, pixels.length, (from, to) => {
    const long = (to - from) * positions;
    const some = part(context, gradients, from, to);
    // Zeros on the other side than in the forward pass: or else ONNX Runtime keeps all its pieces until now.
    const columns = take(context, part(context, rows, from, to), pixels, to - from < rows.shape[0]);
    return context.matmul(
      context.reshape(some.name, some.shape, [long, outputs]),
      context.reshape(columns, [to - from, pixels.length, channels], [long, width]),
      { transA: true, transB: false, rank: 2 },
    );
  });
  const sum = pieces.length === 1 ? pieces[0]! : context.emit("Sum", pieces);
  const base = [outputs, ...geometry.output, channels];
  context.set(equation.outputs[0]!, {
    name: context.reshape(sum, [outputs, width], base),
    base,
    map: [base.length - 1, 0, ...geometry.output.map((_, axis) => axis + 1)],
    shape: equation.outputs[0]!.shape,
  });
}
