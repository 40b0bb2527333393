import { Rng } from "../array/rng.ts";
import { UserError } from "../foundation/errors.ts";

/** Every permutation of 0 … length − 1 in lexicographic order, one after the other. */
function everyPermutation(length: number): Uint8Array {
  let rows: number[][] = [[]];
  for (let size = 1; size <= length; size++)
    rows = Array.from({ length: size }, (_, first) =>
      rows.map((rest) => [first, ...rest.map((value) => (value >= first ? value + 1 : value))]),
    ).flat();
  return Uint8Array.from(rows.flat());
}

/**
 * Permutations far apart: from the identity on, always the one with the greatest sum of Hamming distances to those
 * chosen before, as algorithm 1 of Noroozi & Favaro 2016 (https://arxiv.org/abs/1603.09246) does. Of several as far, the
 * first in an order that is shuffled once and for all: the same set everywhere, for training and for looking at it.
 * @param length at most 9: all permutations are gone through
 * @returns `count` distinct permutations of 0 … length − 1
 * @throws UserError when there are not so many
 */
export function distantPermutations(length: number, count: number): number[][] {
  if (length > 9) throw new UserError(`jigsaw: ${length} tiles have too many orders to choose from; use at most 9`);
  const every = everyPermutation(length);
  const total = every.length / length;
  if (count > total)
    throw new UserError(
      `jigsaw: ${length} tiles have ${total} permutations, not ${count}; use --permutations ${total}`,
    );
  // Which permutations have a value at a place: choosing one brings exactly these closer.
  const having = Array.from({ length: length * length }, () => new Int32Array(total / length));
  const filled = new Int32Array(length * length);
  for (let row = 0; row < total; row++)
    for (let place = 0; place < length; place++) {
      const at = place * length + every[row * length + place]!;
      having[at]![filled[at]!++] = row;
    }
  const order = new Rng(0).permutation(total);
  const agreements = new Int32Array(total);
  const chosen: number[][] = [];
  for (let next = 0; ; ) {
    const permutation = [...every.subarray(next * length, (next + 1) * length)];
    chosen.push(permutation);
    if (chosen.length === count) return chosen;
    permutation.forEach((value, place) => {
      for (const row of having[place * length + value]!) agreements[row]!++;
    });
    agreements[next] = 2 ** 30;
    next = order[0]!;
    for (const row of order) if (agreements[row]! < agreements[next]!) next = row;
  }
}
