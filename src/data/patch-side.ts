/**
 * Side in pixels of the smallest square of whole patches: the sides of crops and tiles must be multiples of it.
 * @param size the encoder's image size
 * @param grid patches of such an image along each axis, for encoders with patches
 * @returns 1 without a grid
 */
export const patchSide = (size: number, grid: readonly number[] | undefined): number =>
  grid ? size / grid.reduce(commonDivisor) : 1;

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
