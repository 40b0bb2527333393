import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chanceOfRanked, meanRecall, rank, recallOfRanked } from "../../../src/evaluation/retrieval/ranked.ts";
import type { SideVectors } from "../../../src/evaluation/retrieval/side-vectors.ts";

/** Rows of two values; each of the entry that is given. */
const rows = (...all: readonly (readonly [entry: number, x: number, y: number])[]): SideVectors => ({
  data: Float32Array.from(all.flatMap(([, x, y]) => [x, y])),
  ...{ rows: all.length, dim: 2, places: new Int32Array(all.length) },
  entries: Int32Array.from(all, ([entry]) => entry),
});

const near = (value: number | undefined, expected: number) =>
  assert.ok(value !== undefined && Math.abs(value - expected) < 1e-9, `${value}, not ${expected}`);

test("ranks worked out by hand: several samples of an entry, several entries of a key, parts", async () => {
  const queries = rows([0, 1, 0], [1, 0, 1], [2, 1, 1]);
  const candidates = rows([0, 0.9, 0.1], [0, -1, 0], [1, 1, 0], [2, 0, 2], [3, 3, 3]);
  const found = await rank(queries, candidates, { keys: [10, 11, 12, 12] });
  assert.deepEqual(
    found.map(({ place, hits, candidates: count, hit }) => [place.above, place.tied, hits, count, hit]),
    // The first entry's nearest is row 2, then its own row 0; the second's own row is 2, behind 3, 4 and 0, and as near as 1; the third has two hits.
    [
      [1, 1, 2, 5, 0],
      [3, 2, 1, 5, 2],
      [0, 1, 2, 5, 4],
    ],
  );
  assert.deepEqual([...found[0]!.nearest.subarray(0, 2)], [2, 0]);
  const { recall, medianRank } = recallOfRanked(found);
  near(recall[1], 1 / 3);
  near(recall[5], 1);
  assert.equal(medianRank, 2);
  // Of five candidates one, two and two are right.
  near(chanceOfRanked(found).recall[1], (2 / 5 + 1 / 5 + 2 / 5) / 3);

  // Within parts, the second's own row is alone with row 4; entry 0 is of no part.
  const parted = await rank(queries, candidates, { keys: [10, 11, 12, 12], parts: Int32Array.of(-1, 0, 1, 0) });
  assert.deepEqual(
    parted.map(({ query, candidates: count, place }) => [query, count, place.above]),
    [
      [1, 2, 1],
      [2, 1, 0],
    ],
  );
});

test("of one side, no entry finds itself, and one that is alone asks nothing", async () => {
  const side = rows([0, 1, 0], [1, 1, 0.1], [2, 0, 1]);
  const found = await rank(side, side, { keys: [5, 5, 6], isSameSide: true });
  assert.deepEqual(
    found.map(({ query, candidates, hits, place, nearest }) => [query, candidates, hits, place.above, nearest[0]]),
    [
      [0, 2, 1, 0, 1],
      [1, 2, 1, 0, 0],
    ],
  );
});

test("vectors that are all the same are at chance level, whatever the keys", async () => {
  const keys = fc.array(fc.nat(3), { minLength: 2, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(keys, async (all) => {
      const side = rows(...all.map((_, entry) => [entry, 2, 1] as const));
      const found = await rank(side, side, { keys: all });
      const [got, chance] = [recallOfRanked(found), chanceOfRanked(found)];
      for (const k of [1, 5, 10]) near(got.recall[k], chance.recall[k]!);
      assert.equal(got.medianRank, chance.medianRank);
    }),
    { numRuns: 20 },
  );
});

test("the mean of recalls is of each measure", () => {
  const of = (one: number, median: number) => ({ recall: { 1: one, 5: 1, 10: 1 }, medianRank: median });
  assert.deepEqual(meanRecall([of(0.5, 1), of(1, 4)]), of(0.75, 2.5));
});
