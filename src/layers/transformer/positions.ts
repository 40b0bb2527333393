import { float32, sizeOf, type Tensor } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";

/**
 * Checks the width of a Transformer with sine–cosine positions.
 * @param what whose width, for the message: `mae: a decoder width`
 * @throws UserError when it fits neither the heads nor the positions
 */
export function refuseWidth(what: string, width: number, heads: number): void {
  if (width % heads !== 0 || width % 4 !== 0)
    throw new UserError(
      `${what} of ${width} is not a multiple of 4 and of its ${heads} heads; try ${Math.ceil(width / (4 * heads)) * 4 * heads}`,
    );
}

/**
 * Fixed sine–cosine positions of a grid of any number of axes, `[cells, width]`, cells in row-major order. The width is
 * split evenly, the last axis first, each with sines and then cosines: of two axes the first half encodes the column, the
 * second the row, as in MAE's released code (https://github.com/facebookresearch/mae). If the width cannot be split
 * evenly, shares are rounded up and the end is cut off, as in V-JEPA's code (https://github.com/facebookresearch/jepa).
 * @param native the encoder's grid over the same extents: positions are the centres of this grid's cells in that grid's
 *   coordinates
 * @throws Error unless the width is a multiple of 4
 */
export function sinCosPositions(grid: readonly number[], width: number, native: readonly number[] = grid): Tensor {
  if (width % 4 !== 0) throw new Error(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);
  const count = sizeOf(grid);
  const share = Math.ceil(width / (2 * grid.length));
  const frequencies = globalThis.Array.from({ length: share }, (_, index) => 10000 ** (-index / share));
  const values = new Float32Array(count * width);
  let stride = 1;
  let start = 0;
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    const extent = grid[axis]!;
    for (let cell = 0; cell < count; cell++) {
      const place = middle(Math.floor(cell / stride) % extent, native[axis]! / extent);
      const row = values.subarray(cell * width, (cell + 1) * width);
      // Writes beyond the end of the row are ignored.
      for (let i = 0; i < share; i++) {
        row[start + i] = Math.sin(place * frequencies[i]!);
        row[start + share + i] = Math.cos(place * frequencies[i]!);
      }
    }
    stride *= extent;
    start += 2 * share;
  }
  return float32(values, [count, width]);
}

/**
 * Fixed positions of a sequence, `[count, width]`: a sine and a cosine of each frequency in turn, as in Vaswani et al. 2017
 * (https://arxiv.org/abs/1706.03762, section 3.5). VideoMAE numbers the patches of a clip so, slice after slice.
 */
export function tokenPositions(count: number, width: number): Tensor {
  const values = new Float32Array(count * width);
  for (let token = 0; token < count; token++)
    for (let i = 0; i < width; i++) {
      const angle = token / 10000 ** ((2 * Math.floor(i / 2)) / width);
      values[token * width + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  return float32(values, [count, width]);
}

/** Centre of cell `index` in units of cells 1 / `scale` as wide; `index` itself when `scale` is 1. */
const middle = (index: number, scale: number): number => (index + 0.5) * scale - 0.5;

/** Keys' cubic convolution kernel; PyTorch has a = −0.75, and −0.5 where it antialiases. */
function cubic(distance: number, a: number): number {
  const t = Math.abs(distance);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0;
}

/** Cubic interpolation of one axis as weights `[to][from]`: four neighbours, the border repeated. */
const cubicAxis = (from: number, to: number): number[][] =>
  globalThis.Array.from({ length: to }, (_, index) => {
    const place = middle(index, from / to);
    const weights = new globalThis.Array<number>(from).fill(0);
    for (let at = Math.floor(place) - 1; at <= Math.floor(place) + 2; at++)
      weights[Math.min(from - 1, Math.max(0, at))]! += cubic(place - at, -0.75);
    return weights;
  });

/** The same with a kernel that widens where cells become fewer, and is cut off at the border: PyTorch's `antialias=True`. */
const antialiasedAxis = (from: number, to: number): number[][] =>
  globalThis.Array.from({ length: to }, (_, index) => {
    const scale = Math.max(1, from / to);
    const place = middle(index, from / to);
    const weights = globalThis.Array.from({ length: from }, (_, at) => cubic((at - place) / scale, -0.5));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  });

/**
 * The matrix that resizes learned positions from one grid to another by cubic interpolation along each axis,
 * `[cells of to, cells of from]`: for two axes `torch.nn.functional.interpolate(mode="bicubic")`, as DINO's ViT does for
 * crops (https://github.com/facebookresearch/dino; it adds a tenth of a patch to the scale against rounding; here the
 * scale is exact).
 * @param antialias averages over more cells where the grid becomes smaller: `antialias=True`, as in timm and in DINOv2 with
 *   registers
 */
export function resizePositions(
  from: readonly number[],
  to: readonly number[],
  { antialias = false }: { readonly antialias?: boolean } = {},
): Tensor {
  const along = from.map((extent, axis) => (antialias ? antialiasedAxis : cubicAxis)(extent, to[axis]!));
  const rows = along.reduce<number[][]>(
    (before, weights) =>
      before.flatMap((outer) =>
        weights.map((inner) => outer.flatMap((first) => inner.map((second) => first * second))),
      ),
    [[1]],
  );
  return float32(rows.flat(), [sizeOf(to), sizeOf(from)]);
}
