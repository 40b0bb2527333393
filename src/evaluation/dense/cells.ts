import { type Mask, NO_CLASS } from "../../data/targets/masks.ts";

/** Rows and columns of cells: an encoder's patches, or the places of its feature map. */
export type Grid = readonly [rows: number, columns: number];

/**
 * The share of each class among the pixels of every cell, `[cells, classes]`; zeros for a cell in which no pixel has a class.
 * A cell of a mask with fewer pixels than cells has its nearest pixel.
 */
export function sharesOf({ width, height, data }: Mask, [rows, columns]: Grid, classes: number): Float32Array {
  const shares = new Float32Array(rows * columns * classes);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = pixelsOf(row, rows, height);
    for (let column = 0; column < columns; column++) {
      const [left, right] = pixelsOf(column, columns, width);
      const at = (row * columns + column) * classes;
      let count = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) {
          const label = data[y * width + x]!;
          if (label === NO_CLASS) continue;
          shares[at + label]!++;
          count++;
        }
      for (let label = 0; label < classes; label++) shares[at + label]! /= Math.max(1, count);
    }
  }
  return shares;
}

/** The pixels whose centres are in a cell, or else the pixel at the cell's centre. */
function pixelsOf(cell: number, cells: number, pixels: number): [from: number, to: number] {
  const from = Math.ceil((cell * pixels) / cells - 0.5);
  const to = Math.ceil(((cell + 1) * pixels) / cells - 0.5);
  if (to > from) return [from, to];
  const middle = Math.floor(((cell + 0.5) * pixels) / cells);
  return [middle, middle + 1];
}

/** Where an output pixel lies between two cells: half-pixel centres, as `align_corners=False`. */
function between(pixel: number, pixels: number, cells: number): [first: number, second: number, weight: number] {
  const place = Math.min(Math.max(((pixel + 0.5) * cells) / pixels - 0.5, 0), cells - 1);
  const first = Math.floor(place);
  return [first, Math.min(first + 1, cells - 1), place - first];
}

/**
 * The class of every pixel: the largest of the cells' scores, interpolated bilinearly to `width × height`.
 * @param scores `[cells, classes]`; of equal scores the lower class's counts
 */
export function classesOf(
  scores: Float32Array,
  [rows, columns]: Grid,
  { width, height }: Pick<Mask, "width" | "height">,
): Mask {
  const classes = scores.length / (rows * columns);
  const data = new Uint8Array(width * height);
  const line = new Float32Array(columns * classes);
  const across = Array.from({ length: width }, (_, x) => between(x, width, columns));
  for (let y = 0; y < height; y++) {
    const [above, below, down] = between(y, height, rows);
    for (let i = 0; i < line.length; i++) {
      const first = scores[above * line.length + i]!;
      line[i] = first + (scores[below * line.length + i]! - first) * down;
    }
    for (let x = 0; x < width; x++) {
      const [left, right, weight] = across[x]!;
      let [best, most] = [0, Number.NEGATIVE_INFINITY];
      for (let label = 0; label < classes; label++) {
        const first = line[left * classes + label]!;
        const score = first + (line[right * classes + label]! - first) * weight;
        if (score > most) [best, most] = [label, score];
      }
      data[y * width + x] = best;
    }
  }
  return { width, height, data };
}
