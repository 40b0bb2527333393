import type { Atom, Equation } from "../graph.ts";
import { columns, inPieces, lookUp } from "./columns.ts";
import type { Context } from "./context.ts";
import { type Geometry, setPixelRows } from "./rows.ts";

/**
 * Gradient of a 1-D convolution with respect to its input, where the kernel is a multiple of the stride: as many positions
 * as the stride depend on the same pixels of the output's gradient, so all of them are one wide product with one set of
 * columns. Other kernels need a product for each position within a stride (see `productOfColumns`).
 * @returns whether the equation has this form
 */
export function productOfBlocks(context: Context, equation: Equation, geometry: Geometry): boolean {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [stride = 1, another] = geometry.lhsDilation;
  const [extent = 0] = geometry.kernel;
  const { atom: kernel, flipped } = context.unflipped(rhs);
  const isPlain = geometry.strides[0] === 1 && geometry.rhsDilation[0] === 1;
  if (another !== undefined || stride === 1 || extent % stride !== 0 || !flipped || !isPlain) return false;

  const taps = extent / stride;
  const [samples, channels] = [lhs.shape[0]!, lhs.shape[1]!];
  const outputs = rhs.shape[0]!;
  const [length = 0] = geometry.output;
  const [pixels = 0] = geometry.input;
  const [[before = 0] = []] = geometry.padding;
  /** The first pixel under the kernel at a position. */
  const firstAt = (position: number) => Math.ceil((position - before) / stride);
  const first = firstAt(0);
  const blocks = firstAt(length - 1) - first + 1;

  const weights = context.reshape(
    context.inOrder(context.whole(kernel), [2, 1, 0]),
    [extent, channels, outputs],
    [taps, stride, channels, outputs],
  );
  const matrix = context.reshape(
    context.transpose(weights, [0, 2, 1, 3], [taps, stride, channels, outputs]),
    [taps, channels, stride, outputs],
    [taps * channels, stride * outputs],
  );
  // The kernel is stored before its flip, so that its first taps meet the last pixels.
  const under = globalThis.Array.from({ length: blocks * taps }, (_, at) => {
    const pixel = first + Math.floor(at / taps) + taps - 1 - (at % taps);
    return pixel >= 0 && pixel < pixels ? pixel : -1;
  });
  const width = taps * channels;
  const pieces = inPieces(blocks, width * samples, (from, to) => {
    const long = columns(context, lhs, 0, under.slice(from * taps, to * taps), taps, "backward");
    const product = context.matmul(long, matrix, { transA: false, transB: false, rank: 2 });
    const wide = [(to - from) * samples, stride * outputs];
    return context.reshape(product, wide, [(to - from) * samples * stride, outputs]);
  });
  const table = pieces.length === 1 ? pieces[0]! : context.emit("Concat", pieces, { axis: 0 });
  const starts = globalThis.Array.from({ length }, (_, position) => {
    const block = firstAt(position);
    const within = position - before - stride * (block - 1) - 1;
    return (block - first) * samples * stride + within;
  });
  const each = globalThis.Array.from({ length: samples }, (_, sample) => sample * stride);
  const flat = [length * samples, outputs] as const;
  const rows = lookUp(context, table, starts, each, 1, flat, "backward");
  const shape = [length, samples, outputs] as const;
  setPixelRows(context, equation.outputs[0]!, { name: context.reshape(rows, flat, shape), shape });
  return true;
}
