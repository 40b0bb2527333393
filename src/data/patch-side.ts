/**
 * Side in pixels of the smallest square of whole patches: the sides of crops and tiles must be multiples of it.
 * @param size the encoder's image size
 * @param grid patches of such an image along each axis, for encoders with patches
 * @returns 1 without a grid
 */
export const patchSide = (size: number, grid: readonly number[] | undefined): number =>
  grid ? size / grid.reduce(commonDivisor) : 1;

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

/**
 * The length along one axis of a crop or segment: a whole number of the usual input's parts, at least one.
 * @param extent share of the usual input
 * @param usual length of the usual input
 * @param parts its patches or steps along the axis; every value by itself by default
 */
export const wholeParts = (extent: number, usual: number, parts = usual): number =>
  Math.round(Math.max(1, Math.round(extent * parts)) * (usual / parts));
