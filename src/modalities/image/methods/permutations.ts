import { Rng } from "../../../array/rng.ts";
import { UserError } from "../../../foundation/errors.ts";

/** Every permutation of 0 … length − 1, `[permutations × length]`; the lexicographically n-th is in row `places[n]`. */
function everyPermutation(length: number, places: ArrayLike<number>): Uint8Array {
  const rows = new Uint8Array(places.length * length);
  const current = new Uint8Array(length);
  let index = 0;
  const extend = (place: number, used: number) => {
    if (place === length) rows.set(current, places[index++]! * length);
    for (let value = 0; value < length; value++)
      if (((used >> value) & 1) === 0) {
        current[place] = value;
        extend(place + 1, used | (1 << value));
      }
  };
  extend(0, 0);
  return rows;
}

const factorial = (length: number): number => (length <= 1 ? 1 : length * factorial(length - 1));

/**
 * The least sum over permutations, one value per place: a minimum assignment by dynamic programming over the sets of values
 * used by the first places.
 * @param counts `[places × values]`
 */
function leastSum(counts: Int32Array, length: number): number {
  const least = new Int32Array(2 ** length).fill(2 ** 30);
  const places = new Uint8Array(2 ** length);
  least[0] = 0;
  for (let used = 0; used < least.length; used++)
    for (let value = 0; value < length; value++) {
      const next = used | (1 << value);
      if (next === used) continue;
      places[next] = places[used]! + 1;
      least[next] = Math.min(least[next]!, least[used]! + counts[places[used]! * length + value]!);
    }
  return least.at(-1)!;
}

/**
 * Permutations far apart: starting from the identity, always the one with the greatest sum of Hamming distances to those
 * chosen before, as in algorithm 1 of Noroozi & Favaro 2016 (https://arxiv.org/abs/1603.09246). Ties go to the first in a
 * fixed shuffled order, so that the set is the same everywhere.
 * @param length at most 9, since all permutations are enumerated
 * @returns `count` distinct permutations of 0 … length − 1
 * @throws UserError when there are fewer than `count`
 */
export function distantPermutations(length: number, count: number): number[][] {
  if (length > 9)
    throw new UserError(`jigsaw: ${length} tiles have too many permutations to choose from; use at most 9`);
  const total = factorial(length);
  if (count > total)
    throw new UserError(
      `jigsaw: ${length} tiles have ${total} permutations, not ${count}; use --permutations ${total}`,
    );
  const places = new Int32Array(total);
  new Rng(0).permutation(total).forEach((index, place) => {
    places[index] = place;
  });
  const every = everyPermutation(length, places);
  // How many chosen permutations have a value at a place: a permutation's agreement with them is a sum of these.
  const counts = new Int32Array(length * length);
  const taken = new Uint8Array(total);
  const chosen: number[][] = [];
  for (let next = places[0]!; ; ) {
    const permutation = [...every.subarray(next * length, (next + 1) * length)];
    chosen.push(permutation);
    if (chosen.length === count) return chosen;
    taken[next] = 1;
    permutation.forEach((value, place) => {
      counts[place * length + value]!++;
    });
    // The first permutation that reaches the least possible sum ends the search.
    const bound = leastSum(counts, length);
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < total && least > bound; row++) {
      if (taken[row]) continue;
      let agreements = 0;
      for (let place = 0; place < length && agreements < least; place++)
        agreements += counts[place * length + every[row * length + place]!]!;
      if (agreements < least) [least, next] = [agreements, row];
    }
  }
}
