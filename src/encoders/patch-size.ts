import { sizeOf } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { extentsInWords, gridOfPatches } from "../layers/transformer/patches.ts";

const MOST_PATCHES = 16_384;

/** Patches of an input. @throws UserError when they are too many */
export function countOfPatches(extents: readonly number[], patch: readonly number[]): number {
  const count = sizeOf(gridOfPatches(extents, patch));
  if (count <= MOST_PATCHES) return count;
  throw new UserError(
    `patches of ${oneOrAll(patch)} cut an input of ${extentsInWords(extents)} into ${count}; at most ${MOST_PATCHES} are possible, as memory grows with their square`,
  );
}

/** The extents of a patch. @throws UserError that names sizes that fit, when these do not fit the input */
export function patchOf(size: number | readonly number[] | undefined, extents: readonly number[]): readonly number[] {
  const patch = typeof size === "object" ? size : extents.map((_, axis) => size ?? defaultPatch(extents, axis));
  if (patch.length !== extents.length)
    throw new UserError(
      `a patch size of ${patch.join(",")} has ${patch.length} numbers, and the input ${extents.length} axes (${extentsInWords(extents)})`,
    );
  if (extents.some((extent, axis) => extent % patch[axis]! !== 0))
    throw new UserError(
      `a patch size of ${oneOrAll(patch)} does not divide an input of ${extentsInWords(extents)}; ${patchSizes(extents)}`,
    );
  return patch;
}

/**
 * Default extent of a patch along an axis: 4, 8 or 16 pixels, two frames, or so that a series has at most 128 patches. A
 * video's are coarser for its size: the memory of attention grows with the square of their number.
 */
function defaultPatch(extents: readonly number[], axis: number): number {
  const [first = 1] = extents;
  if (extents.length === 1) return 4 * 2 ** Math.max(0, Math.ceil(Math.log2(first / (4 * 128))));
  if (extents.length === 3 && axis === 0) return first % 2 === 0 ? 2 : 1;
  const height = extents.at(-2)!;
  if (extents.length === 3) return height <= 16 ? 4 : height <= 40 ? 8 : 16;
  return height <= 40 ? 4 : height <= 96 ? 8 : 16;
}

/** One number if all axes have the same extent, else all of them: `2 × 16 × 16`. */
export const oneOrAll = (extents: readonly number[]): number | string =>
  extents.every((extent) => extent === extents[0]) ? extents[0]! : extentsInWords(extents);

/** Advice for a patch size that does not fit: the sizes that do, or another input size. */
function patchSizes(extents: readonly number[]): string {
  const fitting = globalThis.Array.from({ length: Math.min(...extents) }, (_, index) => index + 1).filter(
    (side) => side > 1 && side < Math.max(...extents) && extents.every((extent) => extent % side === 0),
  );
  return fitting.length > 0 ? `try ${fitting.join(", ")}` : "no patch size does; change the input to a multiple of 8";
}
