import type { Atom, Equation } from "../graph.ts";
import type { Context } from "./context.ts";
import { type Geometry, type Pass, pixelRows, type Rows, setPixelRows } from "./rows.ts";

const KERNEL = 3;
/** With fewer channels, the products between the transforms are too small to be fast. */
const LEAST_CHANNELS = 16;
/** Tiles are used only if they need less than this share of the direct convolution's multiplications. */
const WORTH = 0.8;

/**
 * F(tile, 3) of Winograd's minimal filtering by the Cook–Toom construction: `tile` outputs of a 3-tap filter from
 * `tile + 2` products. Winograd 1980; for convolutions Lavin & Gray 2015, https://arxiv.org/abs/1509.09308. The points
 * ±√½, ±√2 lose no more precision than a direct sum over 64 channels; the usual ±1, ±2 lose four times as much.
 */
const POINTS: Readonly<Record<2 | 4, readonly number[]>> = {
  2: [0, 1, -1],
  4: [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2],
};

/** Coefficients of a product of polynomials. */
const times = (a: readonly number[], b: readonly number[]): number[] => {
  const product = globalThis.Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      product[i + j]! += x * y;
    });
  });
  return product;
};

/** The transforms of F(tile, 3): of an input tile, of the kernel, and back to outputs. Rows are frequencies. */
function transforms(tile: 2 | 4) {
  const points = POINTS[tile];
  const others = points.map((point) => points.filter((other) => other !== point));
  const roots = (list: readonly number[]) => list.reduce<number[]>((poly, root) => times(poly, [-root, 1]), [1]);
  const powers = (point: number, count: number) =>
    globalThis.Array.from({ length: count }, (_, power) => point ** power);
  const last = (count: number) => globalThis.Array.from({ length: count }, (_, index) => +(index === count - 1));
  return {
    input: [...others.map((list) => [...roots(list), 0]), roots(points)],
    kernel: [
      ...points.map((point, index) => {
        const scale = others[index]!.reduce((product, other) => product * (point - other), 1);
        return powers(point, KERNEL).map((power) => power / scale);
      }),
      last(KERNEL),
    ],
    output: [...points.map((point) => powers(point, tile)), last(tile)],
  };
}

/** One spatial axis of a convolution cut into tiles. */
interface Axis {
  readonly frequencies: number;
  readonly tiles: number;
  readonly input: number;
  readonly output: number;
  /** `[frequencies × tiles, input]`; includes padding and overlap. */
  readonly spread: readonly number[];
  /** `[output, frequencies × tiles]` */
  readonly gather: readonly number[];
  /** `[frequencies][3]` */
  readonly kernel: readonly (readonly number[])[];
}

/** @param before zeros in front of the axis */
function axisOf(input: number, output: number, before: number): Axis {
  const cost = (tile: number) => (tile + 2) * Math.ceil(output / tile);
  const tile = cost(4) <= cost(2) ? 4 : 2;
  const of = transforms(tile);
  const frequencies = tile + 2;
  const tiles = Math.ceil(output / tile);
  const spread = globalThis.Array<number>(frequencies * tiles * input).fill(0);
  const gather = globalThis.Array<number>(output * frequencies * tiles).fill(0);
  for (let frequency = 0; frequency < frequencies; frequency++)
    for (let index = 0; index < tiles; index++) {
      const row = frequency * tiles + index;
      of.input[frequency]!.forEach((factor, at) => {
        const pixel = index * tile + at - before;
        if (pixel >= 0 && pixel < input) spread[row * input + pixel] = factor;
      });
      of.output[frequency]!.forEach((factor, at) => {
        const pixel = index * tile + at;
        if (pixel < output) gather[pixel * frequencies * tiles + row] = factor;
      });
    }
  return { frequencies, tiles, input, output, spread, gather, kernel: of.kernel };
}

type Axes = readonly [rows: Axis, columns: Axis];

/** Axes of the forward pass; undefined if tiles save too little. @param input, output extents of the forward pass */
function axesFor(
  input: readonly number[],
  output: readonly number[],
  before: readonly number[],
  channels: readonly number[],
): Axes | undefined {
  if (input.length !== 2 || Math.min(...channels) < LEAST_CHANNELS) return undefined;
  const [rows, columns] = input.map((extent, axis) => axisOf(extent, output[axis]!, before[axis]!));
  if (!rows || !columns) return undefined;
  const [tall, wide] = [rows.frequencies * rows.tiles, columns.frequencies * columns.tiles];
  const [inputs = 0, outputs = 0] = channels;
  const transform = (height: number, width: number, depth: number) =>
    tall * height * width * depth + tall * wide * width * depth;
  const tiled =
    tall * wide * inputs * outputs +
    transform(rows.input, columns.input, inputs) +
    transform(rows.output, columns.output, outputs);
  return tiled < WORTH * KERNEL ** 2 * rows.output * columns.output * inputs * outputs ? [rows, columns] : undefined;
}

const spreadOf = ({ spread, frequencies, tiles, input }: Axis) =>
  ({ matrix: spread, shape: [frequencies * tiles, input] }) as const;
const gatherOf = ({ gather, frequencies, tiles, output }: Axis) =>
  ({ matrix: gather, shape: [output, frequencies * tiles] }) as const;

interface Frequencies {
  readonly name: string;
  /** Axes of extent 1 in front of the others. */
  readonly lead: readonly number[];
  readonly extents: readonly number[];
}

/**
 * Transforms pixels to frequencies, `[frequencies, tiles, frequencies, tiles × samples, channels]`, one axis at a
 * time.
 */
function toFrequencies(
  context: Context,
  { name, shape }: Rows,
  [rows, columns]: Axes,
  matrices: "spread" | "gather",
  pass: Pass,
): Frequencies {
  const [, samples, channels] = shape;
  // The transposed gather is the adjoint of the output transform, which gradients need.
  const transA = matrices === "gather";
  const [down, across] = [rows, columns].map((axis) => (transA ? gatherOf(axis) : spreadOf(axis)));
  if (!down || !across) throw new Error("winograd: two axes are needed");
  const [height, width] = transA ? [rows.output, columns.output] : [rows.input, columns.input];
  const tall = rows.frequencies * rows.tiles;
  const wide = columns.frequencies * columns.tiles;
  const depth = samples * channels;
  const lead = context.apart(`${name} ${matrices} ${pass}`, [tall, wide, samples, channels]);
  const first = context.matmul(
    context.writer.constant("float32", down.matrix, down.shape),
    context.reshape(name, shape, [...lead, height, width * depth]),
    { transA, transB: false, rank: 2 + lead.length },
  );
  const second = context.matmul(
    context.writer.constant("float32", across.matrix, across.shape),
    context.reshape(first, [...lead, tall, width * depth], [...lead, tall, width, depth]),
    { transA, transB: false, rank: 3 + lead.length },
  );
  const extents = [rows.frequencies, rows.tiles, columns.frequencies, columns.tiles * samples, channels];
  return { name: context.reshape(second, [...lead, tall, wide, depth], [...lead, ...extents]), lead, extents };
}

/** Transforms frequencies back to pixels: columns first, then rows. */
function toPixels(
  context: Context,
  { name, lead, extents }: Frequencies,
  [rows, columns]: Axes,
  [samples, channels]: readonly [number, number],
  matrices: "spread" | "gather",
): Rows {
  const transA = matrices === "spread";
  const [down, across] = [rows, columns].map((axis) => (transA ? spreadOf(axis) : gatherOf(axis)));
  if (!down || !across) throw new Error("winograd: two axes are needed");
  const [height, width] = transA ? [rows.input, columns.input] : [rows.output, columns.output];
  const tall = rows.frequencies * rows.tiles;
  const wide = columns.frequencies * columns.tiles;
  const depth = samples * channels;
  const first = context.matmul(
    context.writer.constant("float32", across.matrix, across.shape),
    context.reshape(name, [...lead, ...extents], [...lead, tall, wide, depth]),
    { transA, transB: false, rank: 3 + lead.length },
  );
  const second = context.matmul(
    context.writer.constant("float32", down.matrix, down.shape),
    context.reshape(first, [...lead, tall, width, depth], [...lead, tall, width * depth]),
    { transA, transB: false, rank: 2 + lead.length },
  );
  const shape = [height * width, samples, channels] as const;
  return { name: context.reshape(second, [...lead, height, width * depth], shape), shape };
}

/** `[9, frequencies × frequencies]`: the weight of each of the kernel's nine elements in each frequency. */
const kernelMatrix = (context: Context, [rows, columns]: Axes): string => {
  const offsets = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [row, column] as const));
  const factors = offsets.flatMap(([row, column]) =>
    rows.kernel.flatMap((down) => columns.kernel.map((across) => down[row]! * across[column]!)),
  );
  return context.writer.constant("float32", factors, [KERNEL ** 2, rows.frequencies * columns.frequencies]);
};

/** The transformed kernel, `[frequencies, 1, frequencies, …]`, with input and output channels in stored order. */
function kernelFrequencies(context: Context, kernel: Atom, axes: Axes, pass: Pass) {
  const view = context.whole(kernel);
  const outputsFirst = view.map[0]! < view.map[1]!;
  const order = outputsFirst ? [0, 1, 2, 3] : [1, 0, 2, 3];
  const [first, second] = order.map((axis) => kernel.shape[axis]!) as [number, number];
  const [rows, columns] = axes;
  const name = context.inOrder(view, order);
  const whole = [rows.frequencies * columns.frequencies, first * second];
  const lead = context.apart(`${name} ${pass}`, whole);
  const flat = context.reshape(name, [first, second, KERNEL, KERNEL], [...lead, first * second, KERNEL ** 2]);
  const product = context.matmul(kernelMatrix(context, axes), flat, {
    transA: true,
    transB: true,
    rank: 2 + lead.length,
  });
  const extents = [rows.frequencies, 1, columns.frequencies, first, second];
  return { name: context.reshape(product, [...lead, ...whole], extents), outputsFirst };
}

/** A 3 × 3 convolution by tiles, forward or as its input's gradient. @returns false if tiles save too little */
export function tiledConvolution(context: Context, equation: Equation, geometry: Geometry): boolean {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [outputs, inputs] = rhs.shape as [number, number];
  const { atom: kernel, flipped } = context.unflipped(rhs);
  const before = geometry.padding.map(([low]) => low);
  const axes = flipped
    ? axesFor(
        geometry.output,
        geometry.input,
        before.map((low) => KERNEL - 1 - low),
        [outputs, inputs],
      )
    : axesFor(geometry.input, geometry.output, before, [inputs, outputs]);
  if (!axes) return false;
  // A flipped kernel means an input gradient: as the adjoint of the forward pass it shares the transformed output
  // gradient with the kernel gradient. The kernel, which grows fourfold, is transformed again instead of kept.
  const [into, back] = flipped ? (["gather", "spread"] as const) : (["spread", "gather"] as const);
  const pixels = pixelRows(context, lhs, 0);
  const samples = pixels.shape[1];
  const pass = flipped ? "backward" : "forward";
  const frequencies = toFrequencies(context, pixels, axes, into, pass);
  const weights = kernelFrequencies(context, kernel, axes, pass);
  const { lead, extents } = frequencies;
  const rank = lead.length + extents.length;
  const product = {
    name: context.matmul(frequencies.name, weights.name, { transA: false, transB: weights.outputsFirst, rank }),
    lead,
    extents: extents.with(-1, outputs),
  };
  setPixelRows(context, equation.outputs[0]!, toPixels(context, product, axes, [samples, outputs], back));
  return true;
}

/** Kernel gradient of a tiled convolution, with the transforms that forward pass and input gradient use too. */
export function tiledKernelGradient(context: Context, equation: Equation, geometry: Geometry): boolean {
  const [lhs, rhs] = equation.inputs as [Atom, Atom];
  const [inputs, outputs] = [lhs.shape[0]!, rhs.shape[0]!];
  const axes = axesFor(
    geometry.input,
    geometry.kernel,
    geometry.padding.map(([low]) => low),
    [inputs, outputs],
  );
  if (!axes) return false;
  const [rows, columns] = axes;
  const images = toFrequencies(context, pixelRows(context, lhs, 1), axes, "spread", "backward");
  const gradients = toFrequencies(context, pixelRows(context, rhs, 1), axes, "gather", "backward");
  const { lead } = gradients;
  const right = context.reshape(images.name, [...images.lead, ...images.extents], images.extents);
  const products = context.matmul(gradients.name, right, { transA: true, transB: false, rank: lead.length + 5 });
  const perTile = [...lead, rows.frequencies, rows.tiles, columns.frequencies, outputs, inputs];
  const tiles = lead.length + 1;
  const summed =
    rows.tiles === 1 ? products : context.emit("ReduceSum", [products, context.writer.int64([tiles])], { keepdims: 0 });
  const all = [rows.frequencies * columns.frequencies, outputs * inputs];
  const flat = context.reshape(summed, rows.tiles === 1 ? perTile : perTile.toSpliced(tiles, 1), all);
  const gradient = context.matmul(flat, kernelMatrix(context, axes), {
    transA: true,
    transB: true,
    rank: 2,
  });
  const base = [outputs, inputs, KERNEL, KERNEL];
  context.set(equation.outputs[0]!, {
    name: context.reshape(gradient, [outputs * inputs, KERNEL ** 2], base),
    base,
    map: [1, 0, 2, 3],
    shape: equation.outputs[0]!.shape,
  });
  return true;
}
