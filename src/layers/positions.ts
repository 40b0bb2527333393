import { float32, type Tensor } from "../array/index.ts";

/**
 * Fixed sine–cosine positions of a grid, `[rows × columns, width]`: the first half of the width encodes the column,
 * the second the row, as in MAE's released code (https://github.com/facebookresearch/mae).
 * @param native rows and columns of the grid that spans the same area; where it differs from this one's, the middles of
 *   this grid's cells are looked up in that grid's coordinates
 * @throws Error unless the width is a multiple of 4
 */
export function sinCosPositions(
  rows: number,
  columns: number,
  width: number,
  native: readonly [number, number] = [rows, columns],
): Tensor {
  if (width % 4 !== 0) throw new Error(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);
  const quarter = width / 4;
  const values = new Float32Array(rows * columns * width);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const start = (y * columns + x) * width;
      const row = middle(y, native[0] / rows);
      const column = middle(x, native[1] / columns);
      for (let i = 0; i < quarter; i++) {
        const frequency = 10000 ** (-i / quarter);
        values[start + i] = Math.sin(column * frequency);
        values[start + quarter + i] = Math.cos(column * frequency);
        values[start + 2 * quarter + i] = Math.sin(row * frequency);
        values[start + 3 * quarter + i] = Math.cos(row * frequency);
      }
    }
  return float32(values, [rows * columns, width]);
}

/** Where the middle of cell `index` lies among cells that are 1 / `scale` as wide; `index` itself when `scale` is 1. */
const middle = (index: number, scale: number): number => (index + 0.5) * scale - 0.5;

/** Keys' cubic convolution kernel with a = −0.75, PyTorch's. */
function cubic(distance: number): number {
  const a = -0.75;
  const t = Math.abs(distance);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0;
}

/** Weights `[to][from]` of one axis: four neighbours of each place, those beyond the border being the border's. */
const cubicAxis = (from: number, to: number): number[][] =>
  globalThis.Array.from({ length: to }, (_, index) => {
    const place = middle(index, from / to);
    const weights = new globalThis.Array<number>(from).fill(0);
    for (let at = Math.floor(place) - 1; at <= Math.floor(place) + 2; at++)
      weights[Math.min(from - 1, Math.max(0, at))]! += cubic(place - at);
    return weights;
  });

/**
 * The matrix that takes learned positions of one grid to those of another by bicubic interpolation, `[to rows × to
 * columns, from rows × from columns]`: `torch.nn.functional.interpolate(mode="bicubic")`, with which DINO's ViT reads
 * crops (https://github.com/facebookresearch/dino; it scales by a factor that is a tenth of a patch too large, against
 * rounding; here the factor is exact).
 */
export function resizePositions(from: readonly [number, number], to: readonly [number, number]): Tensor {
  const [ofRows, ofColumns] = [cubicAxis(from[0], to[0]), cubicAxis(from[1], to[1])];
  const values = ofRows.flatMap((down) =>
    ofColumns.flatMap((across) => down.flatMap((first) => across.map((second) => first * second))),
  );
  return float32(values, [to[0] * to[1], from[0] * from[1]]);
}
