/** An image in planes, row-major `[channels, height, width]`. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Where in an image a view is looked up, in pixels. */
export interface Look {
  /** Its middle, from the left and from the top: (0, 0) is the middle of the first pixel. */
  readonly centre: readonly [x: number, y: number];
  /** Steps to the next pixel of the view to the right, and downwards. */
  readonly right: readonly [x: number, y: number];
  readonly down: readonly [x: number, y: number];
}

/** The part of an image that `look` says, interpolated between pixels; beside the image, its edge. */
export function lookAt({ channels, height, width, data }: Planes, look: Look, rows: number, columns: number): Planes {
  const result = new Float32Array(channels * rows * columns);
  const [[cx, cy], [rx, ry], [dx, dy]] = [look.centre, look.right, look.down];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [u, v] = [column - (columns - 1) / 2, row - (rows - 1) / 2];
      const x = Math.max(0, Math.min(width - 1, cx + u * rx + v * dx));
      const y = Math.max(0, Math.min(height - 1, cy + u * ry + v * dy));
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [a, b] = [x - left, y - top];
      const [next, below] = [Math.min(width - 1, left + 1), Math.min(height - 1, top + 1)];
      for (let channel = 0; channel < channels; channel++) {
        const plane = channel * height * width;
        const upper = (1 - a) * data[plane + top * width + left]! + a * data[plane + top * width + next]!;
        const lower = (1 - a) * data[plane + below * width + left]! + a * data[plane + below * width + next]!;
        result[(channel * rows + row) * columns + column] = (1 - b) * upper + b * lower;
      }
    }
  return { channels, height: rows, width: columns, data: result };
}

/** A look at a box of an image that fills a view of this size. */
export const lookAtBox = (
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  rows: number,
  columns: number,
): Look => ({
  centre: [left + (width - 1) / 2, top + (height - 1) / 2],
  right: [width / columns, 0],
  down: [0, height / rows],
});

/** An image at another size: averaged where it is much smaller, else interpolated. */
export function resized(image: Planes, rows: number, columns: number): Planes {
  if (image.height === rows && image.width === columns) return image;
  const factor = Math.floor(Math.min(image.height / rows, image.width / columns));
  const source = factor > 1 ? averaged(image, factor) : image;
  const whole = { left: 0, top: 0, width: source.width, height: source.height };
  return lookAt(source, lookAtBox(whole, rows, columns), rows, columns);
}

/** Means of squares of pixels; what is left over at the right and below is not seen. */
function averaged({ channels, height, width, data }: Planes, factor: number): Planes {
  const [rows, columns] = [Math.floor(height / factor), Math.floor(width / factor)];
  const result = new Float32Array(channels * rows * columns);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < rows * factor; y++)
      for (let x = 0; x < columns * factor; x++)
        result[(channel * rows + Math.floor(y / factor)) * columns + Math.floor(x / factor)]! +=
          data[(channel * height + y) * width + x]! / factor ** 2;
  return { channels, height: rows, width: columns, data: result };
}
