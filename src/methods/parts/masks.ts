import { type Rng, sizeOf } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";

/** Patches along each axis; patches are numbered in row-major order. */
export type Grid = readonly number[];

/** `ratio` of `count` patches: at least one, and at most all but one. */
export const shareOf = (count: number, ratio: number): number =>
  Math.min(count - 1, Math.max(1, Math.round(count * ratio)));

/** Indices of the masked patches, ascending. */
const placesOf = (mask: Uint8Array): Int32Array => Int32Array.from(mask.keys().filter((place) => mask[place] === 1));

/** Exactly `chosen` of `count` patches, uniformly at random. @returns their indices, in random order */
export const randomPlaces = (rng: Rng, count: number, chosen: number): Int32Array =>
  rng.permutation(count).slice(0, chosen);

/**
 * Tubes, as in VideoMAE (https://arxiv.org/abs/2203.12602, section 3.2): the same places in every slice along the first axis,
 * so that what is hidden in one frame is not seen in the next.
 * @param chosen number of places in a slice
 * @returns the indices of the chosen patches, slice by slice, `chosen` of each
 */
export function randomTubes(rng: Rng, grid: Grid, chosen: number): Int32Array {
  const slice = sizeOf(grid.slice(1));
  const places = randomPlaces(rng, slice, chosen);
  return Int32Array.from(
    { length: grid[0]! * chosen },
    (_, at) => Math.floor(at / chosen) * slice + places[at % chosen]!,
  );
}

/**
 * `chosen` patches of every slice along the first axis, in each slice others: of every channel, in PatchTST.
 * @returns their indices, slice by slice
 */
export function randomInSlices(rng: Rng, grid: Grid, chosen: number): Int32Array {
  const slice = sizeOf(grid.slice(1));
  const places = globalThis.Array.from({ length: grid[0]! }, (_, at) =>
    randomPlaces(rng, slice, chosen).map((place) => at * slice + place),
  );
  return Int32Array.from(places.flatMap((some) => [...some]));
}

/**
 * Random cells of `side` patches along every axis, as in SimMIM's code (https://github.com/microsoft/SimMIM): squares of an
 * image, cubes of a video, runs of a series; ⌈ratio · cells⌉ of them, the same number for every sample.
 * @param side divides every extent of the grid
 * @returns the indices of their patches, ascending
 */
export function randomCells(rng: Rng, grid: Grid, side: number, ratio: number): Int32Array {
  const cells = grid.map((extent) => extent / side);
  const count = sizeOf(cells);
  const mask = new Uint8Array(sizeOf(grid));
  for (const cell of randomPlaces(rng, count, Math.ceil(ratio * count)))
    setBlock(mask, grid, { start: cornerOf(cell, cells).map((at) => at * side), extents: grid.map(() => side) });
  return placesOf(mask);
}

/** A box of patches. */
interface Block {
  /** Its first patch along each axis. */
  readonly start: readonly number[];
  readonly extents: readonly number[];
}

/** The coordinates of an index. */
function cornerOf(index: number, grid: Grid): number[] {
  let rest = index;
  return grid
    .toReversed()
    .map((extent) => {
      const at = rest % extent;
      rest = Math.floor(rest / extent);
      return at;
    })
    .toReversed();
}

/** Indices of a block's patches, ascending. */
function blockPlaces(grid: Grid, { start, extents }: Block): number[] {
  let places = [0];
  for (const [axis, extent] of extents.entries()) {
    const finer: number[] = [];
    for (const place of places) {
      const first = place * grid[axis]! + start[axis]!;
      for (let at = 0; at < extent; at++) finer.push(first + at);
    }
    places = finer;
  }
  return places;
}

/** Sets or clears a block's patches. */
function setBlock(mask: Uint8Array, grid: Grid, block: Block, value: 0 | 1 = 1): void {
  for (const place of blockPlaces(grid, block)) mask[place] = value;
}

/** A block of these extents at a random place in the grid. */
const placeBlock = (rng: Rng, grid: Grid, extents: readonly number[]): Block => ({
  start: grid.map((whole, axis) => rng.integer(0, whole - extents[axis]!)),
  extents,
});

/**
 * Extents of a block in whole patches, at least one along every axis. A block has the proportions of the grid, so that on a
 * long spectrogram it is long; `aspect` stretches the second-last axis against the last: rows against columns, also of a
 * video, whose frames it leaves alone. On a grid of equal extents that is the √(area · aspect) × √(area / aspect) of BEiT
 * and I-JEPA. Extents may be larger than the grid.
 * @param volume approximate number of patches in the block
 */
function blockExtents(grid: Grid, volume: number, aspect: number): number[] {
  const long = grid.filter((extent) => extent > 1);
  const axes = long.length;
  const isEven = long.every((extent) => extent === long[0]);
  const mean = sizeOf(long) ** (1 / axes);
  const plane = volume ** (2 / axes);
  const sides = long.map((extent, axis) => {
    const stretch = isEven ? 1 : extent / mean;
    if (axes === 1) return volume;
    if (axis < axes - 2) return stretch * volume ** (1 / axes);
    return stretch * Math.sqrt(axis === axes - 2 ? plane * aspect : plane / aspect);
  });
  return grid.map((extent) => (extent > 1 ? Math.max(1, Math.round(sides.shift()!)) : 1));
}

/**
 * Blockwise masking of BEiT (https://arxiv.org/abs/2106.08254, algorithm 1; https://github.com/microsoft/unilm): blocks
 * of random area and aspect until `hidden` patches are masked; runs of a series, boxes of a video. Its code gives up after
 * ten failed draws and masks fewer; here single patches make up the difference.
 * @param hidden number of masked patches, exactly
 * @param options.minBlock fewest patches of a block; 16 of 196 in BEiT, and the same share here
 * @param options.minAspect smallest height over width (see `blockExtents`); the largest is its inverse
 * @returns the indices of the masked patches, ascending
 */
export function blockwiseMask(
  rng: Rng,
  grid: Grid,
  hidden: number,
  {
    minBlock = Math.max(1, Math.round((16 / 196) * sizeOf(grid))),
    minAspect = 0.3,
  }: { minBlock?: number; minAspect?: number } = {},
): Int32Array {
  const count = sizeOf(grid);
  const mask = new Uint8Array(count);
  let missing = hidden;
  for (let failed = 0; missing > 0 && failed < 10; ) {
    const area = rng.uniform(minBlock, missing);
    const aspect = Math.exp(rng.uniform(Math.log(minAspect), -Math.log(minAspect)));
    const extents = blockExtents(grid, area, aspect);
    failed++;
    if (extents.some((extent, axis) => extent >= grid[axis]! && grid[axis]! > 1)) continue;
    const block = placeBlock(rng, grid, extents);
    const added = blockPlaces(grid, block).filter((place) => mask[place] === 0).length;
    if (added === 0 || added > missing) continue;
    setBlock(mask, grid, block);
    missing -= added;
    failed = 0;
  }
  const visible = rng.permutation(count).filter((place) => mask[place] === 0);
  for (const place of visible.subarray(0, missing)) mask[place] = 1;
  return placesOf(mask);
}

export interface MultiBlockOptions {
  /** Number of target blocks. */
  readonly targets: number;
  /** Smallest and largest area of a target block, as a share of the grid. */
  readonly targetScale: readonly [number, number];
  /** Smallest and largest height over width of a target block, on a grid of equal extents. */
  readonly targetAspect: readonly [number, number];
  /** Smallest and largest area of the context block, shaped like the grid, before the targets are removed from it. */
  readonly contextScale: readonly [number, number];
  /** Share of the grid left as the context, for every sample. */
  readonly contextRatio: number;
}

/** Number of sizes, from the smallest block to the largest, to draw from. */
const SIZES = 64;

/** Placements to try until one leaves a context that is large enough. */
const ATTEMPTS = 1000;

/**
 * Multi-block masking of I-JEPA (https://arxiv.org/abs/2301.08243, section 3; https://github.com/facebookresearch/ijepa):
 * target blocks of one size at random places, which may overlap, and one large context block without them. As in its
 * code, one random number determines both area and aspect of the targets.
 *
 * Its code cuts contexts and targets to the smallest of the batch, from the end. Here the numbers are the same for every
 * sample of a run: targets are cut to the smallest possible size, contexts to `contextRatio` by dropping random patches
 * (placements that leave fewer are drawn again). Its blocks are always smaller than the grid and never touch the last row
 * and column, an oversight that matters on small grids; these may.
 */
export function multiBlockMask(grid: Grid, options: MultiBlockOptions) {
  const count = sizeOf(grid);
  const sizesOf = (scale: readonly [number, number], aspects: readonly [number, number]) =>
    globalThis.Array.from({ length: SIZES }, (_, index) => {
      const share = index / (SIZES - 1);
      const area = Math.floor(count * (scale[0] + share * (scale[1] - scale[0])));
      const aspect = aspects[0] + share * (aspects[1] - aspects[0]);
      return blockExtents(grid, area, aspect).map((extent, axis) => Math.min(extent, grid[axis]!));
    });
  const targetSizes = sizesOf(options.targetScale, options.targetAspect);
  const contextSizes = sizesOf(options.contextScale, [1, 1]);
  const targetCount = Math.min(...targetSizes.map(sizeOf));
  const contextCount = shareOf(count, options.contextRatio);
  return {
    /** Number of patches of the context, and of each target, in every draw. */
    contextCount,
    targetCount,
    /**
     * @returns `context`: indices, ascending; `targets`: the indices of one target after the other, each ascending
     * @throws UserError when the targets leave no context of that size
     */
    draw(rng: Rng): { context: Int32Array; targets: Int32Array } {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const size = targetSizes[rng.integer(0, SIZES - 1)]!;
        const blocks = globalThis.Array.from({ length: options.targets }, () => placeBlock(rng, grid, size));
        const mask = new Uint8Array(count);
        setBlock(mask, grid, placeBlock(rng, grid, contextSizes[rng.integer(0, SIZES - 1)]!));
        for (const block of blocks) setBlock(mask, grid, block, 0);
        const candidates = placesOf(mask);
        if (candidates.length < contextCount) continue;
        const context = randomPlaces(rng, candidates.length, contextCount).map((index) => candidates[index]!);
        return {
          context: context.sort(),
          targets: Int32Array.from(blocks.flatMap((block) => blockPlaces(grid, block).slice(0, targetCount))),
        };
      }
      throw new UserError(
        `${options.targets} targets leave no context of ${contextCount} of ${grid.join(" × ")} patches; lower --context-ratio`,
      );
    },
  };
}

/**
 * Multi-block masks of the last axes, the same in every slice along the first: V-JEPA's blocks, which span all of the time
 * (https://arxiv.org/abs/2404.08471, section 3.2), so that what is hidden in one frame is not seen in the next.
 * @param grid of two or three axes; the areas and ratios are shares of a slice
 */
export function multiBlockTubes(grid: Grid, options: MultiBlockOptions) {
  const [slices = 1, ...within] = grid;
  const slice = sizeOf(within);
  const masks = multiBlockMask(within, options);
  const { contextCount, targetCount } = masks;
  const throughTime = (places: Int32Array): number[] =>
    globalThis.Array.from({ length: slices }, (_, at) => [...places].map((place) => at * slice + place)).flat();
  return {
    contextCount: slices * contextCount,
    targetCount: slices * targetCount,
    draw(rng: Rng): { context: Int32Array; targets: Int32Array } {
      const { context, targets } = masks.draw(rng);
      const blocks = globalThis.Array.from({ length: options.targets }, (_, at) =>
        throughTime(targets.subarray(at * targetCount, (at + 1) * targetCount)),
      );
      return { context: Int32Array.from(throughTime(context)), targets: Int32Array.from(blocks.flat()) };
    },
  };
}
