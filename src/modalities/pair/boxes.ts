import type { Sample } from "../../data/views.ts";
import type { Box } from "./pair.ts";

const hasSides = (image: Sample): image is { readonly width: number; readonly height: number } =>
  typeof image === "object" && image !== null && "width" in image && "height" in image;

/** Boxes in the largest square around the image's centre, to which an image is cut that is not augmented. */
export function boxesInView(boxes: readonly Box[], image: Sample): readonly Box[] {
  if (!hasSides(image) || image.width === image.height) return boxes;
  const side = Math.min(image.width, image.height);
  const along = (start: number, extent: number, whole: number) => ({
    start: (start * whole - (whole - side) / 2) / side,
    extent: (extent * whole) / side,
  });
  return boxes.map(({ phrase, ...box }) => {
    const x = along(box.x, box.width, image.width);
    const y = along(box.y, box.height, image.height);
    return { phrase, x: x.start, y: y.start, width: x.extent, height: y.extent };
  });
}

/**
 * How much of each patch the boxes of a phrase cover, in [0, 1], row by row.
 * @param grid rows and columns of patches
 */
export function coveredPatches(boxes: readonly Box[], [rows = 1, columns = 1]: readonly number[]): Float32Array {
  const overlap = (start: number, extent: number, cell: number, cells: number) =>
    Math.max(0, Math.min(start + extent, (cell + 1) / cells) - Math.max(start, cell / cells)) * cells;
  return Float32Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    const shares = boxes.map(
      ({ x, y, width, height }) => overlap(x, width, column, columns) * overlap(y, height, row, rows),
    );
    return Math.min(
      1,
      shares.reduce((sum, share) => sum + share, 0),
    );
  });
}
