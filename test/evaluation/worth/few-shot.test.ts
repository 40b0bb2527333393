import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { meanAndInterval } from "../../../src/evaluation/scores/metrics.ts";
import { centredRows } from "../../../src/evaluation/vectors/normalize.ts";
import { drawEpisode, episodeAccuracy, inBothParts } from "../../../src/evaluation/worth/few-shot.ts";

test("the confidence interval is as computed by hand", () => {
  // Mean 0.5; squared deviations 0.09, 0.01, 0.01, 0.09 over 3; 1.96 · √(0.2 / 3) / √4.
  const { mean, interval } = meanAndInterval([0.2, 0.4, 0.6, 0.8]);
  assert.ok(Math.abs(mean - 0.5) < 1e-12);
  assert.ok(Math.abs(interval - 0.253035) < 1e-6, `${interval}`);
});

test("an episode has the requested classes, examples and queries, without repetition, each of its class", () => {
  const counts = fc.record({
    ways: fc.integer({ min: 2, max: 5 }),
    shots: fc.integer({ min: 1, max: 4 }),
    queries: fc.integer({ min: 1, max: 4 }),
    more: fc.nat(4),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(counts, ({ ways, shots, queries, more, seed }) => {
      const classes = ways + more;
      const size = shots + queries + more;
      const byClass = Array.from({ length: classes }, (_, label) =>
        Int32Array.from({ length: size }, (_row, at) => at * classes + label),
      );
      const episode = drawEpisode(byClass, { ways, shots, queries }, new Rng(seed));
      const labels = episode.support.map((rows) => rows[0]! % classes);
      assert.equal(new Set(labels).size, ways);
      const rows = episode.support.flatMap((support, at) => {
        const asked = episode.queries[at]!;
        assert.deepEqual([support.length, asked.length], [shots, queries]);
        for (const row of [...support, ...asked]) assert.equal(row % classes, labels[at]);
        return [...support, ...asked];
      });
      assert.equal(new Set(rows).size, rows.length);
    }),
  );
});

test("of a split, classes that only one part has are left out, so that examples and queries are of the same classes", () => {
  // Class 0 is only trained on, class 3 only tested, class 1 and 2 both; row 4 is of the validation part.
  const labels = Int32Array.of(0, 1, 2, 1, 2, 2, 3, -1);
  const partOf = Uint8Array.of(0, 0, 0, 2, 1, 2, 2, 0);
  const { train, test: asked } = inBothParts(labels, partOf);
  assert.deepEqual([...train], [-1, 1, 2, -1, -1, -1, -1, -1]);
  assert.deepEqual([...asked], [-1, -1, -1, 1, -1, 2, -1, -1]);
});

test("queries go to the nearest centroid", () => {
  // Class 0 around (0, 0) by its examples (−2, 0) and (2, 0); class 1 at (3, 0).
  const vectors = Float32Array.of(-2, 0, 2, 0, 3, 0, 3, 0, 1.4, 1, 1.6, 1, 2.9, 0, 0, 5);
  const support = [Int32Array.of(0, 1), Int32Array.of(2, 3)];
  const right = { support, queries: [Int32Array.of(4), Int32Array.of(5, 6)] };
  assert.equal(episodeAccuracy(vectors, 2, right), 1);
  const half = { support, queries: [Int32Array.of(5, 6), Int32Array.of(4, 6)] };
  assert.equal(episodeAccuracy(vectors, 2, half), 0.25);
});

test("on random vectors accuracy is at chance level, within the interval", () => {
  const rng = new Rng(3);
  const vectors = rng.normals([200, 4]).data as Float32Array;
  const byClass = [0, 1, 2, 3].map((label) => Int32Array.from({ length: 50 }, (_, at) => 4 * at + label));
  const accuracies = Array.from({ length: 400 }, (_, episode) =>
    episodeAccuracy(vectors, 4, drawEpisode(byClass, { ways: 4, shots: 5, queries: 10 }, rng.split(episode))),
  );
  const { mean, interval } = meanAndInterval(accuracies);
  assert.ok(Math.abs(mean - 0.25) < 0.03 && interval < 0.02, `${mean} ± ${interval}`);
});

test("centred rows have mean zero and keep their differences", () => {
  assert.deepEqual([...centredRows(Float32Array.of(1, 10, 3, 20), 2, 2)], [-1, -5, 1, 5]);
});
