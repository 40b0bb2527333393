import { type Array, np, sizeOf } from "../../array/index.ts";

/** Extents as text: `12 × 18`. */
export const extentsInWords = (extents: readonly number[]): string => extents.join(" × ");

/**
 * Number of patches along each axis of `extents`.
 * @throws Error when the patch does not divide every extent
 */
export function gridOfPatches(extents: readonly number[], patch: readonly number[]): number[] {
  if (extents.length !== patch.length || extents.some((extent, axis) => extent % patch[axis]! !== 0))
    throw new Error(
      `an input of ${extentsInWords(extents)} is not a whole number of patches of ${extentsInWords(patch)}`,
    );
  return extents.map((extent, axis) => extent / patch[axis]!);
}

/**
 * Cuts a batch into patches, on any number of axes: `[batch, channels, ...extents]` → `[batch, patches, values]`. Patches
 * are in row-major order of their grid; the values of a patch in that of its axes, channels last, as in MAE's code.
 * @param patch extent of a patch along each axis
 */
export function patchify(x: Array, patch: readonly number[]): Array {
  const [, channels = 0, ...extents] = x.shape;
  const grid = gridOfPatches(extents, patch);
  const split = np.reshape(x, [-1, channels, ...grid.flatMap((count, axis) => [count, patch[axis]!])]);
  const order = [0, ...grid.map((_, axis) => 2 + 2 * axis), ...grid.map((_, axis) => 3 + 2 * axis), 1];
  return np.reshape(np.transpose(split, order), [-1, sizeOf(grid), sizeOf(patch) * channels]);
}

/** The inverse: `[batch, patches, values]` of a whole grid → `[batch, channels, ...extents]`. */
export function unpatchify(patches: Array, channels: number, grid: readonly number[], patch: readonly number[]): Array {
  const axes = grid.length;
  const split = np.reshape(patches, [-1, ...grid, ...patch, channels]);
  const order = [0, 2 * axes + 1, ...grid.flatMap((_, axis) => [1 + axis, 1 + axes + axis])];
  return np.reshape(np.transpose(split, order), [-1, channels, ...grid.map((count, axis) => count * patch[axis]!)]);
}
