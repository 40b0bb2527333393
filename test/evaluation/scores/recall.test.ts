import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  chancePlace,
  expectedRank,
  medianRank,
  type Place,
  placeOf,
  recallAt,
  recallOf,
} from "../../../src/evaluation/scores/recall.ts";

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-12, `${value}, not ${expected}`);

test("places, recalls and ranks worked out by hand", () => {
  const hits = (...which: number[]) => new Set(which);
  const place = (similarities: number[], right: ReadonlySet<number>) => placeOf(similarities, (at) => right.has(at));
  // The better of two hits counts.
  assert.deepEqual(place([0.9, 0.5, 0.7, 0.1], hits(1, 2)), { above: 1, tied: 1, hits: 1 });
  assert.deepEqual(place([0.5, 0.5, 0.7, 0.5], hits(0)), { above: 1, tied: 3, hits: 1 });
  // Rounding is no difference.
  assert.deepEqual(place([0.5, 0.5 + 1e-7, 0.5 - 1e-7], hits(0)), { above: 0, tied: 3, hits: 1 });
  assert.equal(place([0.5, 0.6], hits()), undefined);
  assert.equal(place([], hits()), undefined);

  // One of three tied behind one other: at rank 2, 3 or 4.
  const tied: Place = { above: 1, tied: 3, hits: 1 };
  assert.deepEqual(
    [0, 1].map((k) => recallAt(tied, k)),
    [0, 0],
  );
  for (const [k, expected] of [
    [2, 1 / 3],
    [3, 2 / 3],
    [4, 1],
    [9, 1],
  ] as const)
    near(recallAt(tied, k), expected);
  near(expectedRank(tied), 3);
  // Two hits among four: C(2, 2) / C(4, 2) is the chance to miss both in two draws.
  near(recallAt({ above: 0, tied: 4, hits: 2 }, 2), 1 - 1 / 6);
  near(expectedRank({ above: 0, tied: 4, hits: 2 }), 5 / 3);

  const at = (...ranks: number[]): Place[] => ranks.map((rank) => ({ above: rank - 1, tied: 1, hits: 1 }));
  assert.deepEqual([at(3), at(1, 2, 9), at(1, 2, 3, 4), at(7, 7)].map(medianRank), [3, 2, 2, 7]);
  near(recallOf(at(1, 2, 3, 4), 2), 0.5);
});

test("the chance level of 162 candidates is the share that is looked at", () => {
  const places = [chancePlace(162, 1)];
  for (const k of [1, 5, 10]) near(recallOf(places, k), k / 162);
  assert.equal(medianRank(places), 81);
});

const fact = (n: number): number => (n < 2 ? 1 : n * fact(n - 1));

/** All orders of the candidates, as the ranks of the first hit. */
function ranksOfAllOrders({ above, tied, hits }: Place): number[] {
  const ranks: number[] = [];
  const visit = (left: boolean[], rank: number, weight: number) => {
    const right = left.filter(Boolean).length;
    // The first hit may come next in `right` ways, and the others follow in any order.
    for (let copy = 0; copy < right * fact(left.length - 1) * weight; copy++) ranks.push(rank);
    const wrong = left.length - right;
    if (wrong > 0) visit([...Array(right).fill(true), ...Array(wrong - 1).fill(false)], rank + 1, weight * wrong);
  };
  visit([...Array(hits).fill(true), ...Array(tied - hits).fill(false)], above + 1, 1);
  return ranks;
}

test("ties count as the mean over all orders", () => {
  const anyPlace = fc
    .tuple(fc.nat(5), fc.integer({ min: 1, max: 6 }), fc.nat(5))
    .map(([above, tied, others]): Place => ({ above, tied, hits: Math.max(1, tied - others) }));
  fc.assert(
    fc.property(anyPlace, fc.integer({ min: 1, max: 12 }), (place, k) => {
      const ranks = ranksOfAllOrders(place);
      assert.equal(ranks.length, fact(place.tied));
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a}, not ${b}`);
      close(recallAt(place, k), mean(ranks.map((rank) => Number(rank <= k))));
      close(expectedRank(place), mean(ranks));
    }),
  );
});

test("recall grows to 1, the order of candidates does not matter, and the median is where half is reached", () => {
  const query = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(query, { minLength: 1, maxLength: 8 }), (queries) => {
      const places = queries.flatMap((candidates) => {
        const find = (list: typeof candidates) =>
          placeOf(
            list.map(([similarity]) => similarity),
            (at) => list[at]![1],
          );
        const place = find(candidates);
        assert.deepEqual(find(candidates.toReversed()), place);
        assert.equal(
          place === undefined,
          candidates.every(([, right]) => !right),
        );
        return place ?? [];
      });
      if (places.length === 0) return;
      const recalls = Array.from({ length: 14 }, (_, k) => recallOf(places, k));
      assert.equal(recalls[0], 0);
      assert.ok(Math.abs(recalls[13]! - 1) < 1e-12);
      for (let k = 1; k < 14; k++) assert.ok(recalls[k]! >= recalls[k - 1]! - 1e-12);
      const median = medianRank(places);
      assert.ok(recalls[median]! >= 0.5 - 1e-9 && recalls[median - 1]! < 0.5 + 1e-9);
    }),
  );
});
