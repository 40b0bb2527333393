import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { shareOf } from "../../../src/methods/parts/masks.ts";
import { drawDistractors, shareOfSpans, spanMask } from "../../../src/methods/parts/span-masks.ts";

test("wav2vec 2.0's spans cover 49 % of the tokens", () => {
  assert.ok(Math.abs(shareOfSpans(0.065, 10) - 0.489) < 1e-3);
});

test("exactly the wanted number of tokens is masked, in spans; the same by seed, and every place in its turn", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 2, max: 80 }),
      fc.integer({ min: 1, max: 20 }),
      (seed, count, length) => {
        const hidden = shareOf(count, 0.49);
        const places = [...spanMask(new Rng(seed), [count], hidden, length)];
        assert.equal(new Set(places).size, hidden);
        assert.ok(places.every((place) => place >= 0 && place < count));
        assert.deepEqual(
          places,
          [...places].sort((a, b) => a - b),
        );
        assert.deepEqual([...spanMask(new Rng(seed), [count], hidden, length)], places);
      },
    ),
    { numRuns: 50 },
  );
  const all = new Set<number>();
  for (let seed = 0; seed < 200; seed++) for (const place of spanMask(new Rng(seed), [30], 14, 10)) all.add(place);
  assert.equal(all.size, 30);
});

test("all spans but one have their whole length", () => {
  for (let seed = 0; seed < 50; seed++) {
    const places = [...spanMask(new Rng(seed), [60], 29, 6)];
    const lengths = places
      .filter((place) => !places.includes(place - 1))
      .map((start) => {
        let end = start;
        while (places.includes(end + 1)) end++;
        return end - start + 1;
      });
    assert.ok(lengths.filter((length) => length < 6).length <= 1, `${lengths}`);
  }
});

test("on several axes blocks are masked", () => {
  for (let seed = 0; seed < 10; seed++) {
    const places = [...spanMask(new Rng(seed), [6, 8], 24, 10)];
    assert.equal(new Set(places).size, 24);
    // Beyond a run of a row: some masked place has a masked one below it.
    assert.ok(places.some((place) => places.includes(place + 8)));
  }
});

test("distractors are other places, so many for each, all equally likely", () => {
  const sums = new Float64Array(16);
  for (let seed = 0; seed < 300; seed++) {
    const { data } = drawDistractors(new Rng(seed), 4, 9);
    for (let row = 0; row < 4; row++) {
      const counts = [...data.slice(4 * row, 4 * row + 4)];
      assert.equal(counts[row], 0);
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        9,
      );
    }
    data.forEach((count, at) => {
      sums[at]! += count / 300;
    });
  }
  for (const [at, mean] of sums.entries()) if (at % 5) assert.ok(Math.abs(mean - 3) < 0.4, `${mean}`);
});
