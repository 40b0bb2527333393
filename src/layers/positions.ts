import { float32, type Tensor } from "../array/index.ts";

/**
 * Fixed sine–cosine positions of a grid, `[rows × columns, width]`: the first half of the width encodes the column,
 * the second the row, as in MAE's released code (https://github.com/facebookresearch/mae).
 * @throws Error unless the width is a multiple of 4
 */
export function sinCosPositions(rows: number, columns: number, width: number): Tensor {
  if (width % 4 !== 0) throw new Error(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);
  const quarter = width / 4;
  const values = new Float32Array(rows * columns * width);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const start = (row * columns + column) * width;
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
