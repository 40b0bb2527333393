import { Rng } from "../../../array/rng.ts";
import { UserError } from "../../../foundation/errors.ts";

/** Every permutation of 0 … length − 1, `[permutations × length]`; the lexicographically n-th stands at `places[n]`. */
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
 * Least sum that any permutation picks, one value a place: a minimum assignment, over the sets of values that the first
 * places have used.
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
 * Permutations far apart: from the identity on, always the one with the greatest sum of Hamming distances to those
 * chosen before, as algorithm 1 of Noroozi & Favaro 2016 (https://arxiv.org/abs/1603.09246) does. Of several as far, the
 * first in an order that is shuffled once and for all: the same set everywhere, for training and for looking at it.
 * @param length at most 9: all permutations may be gone through
 * @returns `count` distinct permutations of 0 … length − 1
 * @throws UserError when there are not so many
 */
export function distantPermutations(length: number, count: number): number[][] {
  if (length > 9) throw new UserError(`jigsaw: ${length} tiles have too many orders to choose from; use at most 9`);
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
  // How many of those chosen have a value at a place: what a permutation agrees with them in is a sum of these.
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
    // Some permutation reaches the least sum there is unless it was chosen already: the first that does ends the search.
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
