import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, sameShape } from "../graph.ts";
import type { Context } from "./context.ts";
import { type Geometry, type Pass, pixelRows, type Rows, setPixelRows } from "./rows.ts";
import { storageOrder } from "./view.ts";

/** Up to this many elements, columns are made at once and kept from the forward pass for the backward pass. */
const KEPT = 2 ** 24;
/** Elements of the pieces that longer columns are made in, so that a piece stays in a processor's cache. */
const PIECE = 2 ** 22;

/** All coordinates within the extents, the last axis fastest. */
const coordinates = (extents: readonly number[]): number[][] =>
  extents.reduce<number[][]>(
    (list, extent) => list.flatMap((head) => globalThis.Array.from({ length: extent }, (_, step) => [...head, step])),
    [[]],
  );

/** Index of the pixel under a kernel's `offset` at a `position`; −1 in the padding, undefined between two pixels. */
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

/** Pixels by index, `[numbers, samples, channels]`; zeros for −1. */
function take(context: Context, rows: Rows, numbers: readonly number[], pass: Pass): string {
  const [pixels, samples, channels] = rows.shape;
  if (numbers.length === pixels && numbers.every((number, index) => number === index)) return rows.name;
  const { name, shape } = numbers.includes(-1) ? onePixelMore(context, rows, pass) : rows;
  const extents = [numbers.length, samples, channels];
  const lead = context.apart(`${name} ${pass}`, extents);
  const indices = numbers.map((number) => (number < 0 ? pixels : number));
  const table = context.reshape(name, shape, [...lead, ...shape]);
  const gathered = context.emit("Gather", [table, context.writer.int64(indices)], { axis: lead.length });
  return context.reshape(gathered, [...lead, ...extents], extents);
}

/** The rows with a pixel of zeros appended. */
function onePixelMore(context: Context, { name, shape }: Rows, pass: Pass): Rows {
  const [pixels, samples, channels] = shape;
  const more = [pixels + 1, samples, channels] as const;
  const lead = context.apart(`${name} ${pass}`, more);
  const before = [...lead, ...shape];
  const widths = before.map((_, axis): [number, number] => [0, Number(axis === lead.length)]);
  const padded = context.pad(context.reshape(name, shape, before), widths, before);
  return { name: context.reshape(padded, [...lead, ...more], more), shape: more };
}

/**
 * The input under the kernel at some positions (im2col), `[positions × samples, offsets × channels]`.
 * @param samples the operand's batch axis
 * @param pixels index of the pixel for each position and offset; −1 for padding
 */
export function columns(
  context: Context,
  atom: Atom,
  samples: 0 | 1,
  pixels: readonly number[],
  offsets: number,
  pass: Pass,
): string {
  const run = runOf(context, atom, samples, pixels, offsets);
  const [batch, extent] = [atom.shape[samples]!, sizeOf(atom.shape.slice(2))];
  const each = [...globalThis.Array(batch).keys()];
  const flat: [number, number] = [(pixels.length / offsets) * batch, offsets * atom.shape[1 - samples]!];
  if (run > 1) {
    const { name, base } = context.whole(atom);
    const starts = pixels.filter((_, at) => at % run === 0).map((pixel) => pixel / run);
    const table = context.reshape(name, base, [(batch * extent) / run, run]);
    return lookUp(
      context,
      table,
      starts,
      each.map((sample) => (sample * extent) / run),
      offsets / run,
      flat,
      pass,
    );
  }
  const rows = pixelRows(context, atom, samples);
  const channels = rows.shape[2];
  if (offsets === 1) return context.reshape(take(context, rows, pixels, pass), [pixels.length, batch, channels], flat);
  const { name, shape } = pixels.includes(-1) ? onePixelMore(context, rows, pass) : rows;
  const starts = pixels.map((pixel) => batch * (pixel < 0 ? rows.shape[0] : pixel));
  const table = context.reshape(name, shape, [shape[0] * batch, channels]);
  return lookUp(context, table, starts, each, offsets, flat, pass);
}

/** Rows of a table: for each position and sample `together` of them side by side, each at index start + sample. */
export function lookUp(
  context: Context,
  table: string,
  starts: readonly number[],
  samples: readonly number[],
  together: number,
  flat: readonly [number, number],
  pass: Pass,
): string {
  const count = starts.length / together;
  const shape = [count, samples.length, together, flat[1] / together];
  const lead = context.apart(`${table} ${pass}`, shape);
  // ONNX Runtime computes this sum once, when it loads the program.
  const indices = context.emit("Add", [
    context.writer.constant("int32", starts, [...lead, count, 1, together]),
    context.writer.constant("int32", samples, [1, samples.length, 1]),
  ]);
  const gathered = context.emit("Gather", [table, indices], { axis: 0 });
  return context.reshape(gathered, [...lead, ...shape], flat);
}

/**
 * How many pixels under the kernel can be gathered at once without moving anything first: more than 1 only for inputs
 * of one channel stored sample by sample, such as audio, where pixels come in runs.
 */
function runOf(context: Context, atom: Atom, samples: 0 | 1, pixels: readonly number[], offsets: number): number {
  const order = atom.shape.map((_, axis) => axis).filter((axis) => axis !== 1 - samples && atom.shape[axis] !== 1);
  if (atom.shape[1 - samples] !== 1 || !sameShape(storageOrder(context.whole(atom)), order)) return 1;
  const extent = sizeOf(atom.shape.slice(2));
  const isRun = (length: number) =>
    pixels.every((pixel, at) => {
      const within = at % length;
      return pixel >= 0 && pixel % length === within && pixel - within === pixels[at - within];
    });
  const lengths = globalThis.Array.from({ length: offsets - 1 }, (_, index) => offsets - index);
  return lengths.find((length) => offsets % length === 0 && extent % length === 0 && isRun(length)) ?? 1;
}

/** Runs `make` on all positions at once, or on one part after another when their columns are long. */
export function inPieces(positions: number, perPosition: number, make: (from: number, to: number) => string): string[] {
  const total = positions * perPosition;
  const count = total <= KEPT ? 1 : Math.min(positions, Math.ceil(total / PIECE));
  const at = (index: number) => Math.round((index * positions) / count);
  return globalThis.Array.from({ length: count }, (_, index) => make(at(index), at(index + 1)));
}

/**
 * The part of a kernel that is not in the padding at every position, as far as it is one run: of a dilation that exceeds the
 * input only the middle.
 * @param pixels of each position, those under each offset, as `pixelAt` has them
 * @returns first offset, and the one after the last; all of them if none meets a pixel
 */
function rangeInside(pixels: readonly (readonly (number | undefined)[])[]): readonly [from: number, to: number] {
  const offsets = pixels[0]?.length ?? 0;
  const meets = globalThis.Array.from({ length: offsets }, (_, offset) =>
    pixels.some((under) => (under[offset] ?? -1) >= 0),
  );
  const from = meets.indexOf(true);
  return from < 0 ? [0, offsets] : [from, meets.lastIndexOf(true) + 1];
}

/**
 * A convolution as products: the input under the kernel is gathered into one row for each position and sample.
 * In a dilated input, a position between pixels meets only part of the kernel; each class of such positions gets a
 * separate product, so that no zeros are multiplied.
 */
export function productOfColumns(context: Context, equation: Equation, geometry: Geometry): void {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [samples, channels] = [lhs.shape[0]!, lhs.shape[1]!];
  const outputs = rhs.shape[0]!;
  const positions = coordinates(geometry.output);
  const offsets = coordinates(geometry.kernel);
  const { atom: kernel, flipped } = context.unflipped(rhs);
  const pass = flipped ? "backward" : "forward";
  /** The offset of each kernel element: mirrored if the kernel is flipped. */
  const laid = flipped ? offsets.toReversed() : offsets;

  // The order that moves only a single axis: outputs first, as in the forward pass, or last.
  const view = context.whole(kernel);
  const outputsLast = view.map[1]! < view.map[0]!;
  const kernelAxes = geometry.kernel.map((_, axis) => axis + 2);
  const kernelOrder = outputsLast ? [...kernelAxes, 1, 0] : [0, ...kernelAxes, 1];
  const extents = (count: number) => (outputsLast ? [count, channels, outputs] : [outputs, count, channels]);
  const weights = context.reshape(
    context.inOrder(view, kernelOrder),
    kernelOrder.map((axis) => rhs.shape[axis]!),
    extents(offsets.length),
  );

  const every = positions.map((position) => laid.map((offset) => pixelAt(geometry, position, offset)));
  const [first, end] = rangeInside(every);
  const classes = new Map<string, { used: number[]; where: number[]; under: number[] }>();
  every.forEach((under, index) => {
    const used = laid.flatMap((_, offset) =>
      under[offset] === undefined || offset < first || offset >= end ? [] : [offset],
    );
    if (used.length === 0) return;
    const group = classes.get(used.join()) ?? { used, where: [], under: [] };
    group.where.push(index);
    group.under.push(...under.slice(first, end).filter((pixel) => pixel !== undefined));
    classes.set(used.join(), group);
  });
  const groups = [...classes.values()];
  const results = groups.map(({ used, where, under: pixels }) => {
    const width = used.length * channels;
    const some =
      used.length === offsets.length
        ? weights
        : context.emit("Gather", [weights, context.writer.int64(used)], { axis: outputsLast ? 0 : 1 });
    const matrix = context.reshape(some, extents(used.length), outputsLast ? [width, outputs] : [outputs, width]);
    const pieces = inPieces(where.length, width * samples, (from, to) => {
      const under = pixels.slice(from * used.length, to * used.length);
      const long = columns(context, lhs, 0, under, used.length, pass);
      const product = context.matmul(long, matrix, { transA: false, transB: !outputsLast, rank: 2 });
      return context.reshape(product, [(to - from) * samples, outputs], [to - from, samples, outputs]);
    });
    return pieces.length === 1 ? pieces[0]! : context.emit("Concat", pieces, { axis: 0 });
  });
  const placed = groups.flatMap(({ where }) => where);
  const place = new Map(placed.map((position, index) => [position, index]));
  const joined: Rows = {
    name: results.length === 1 ? results[0]! : context.emit("Concat", results, { axis: 0 }),
    shape: [placed.length, samples, outputs],
  };
  const whole = take(
    context,
    joined,
    positions.map((_, index) => place.get(index) ?? -1),
    pass,
  );
  setPixelRows(context, equation.outputs[0]!, { name: whole, shape: [positions.length, samples, outputs] });
}

/**
 * Gradient with respect to a kernel, as one product with the same columns as the forward pass. jax-js writes it as a
 * convolution with the batch on the second axis, the output gradient as its kernel and the kernel gradient as its
 * output.
 */
export function kernelGradientOfColumns(context: Context, equation: Equation, geometry: Geometry): void {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const gradients = pixelRows(context, rhs, 1);
  const channels = lhs.shape[0]!;
  const [positions, samples, outputs] = gradients.shape;
  const offsets = coordinates(geometry.output);
  const every = coordinates(geometry.kernel).map((position) =>
    offsets.map((offset) => pixelAt(geometry, offset, position) ?? -1),
  );
  const [first, end] = rangeInside(every);
  const used = end - first;
  const pixels = every.flatMap((under) => under.slice(first, end));
  const width = used * channels;
  // With many outputs a fifth faster, almost twice as fast for narrow columns; with few outputs slower.
  const outputsLast = outputs >= 64;
  const pieces = inPieces(positions, width * samples, (from, to) => {
    const whole = from === 0 && to === positions;
    const some = whole ? gradients.name : context.slice(gradients.name, [{ axis: 0, start: from, end: to }]);
    const under = pixels.slice(from * used, to * used);
    const long = columns(context, lhs, 1, under, used, whole ? "forward" : "backward");
    const flat = context.reshape(some, [to - from, samples, outputs], [(to - from) * samples, outputs]);
    const [left, right] = outputsLast ? [long, flat] : [flat, long];
    return context.matmul(left, right, { transA: true, transB: false, rank: 2 });
  });
  const sum = pieces.length === 1 ? pieces[0]! : context.emit("Sum", pieces);
  const { shape } = equation.outputs[0]!;
  const spatial = geometry.output.map((_, axis) => axis + 2);
  const order = outputsLast ? [...spatial, 0, 1] : [1, ...spatial, 0];
  const base = order.map((axis) => shape[axis]!);
  const extents = (count: number) => (outputsLast ? [count, channels, outputs] : [outputs, count, channels]);
  const found = context.reshape(sum, outputsLast ? [width, outputs] : [outputs, width], extents(used));
  // Nothing met the rest of the kernel.
  const around: [number, number] = [first, offsets.length - end];
  const widths = [0, 1, 2].map((axis): [number, number] => (axis === Number(!outputsLast) ? around : [0, 0]));
  const gradient = context.pad(found, widths, extents(used));
  context.set(equation.outputs[0]!, {
    name: context.reshape(gradient, extents(offsets.length), base),
    base,
    map: shape.map((_, axis) => order.indexOf(axis)),
    shape,
  });
}
