import { alike, type Image } from "../../../pixels/image.ts";

/** From a place in the output to its place in the input: `[a, b, c, d, e, f]` for (a x + b y + c, d x + e y + f). */
export type Matrix = readonly [number, number, number, number, number, number];

/** Sixteen bits behind the point, as Pillow counts. */
const ONE = 65_536;
const fixed = (value: number): number => Math.floor(value * ONE + 0.5);

/**
 * Pillow's `Image.transform` with `AFFINE` and the nearest pixel, to the byte.
 * @param fill the bytes of one pixel, for what comes from outside the image
 */
export function affine(image: Image, [a, b, c, d, e, f]: Matrix, fill: readonly number[]): Image {
  const { width, height, channels, data: source } = image;
  const data = alike(source, source.length);
  const [alongX, alongY] = [fixed(a), fixed(d)];
  const [downX, downY] = [fixed(b), fixed(e)];
  // Places are those of the pixels' centres.
  let [rowX, rowY] = [fixed(c + (a + b) / 2), fixed(f + (d + e) / 2)];
  for (let y = 0, to = 0; y < height; y++) {
    let [fromX, fromY] = [rowX, rowY];
    for (let x = 0; x < width; x++) {
      const [column, row] = [fromX >> 16, fromY >> 16];
      if (column >= 0 && column < width && row >= 0 && row < height) {
        const from = (row * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) data[to++] = source[from + channel]!;
      } else for (let channel = 0; channel < channels; channel++) data[to++] = fill[channel]!;
      fromX += alongX;
      fromY += alongY;
    }
    rowX += downX;
    rowY += downY;
  }
  return { ...image, data };
}

/** Slanted to the side: a row lies `slope` times its distance from the top further left. */
export const shearX = (image: Image, slope: number, fill: readonly number[]): Image =>
  affine(image, [1, slope, 0, 0, 1, 0], fill);

/** Slanted up or down: a column lies `slope` times its distance from the left edge higher. */
export const shearY = (image: Image, slope: number, fill: readonly number[]): Image =>
  affine(image, [1, 0, 0, slope, 1, 0], fill);

/** Moved by whole pixels to the right and down. */
export const translate = (image: Image, right: number, down: number, fill: readonly number[]): Image =>
  affine(image, [1, 0, -right, 0, 1, -down], fill);

/** Rotated about the centre, counter-clockwise, as Pillow's `Image.rotate`. */
export function rotate(image: Image, degrees: number, fill: readonly number[]): Image {
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = [image.width / 2, image.height / 2];
  return affine(image, [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y], fill);
}
