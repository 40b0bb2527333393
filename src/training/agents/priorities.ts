/**
 * Priorities of transitions, and drawing in proportion to them: a tree of sums over a ring of places. Every sum is of its two
 * halves as they are, so that a tree rebuilt from its leaves is the same, bit for bit.
 */
export class Priorities {
  /** Of one level above the other; the root is 1, the leaves begin at `#leaves`. */
  readonly #sums: Float64Array;
  readonly #leaves: number;

  constructor(places: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(2, places)));
    this.#sums = new Float64Array(2 * this.#leaves);
  }

  get total(): number {
    return this.#sums[1]!;
  }

  get(place: number): number {
    return this.#sums[this.#leaves + place]!;
  }

  set(place: number, priority: number): void {
    let at = this.#leaves + place;
    this.#sums[at] = priority;
    for (at >>= 1; at >= 1; at >>= 1) this.#sums[at] = this.#sums[2 * at]! + this.#sums[2 * at + 1]!;
  }

  /** The place at a share of the sum in [0, 1). */
  find(share: number): number {
    let left = share * this.total;
    let at = 1;
    while (at < this.#leaves) {
      const lower = this.#sums[2 * at]!;
      // Rounding may leave a remainder where nothing is.
      const goesUp = left >= lower && this.#sums[2 * at + 1]! > 0;
      if (goesUp) left -= lower;
      at = 2 * at + Number(goesUp);
    }
    return at - this.#leaves;
  }

  /** The largest priority; 0 if there is none. */
  largest(): number {
    return this.#sums.subarray(this.#leaves).reduce((most, value) => Math.max(most, value), 0);
  }
}
