import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng, sizeOf } from "../../../src/array/index.ts";
import {
  blockwiseMask,
  type Grid,
  type MultiBlockOptions,
  multiBlockMask,
  multiBlockTubes,
  randomCells,
  randomInSlices,
  randomPlaces,
  randomTubes,
  shareOf,
} from "../../../src/methods/parts/masks.ts";

const side = fc.integer({ min: 2, max: 16 });
const grids = fc.tuple(side, side);
/** Grids of series, images and videos. */
const anyGrid = fc.oneof(
  fc.tuple(fc.integer({ min: 2, max: 300 })),
  grids,
  fc.tuple(fc.integer({ min: 1, max: 8 }), side, side),
);
const seeds = fc.integer();

/** As many as there should be, all different, all inside. */
function assertPlaces(places: Int32Array, count: number, chosen: number): void {
  assert.equal(places.length, chosen);
  assert.equal(new Set(places).size, chosen);
  assert.ok(places.every((place) => Number.isInteger(place) && place >= 0 && place < count));
}

/** The place of an index along each axis. */
const cornerOf = (index: number, grid: Grid): number[] =>
  grid.map((extent, axis) => Math.floor(index / sizeOf(grid.slice(axis + 1))) % extent);

/** Extents of the smallest box around the places. */
function boxOf(places: readonly number[], grid: Grid): number[] {
  const corners = places.map((place) => cornerOf(place, grid));
  return grid.map((_, axis) => {
    const along = corners.map((corner) => corner[axis]!);
    return Math.max(...along) - Math.min(...along) + 1;
  });
}

/** The rectangle that the places fill. */
function assertBlock(places: readonly number[], columns: number): { height: number; width: number } {
  const rows = places.map((place) => Math.floor(place / columns));
  const across = places.map((place) => place % columns);
  const height = Math.max(...rows) - Math.min(...rows) + 1;
  const width = Math.max(...across) - Math.min(...across) + 1;
  assert.equal(places.length, height * width);
  return { height, width };
}

test("random places: exactly so many, and the seed decides", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 300 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      seeds,
      (count, ratio, seed) => {
        const chosen = shareOf(count, ratio);
        assert.ok(chosen >= 1 && chosen < count);
        const places = randomPlaces(new Rng(seed), count, chosen);
        assertPlaces(places, count, chosen);
        assert.deepEqual(randomPlaces(new Rng(seed), count, chosen), places);
      },
    ),
  );
});

test("random cells: whole ones, ⌈ratio · cells⌉ of them, and the seed decides, on any number of axes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      anyGrid,
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      seeds,
      (size, cells, ratio, seed) => {
        const grid: Grid = cells.map((extent) => extent * size);
        const places = randomCells(new Rng(seed), grid, size, ratio);
        const chosen = Math.ceil(ratio * sizeOf(cells));
        assertPlaces(places, sizeOf(grid), chosen * size ** grid.length);
        const cell = (place: number) => cornerOf(place, grid).map((at) => Math.floor(at / size));
        assert.equal(new Set([...places].map((place) => cell(place).join())).size, chosen);
        assert.deepEqual(randomCells(new Rng(seed), grid, size, ratio), places);
      },
    ),
  );
});

test("blockwise masks: exactly so many, and the seed decides, on any number of axes", () => {
  fc.assert(
    fc.property(anyGrid, fc.double({ min: 0.01, max: 0.95, noNaN: true }), seeds, (grid, ratio, seed) => {
      const count = sizeOf(grid);
      const hidden = shareOf(count, ratio);
      const places = blockwiseMask(new Rng(seed), grid, hidden);
      assertPlaces(places, count, hidden);
      assert.deepEqual(
        [...places],
        [...places].sort((a, b) => a - b),
      );
      assert.deepEqual(blockwiseMask(new Rng(seed), grid, hidden), places);
    }),
  );
});

test("blockwise masks are made of blocks: neighbours are alike far more often than in random masks", () => {
  const alike = (draw: (rng: Rng) => Int32Array) => {
    let same = 0;
    for (let seed = 0; seed < 200; seed++) {
      const hidden = new Set(draw(new Rng(seed)));
      for (let place = 0; place < 196; place++)
        if (place % 14 < 13 && hidden.has(place) === hidden.has(place + 1)) same++;
    }
    return same / (200 * 14 * 13);
  };
  const blockwise = alike((rng) => blockwiseMask(rng, [14, 14], 75));
  const random = alike((rng) => randomPlaces(rng, 196, 75));
  assert.ok(Math.abs(random - 0.525) < 0.01, `${random}`);
  assert.ok(blockwise > 0.8, `${blockwise}`);
});

const RECORDED = {
  blockwise: [13, 16, 17, 22, 23, 28, 29, 34, 35],
  squares: [0, 1, 2, 3, 6, 7, 8, 9, 14, 15, 16, 17, 20, 21, 22, 23],
  context: [3, 4, 5, 7, 8, 9, 10, 12, 16, 30],
  targets: [19, 20, 25, 26, 14, 15, 20, 21, 22, 23, 28, 29, 21, 22, 27, 28],
};

const paper = {
  targets: 4,
  targetScale: [0.15, 0.2],
  targetAspect: [0.75, 1.5],
  contextScale: [0.85, 1],
  contextRatio: 0.28,
} as const;

test("draws on square grids are those that published numbers were made with", () => {
  // Recorded before grids had any number of axes.
  assert.deepEqual([...blockwiseMask(new Rng(3), [6, 6], 9)], RECORDED.blockwise);
  assert.deepEqual([...randomCells(new Rng(3), [6, 6], 2, 0.4)], RECORDED.squares);
  const { context, targets } = multiBlockMask([6, 6], paper).draw(new Rng(3));
  assert.deepEqual([[...context], [...targets]], [RECORDED.context, RECORDED.targets]);
});

test("neighbours in series and videos are hidden together along every axis", () => {
  for (const [grid, hidden] of [
    [[128], 51],
    [[8, 14, 14], 627],
    [[8, 64], 205],
  ] as const) {
    const share = hidden / sizeOf(grid);
    const atRandom = share ** 2 + (1 - share) ** 2;
    for (const axis of grid.keys()) {
      const step = sizeOf(grid.slice(axis + 1));
      let [same, pairs] = [0, 0];
      for (let seed = 0; seed < 100; seed++) {
        const places = new Set(blockwiseMask(new Rng(seed), grid, hidden));
        for (let place = 0; place < sizeOf(grid); place++)
          if (cornerOf(place, grid)[axis]! < grid[axis]! - 1) {
            pairs++;
            if (places.has(place) === places.has(place + step)) same++;
          }
      }
      assert.ok(same / pairs > atRandom + 0.2, `axis ${axis} of ${grid}: ${same / pairs}, not above ${atRandom}`);
    }
  }
});

test("multi-block masks of long grids, series and videos: blocks, apart from the context, as many every time", () => {
  for (const grid of [[64], [8, 64], [8, 14, 14], [1, 9, 9]]) {
    const masks = multiBlockMask(grid, paper);
    const count = sizeOf(grid);
    assert.equal(masks.contextCount, Math.round(0.28 * count));
    assert.ok(masks.targetCount / count > 0.1 && masks.targetCount / count < 0.2, `${masks.targetCount} of ${count}`);
    for (let seed = 0; seed < 50; seed++) {
      const { context, targets } = masks.draw(new Rng(seed));
      assertPlaces(context, count, masks.contextCount);
      assert.equal(targets.length, 4 * masks.targetCount);
      const hidden = new Set(targets);
      assert.ok(context.every((place) => !hidden.has(place)));
      for (let block = 0; block < 4; block++) {
        const places = [...targets.subarray(block * masks.targetCount, (block + 1) * masks.targetCount)];
        assertPlaces(Int32Array.from(places), count, masks.targetCount);
        // A box shaped like the grid: not much larger than its targets, and short of every long axis.
        const box = boxOf(places, grid);
        assert.ok(sizeOf(box) <= 0.3 * count, `${box} of ${grid}`);
        assert.ok(
          box.every((extent, axis) => grid[axis] === 1 || extent < grid[axis]!),
          `${box} of ${grid}`,
        );
      }
    }
  }
});

test("multi-block masks: targets are blocks of one size, the context is apart from them, counts never change", () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 16 }), fc.integer({ min: 6, max: 16 }), seeds, (rows, columns, seed) => {
      const masks = multiBlockMask([rows, columns], paper);
      const { context, targets } = masks.draw(new Rng(seed));
      assertPlaces(context, rows * columns, masks.contextCount);
      assert.equal(masks.contextCount, Math.round(0.28 * rows * columns));
      assert.equal(targets.length, 4 * masks.targetCount);
      assert.ok(targets.every((place) => place >= 0 && place < rows * columns));
      const hidden = new Set(targets);
      assert.ok(context.every((place) => !hidden.has(place)));
      assert.deepEqual(masks.draw(new Rng(seed)), { context, targets });
    }),
  );
});

test("on the paper's grid targets have 30 patches, in blocks of 30 to 40 of which the first 30 are targets", () => {
  const masks = multiBlockMask([14, 14], paper);
  assert.equal(masks.targetCount, 30);
  assert.equal(masks.contextCount, 55);
  for (let seed = 0; seed < 100; seed++) {
    const { targets } = masks.draw(new Rng(seed));
    for (let block = 0; block < 4; block++) {
      const places = [...targets.subarray(block * 30, (block + 1) * 30)];
      // All rows but the last, which may be cut, are whole.
      const lastRow = Math.floor(places.at(-1)! / 14);
      const whole = places.filter((place) => Math.floor(place / 14) < lastRow);
      const { width } = assertBlock(whole, 14);
      assert.ok(width >= 5 && width <= 6, `${width}`);
    }
  }
});

test("every patch of a small grid is a target and a context at times, the edges too", () => {
  const masks = multiBlockMask([8, 8], paper);
  const [seen, told] = [new Set<number>(), new Set<number>()];
  for (let seed = 0; seed < 500; seed++) {
    const { context, targets } = masks.draw(new Rng(seed));
    for (const place of context) seen.add(place);
    for (const place of targets) told.add(place);
  }
  assert.equal(seen.size, 64);
  assert.equal(told.size, 64);
});

test("a context that does not fit next to the targets is refused", () => {
  const masks = multiBlockMask([4, 4], { ...paper, targetScale: [1, 1], targetAspect: [1, 1] });
  assert.throws(() => masks.draw(new Rng(0)), { name: "UserError", message: /--context-ratio/ });
});

test("tubes are the same places in every slice", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      side,
      side,
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      seeds,
      (slices, rows, columns, ratio, seed) => {
        const slice = rows * columns;
        const chosen = shareOf(slice, ratio);
        const places = randomTubes(new Rng(seed), [slices, rows, columns], chosen);
        assertPlaces(places, slices * slice, slices * chosen);
        const first = places.slice(0, chosen);
        for (let at = 0; at < slices; at++)
          assert.deepEqual(
            places.slice(at * chosen, (at + 1) * chosen).map((place) => place - at * slice),
            first,
          );
      },
    ),
  );
});

test("multi-block tubes are a slice's blocks at all times", () => {
  const options: MultiBlockOptions = {
    targets: 3,
    targetScale: [0.15, 0.2],
    targetAspect: [0.75, 1.5],
    contextScale: [0.85, 1],
    contextRatio: 0.2,
  };
  const masks = multiBlockTubes([3, 6, 8], options);
  const flat = multiBlockMask([6, 8], options);
  assert.deepEqual([masks.contextCount, masks.targetCount], [3 * flat.contextCount, 3 * flat.targetCount]);
  for (let seed = 0; seed < 20; seed++) {
    const { context, targets } = masks.draw(new Rng(seed));
    const one = flat.draw(new Rng(seed));
    assertPlaces(context, 144, masks.contextCount);
    const inSlices = (places: readonly number[]) => [0, 1, 2].flatMap((at) => places.map((place) => at * 48 + place));
    assert.deepEqual([...context], inSlices([...one.context]));
    for (let target = 0; target < 3; target++) {
      const [from, to] = [target * flat.targetCount, (target + 1) * flat.targetCount];
      assert.deepEqual([...targets.subarray(3 * from, 3 * to)], inSlices([...one.targets.subarray(from, to)]));
    }
    assert.ok(targets.every((place) => !context.includes(place)));
  }
});

test("masks of slices hide as many patches of every slice, and others in each", () => {
  fc.assert(
    fc.property(grids, seeds, (grid, seed) => {
      const [slices, width] = grid;
      const chosen = shareOf(width, 0.4);
      const places = randomInSlices(new Rng(seed), grid, chosen);
      assertPlaces(places, sizeOf(grid), slices * chosen);
      for (let slice = 0; slice < slices; slice++)
        assert.equal([...places].filter((place) => Math.floor(place / width) === slice).length, chosen);
      assert.deepEqual(randomInSlices(new Rng(seed), grid, chosen), places);
    }),
  );
  const apart = randomInSlices(new Rng(1), [2, 28], 11);
  const of = (slice: number) => [...apart.subarray(11 * slice, 11 * (slice + 1))].map((place) => place % 28).sort();
  assert.notDeepEqual(of(0), of(1));
});
