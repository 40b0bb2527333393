import assert from "node:assert/strict";
import { test } from "node:test";
import { distantPermutations } from "../../../../src/modalities/image/methods/permutations.ts";

const distance = (first: readonly number[], second: readonly number[]) =>
  first.reduce((sum, value, place) => sum + Number(value !== second[place]), 0);

/** All permutations of a list, written independently of the tested code. */
const orders = (values: readonly number[]): number[][] =>
  values.length === 0
    ? [[]]
    : values.flatMap((value) => orders(values.filter((other) => other !== value)).map((rest) => [value, ...rest]));

test("each permutation is as far from those before it as any that was left, by brute force", () => {
  for (const length of [3, 4, 5]) {
    const every = orders(Array.from({ length }, (_, index) => index));
    const count = Math.min(30, every.length);
    const chosen = distantPermutations(length, count);
    assert.deepEqual(chosen[0], every[0]);
    const sum = (candidate: readonly number[], before: readonly number[][]) =>
      before.reduce((total, other) => total + distance(candidate, other), 0);
    for (let index = 1; index < count; index++) {
      const before = chosen.slice(0, index);
      const left = every.filter((candidate) => before.every((other) => distance(candidate, other) > 0));
      assert.equal(sum(chosen[index]!, before), Math.max(...left.map((candidate) => sum(candidate, before))));
    }
    assert.equal(new Set(chosen.map(String)).size, count);
  }
});

test("a thousand orders of nine tiles: distinct, each a permutation, far apart, the same each time", () => {
  const chosen = distantPermutations(9, 1000);
  assert.deepEqual(distantPermutations(9, 1000), chosen);
  assert.equal(new Set(chosen.map(String)).size, 1000);
  for (const order of chosen) assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  let sum = 0;
  for (const first of chosen) for (const second of chosen) sum += distance(first, second);
  // Of random permutations it would be 8.0; no set of this size can have much more than 8 places of 9 apart.
  assert.ok(sum / (1000 * 999) > 8.0, `${sum / (1000 * 999)}`);
  // The first nine can be a Latin square: no two agree anywhere.
  for (const [at, first] of chosen.slice(0, 9).entries())
    for (const second of chosen.slice(0, at)) assert.equal(distance(first, second), 9);
});

test("more permutations than exist, or too many tiles, are refused, with advice", () => {
  assert.equal(distantPermutations(4, 24).length, 24);
  assert.throws(() => distantPermutations(4, 25), { name: "UserError", message: /--permutations 24/ });
  assert.throws(() => distantPermutations(16, 10), { name: "UserError", message: /at most 9/ });
});
