import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import {
  blockwiseMask,
  type Grid,
  multiBlockMask,
  placesToHide,
  randomPlaces,
  randomSquares,
  shareOf,
} from "../../../src/methods/parts/masks.ts";

const side = fc.integer({ min: 2, max: 16 });
const grids = fc.tuple(side, side);
const seeds = fc.integer();

/** As many as there should be, all different, all inside. */
function assertPlaces(places: Int32Array, count: number, chosen: number): void {
  assert.equal(places.length, chosen);
  assert.equal(new Set(places).size, chosen);
  assert.ok(places.every((place) => Number.isInteger(place) && place >= 0 && place < count));
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
        assert.equal(placesToHide(new Rng(seed), [count], chosen).join(), places.join());
      },
    ),
  );
});

test("random squares: whole ones, ⌈ratio · squares⌉ of them, and the seed decides", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      grids,
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      seeds,
      (size, [down, across], ratio, seed) => {
        const grid: Grid = [down * size, across * size];
        const places = randomSquares(new Rng(seed), grid, size, ratio);
        const squares = Math.ceil(ratio * (down * across));
        assertPlaces(places, grid[0] * grid[1], squares * size * size);
        const square = (place: number) =>
          Math.floor(place / grid[1] / size) * across + Math.floor((place % grid[1]) / size);
        assert.equal(new Set([...places].map(square)).size, squares);
        assert.deepEqual(randomSquares(new Rng(seed), grid, size, ratio), places);
      },
    ),
  );
});

test("blockwise masks: exactly so many, and the seed decides", () => {
  fc.assert(
    fc.property(grids, fc.double({ min: 0.01, max: 0.95, noNaN: true }), seeds, ([rows, columns], ratio, seed) => {
      const hidden = shareOf(rows * columns, ratio);
      const places = blockwiseMask(new Rng(seed), [rows, columns], hidden);
      assertPlaces(places, rows * columns, hidden);
      assert.deepEqual(
        [...places],
        [...places].sort((a, b) => a - b),
      );
      assert.deepEqual(blockwiseMask(new Rng(seed), [rows, columns], hidden), places);
      assert.deepEqual(placesToHide(new Rng(seed), [rows, columns], hidden), places);
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

const paper = {
  targets: 4,
  targetScale: [0.15, 0.2],
  targetAspect: [0.75, 1.5],
  contextScale: [0.85, 1],
  contextRatio: 0.28,
} as const;

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

test("on the paper's grid targets have 30 patches, in blocks of 30 to 40 of which the first 30 are told", () => {
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

test("every patch of a small grid is told and seen, the edges too", () => {
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

test("a context that does not fit beside the targets is refused", () => {
  const masks = multiBlockMask([4, 4], { ...paper, targetScale: [1, 1], targetAspect: [1, 1] });
  assert.throws(() => masks.draw(new Rng(0)), { name: "UserError", message: /--context-ratio/ });
});
