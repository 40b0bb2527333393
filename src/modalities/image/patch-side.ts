/**
 * Side in pixels of the smallest square of whole patches, which the sides of crops and tiles must be multiples of.
 * @param size side of the images that the encoder usually sees
 * @param grid patches of such an image along each axis; none of an encoder that does not cut images
 * @returns 1 without a grid
 */
export const patchSide = (size: number, grid: readonly number[] | undefined): number =>
  grid ? size / grid.reduce(commonDivisor) : 1;

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
