import type { Rng } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";

/** Rows and columns of patches; a patch's index is its place in reading order. */
export type Grid = readonly [rows: number, columns: number];

/** The grid that an encoder's tokens form. @throws UserError when they form none, as words do not */
export function gridOf(tokens: { readonly grid: readonly number[] }, method: string): Grid {
  const [rows, columns] = tokens.grid;
  if (!rows || !columns) throw new UserError(`${method}: the encoder's tokens do not form a grid of rows and columns`);
  return [rows, columns];
}

/** How many of `count` patches a ratio is: at least one, and one is left. */
export const shareOf = (count: number, ratio: number): number =>
  Math.min(count - 1, Math.max(1, Math.round(count * ratio)));

/** Indices of the patches where the mask is set, ascending. */
const placesOf = (mask: Uint8Array): Int32Array => Int32Array.from(mask.keys().filter((place) => mask[place] === 1));

/** Exactly `chosen` of `count` patches, any as likely as any other. @returns their indices, in random order */
export const randomPlaces = (rng: Rng, count: number, chosen: number): Int32Array =>
  rng.permutation(count).slice(0, chosen);

/**
 * Random squares of `side` × `side` patches, as in SimMIM's code: ⌈ratio · squares⌉ of them, the same number for every
 * sample. https://github.com/microsoft/SimMIM
 * @param side divides the rows and columns of the grid
 * @returns the indices of the patches in them, ascending
 */
export function randomSquares(rng: Rng, [rows, columns]: Grid, side: number, ratio: number): Int32Array {
  const across = columns / side;
  const squares = (rows / side) * across;
  const mask = new Uint8Array(rows * columns);
  for (const square of randomPlaces(rng, squares, Math.ceil(ratio * squares))) {
    const [top, left] = [Math.floor(square / across) * side, (square % across) * side];
    setBlock(mask, columns, { top, left, height: side, width: side });
  }
  return placesOf(mask);
}

/** A rectangle of patches. */
interface Block {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Sets or clears a block's patches. */
function setBlock(mask: Uint8Array, columns: number, { top, left, height, width }: Block, value: 0 | 1 = 1): void {
  for (let row = top; row < top + height; row++) mask.fill(value, row * columns + left, row * columns + left + width);
}

/** Indices of a block's patches, ascending. */
const blockPlaces = (columns: number, { top, left, height, width }: Block): number[] =>
  globalThis.Array.from(
    { length: height * width },
    (_, index) => (top + Math.floor(index / width)) * columns + left + (index % width),
  );

/**
 * Blockwise masking of BEiT (https://arxiv.org/abs/2106.08254, algorithm 1; https://github.com/microsoft/unilm): blocks
 * of random area and aspect until enough is hidden. Where its code gives up after ten vain draws and hides fewer, single
 * patches make up the number.
 * @param hidden how many patches, exactly
 * @param options.minBlock smallest area of a block; 16 of 196 patches in BEiT, and the same share here
 * @param options.minAspect smallest height over width; the largest is its inverse
 * @returns the indices of the hidden patches, ascending
 */
export function blockwiseMask(
  rng: Rng,
  [rows, columns]: Grid,
  hidden: number,
  {
    minBlock = Math.max(1, Math.round((16 / 196) * rows * columns)),
    minAspect = 0.3,
  }: { minBlock?: number; minAspect?: number } = {},
): Int32Array {
  const mask = new Uint8Array(rows * columns);
  let missing = hidden;
  for (let vain = 0; missing > 0 && vain < 10; ) {
    const area = rng.uniform(minBlock, missing);
    const aspect = Math.exp(rng.uniform(Math.log(minAspect), -Math.log(minAspect)));
    const [height, width] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    vain++;
    if (height >= rows || width >= columns) continue;
    const block = { top: rng.integer(0, rows - height), left: rng.integer(0, columns - width), height, width };
    const added = blockPlaces(columns, block).filter((place) => mask[place] === 0).length;
    if (added === 0 || added > missing) continue;
    setBlock(mask, columns, block);
    missing -= added;
    vain = 0;
  }
  const visible = rng.permutation(rows * columns).filter((place) => mask[place] === 0);
  for (const place of visible.subarray(0, missing)) mask[place] = 1;
  return placesOf(mask);
}

/** Exactly `hidden` tokens: blockwise where the tokens form a grid, else any of them. @returns their indices */
export function placesToHide(rng: Rng, [rows = 0, columns]: readonly number[], hidden: number): Int32Array {
  return columns ? blockwiseMask(rng, [rows, columns], hidden) : randomPlaces(rng, rows, hidden);
}

export interface MultiBlockOptions {
  /** Number of target blocks. */
  readonly targets: number;
  /** Smallest and largest area of a target block, as a share of the grid. */
  readonly targetScale: readonly [number, number];
  /** Smallest and largest height over width of a target block. */
  readonly targetAspect: readonly [number, number];
  /** Smallest and largest area of the context block, a square, before the targets are taken from it. */
  readonly contextScale: readonly [number, number];
  /** Share of the grid that is left of the context, for every sample. */
  readonly contextRatio: number;
}

/** Sizes between the smallest and the largest block that are drawn from. */
const SIZES = 64;

/** Placements of which one must leave a context that is large enough. */
const ATTEMPTS = 1000;

/**
 * Multi-block masking of I-JEPA (https://arxiv.org/abs/2301.08243, section 3; https://github.com/facebookresearch/ijepa):
 * target blocks of one size at random places, which may overlap, and one large context block without them. As in its
 * code, one random number gives a target's area and aspect together.
 *
 * Its code cuts contexts and targets to the smallest of the batch, from the end; here every sample of a run has as many:
 * targets are cut to the smallest size there is, contexts to `contextRatio` by leaving out patches at random (placements
 * that leave fewer are drawn again). Its blocks are always smaller than the grid and never touch the last row and
 * column, which is an oversight that small grids cannot afford; these may.
 */
export function multiBlockMask([rows, columns]: Grid, options: MultiBlockOptions) {
  const sizesOf = (scale: readonly [number, number], aspects: readonly [number, number]) =>
    globalThis.Array.from({ length: SIZES }, (_, index) => {
      const share = index / (SIZES - 1);
      const area = Math.floor(rows * columns * (scale[0] + share * (scale[1] - scale[0])));
      const aspect = aspects[0] + share * (aspects[1] - aspects[0]);
      const height = Math.min(rows, Math.max(1, Math.round(Math.sqrt(area * aspect))));
      const width = Math.min(columns, Math.max(1, Math.round(Math.sqrt(area / aspect))));
      return { height, width };
    });
  const targetSizes = sizesOf(options.targetScale, options.targetAspect);
  const contextSizes = sizesOf(options.contextScale, [1, 1]);
  const targetCount = Math.min(...targetSizes.map(({ height, width }) => height * width));
  const contextCount = shareOf(rows * columns, options.contextRatio);
  const place = (rng: Rng, { height, width }: { height: number; width: number }): Block => ({
    top: rng.integer(0, rows - height),
    left: rng.integer(0, columns - width),
    height,
    width,
  });

  return {
    /** Patches of the context, and of each target, in every draw. */
    contextCount,
    targetCount,
    /**
     * @returns `context`: indices, ascending; `targets`: the indices of one target after the other, each ascending
     * @throws UserError when a context of that size is not found beside the targets
     */
    draw(rng: Rng): { context: Int32Array; targets: Int32Array } {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const size = targetSizes[rng.integer(0, SIZES - 1)]!;
        const blocks = globalThis.Array.from({ length: options.targets }, () => place(rng, size));
        const mask = new Uint8Array(rows * columns);
        setBlock(mask, columns, place(rng, contextSizes[rng.integer(0, SIZES - 1)]!));
        for (const block of blocks) setBlock(mask, columns, block, 0);
        const left = placesOf(mask);
        if (left.length < contextCount) continue;
        const context = randomPlaces(rng, left.length, contextCount).map((index) => left[index]!);
        return {
          context: context.sort(),
          targets: Int32Array.from(blocks.flatMap((block) => blockPlaces(columns, block).slice(0, targetCount))),
        };
      }
      throw new UserError(
        `${options.targets} targets leave no context of ${contextCount} of ${rows} × ${columns} patches; lower --context-ratio`,
      );
    },
  };
}
