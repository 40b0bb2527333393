/** A merge of two symbols into a new one; new ids follow those of the alphabet. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly merged: number;
  /** How often the pair occurred when it was merged. */
  readonly count: number;
}

/** A word of the corpus as symbols, and how often it occurs. */
export interface CountedWord {
  readonly symbols: readonly number[];
  readonly count: number;
}

/** Symbol ids are below this, so that a pair fits into one exact number. */
const RADIX = 2 ** 24;
const pairOf = (left: number, right: number): number => left * RADIX + right;

/** Rarer pairs are not merged. */
const LEAST_COUNT = 2;

/**
 * Training of byte-pair encoding (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909): the most frequent pair of
 * neighbouring symbols becomes a new symbol, again and again. Ties go to the pair with the smaller ids, as in Hugging
 * Face's trainer.
 *
 * The words of each pair are recorded, so that a merge visits those words only; a queue gives the most frequent pair, and
 * its counts are updated when they reach the head.
 * @param merge called for each merge; returns the id of the merged symbol, which may exist already, or undefined to end
 */
export function learnMerges(
  words: readonly CountedWord[],
  merge: (merge: Omit<Merge, "merged">) => number | undefined,
) {
  const symbols = words.map((word) => Int32Array.from(word.symbols));
  const lengths = Int32Array.from(words, (word) => word.symbols.length);
  const counts = new Map<number, number>();
  const places = new Map<number, number[]>();
  const add = (pair: number, count: number, word: number) => {
    counts.set(pair, (counts.get(pair) ?? 0) + count);
    const recorded = places.get(pair);
    if (!recorded) places.set(pair, [word]);
    else if (recorded[recorded.length - 1] !== word) recorded.push(word);
  };
  words.forEach(({ count }, word) => {
    const current = symbols[word]!;
    for (let at = 1; at < current.length; at++) add(pairOf(current[at - 1]!, current[at]!), count, word);
  });
  const queue = new PairQueue();
  for (const [pair, count] of counts) queue.push(pair, count);

  for (let best = queue.pop(); best; best = queue.pop()) {
    const { pair } = best;
    const current = counts.get(pair) ?? 0;
    if (current < best.count) {
      if (current >= LEAST_COUNT) queue.push(pair, current);
      continue;
    }
    if (current < LEAST_COUNT) return;
    const [left, right] = [Math.floor(pair / RADIX), pair % RADIX];
    const merged = merge({ left, right, count: current });
    if (merged === undefined) return;
    const changed = new Set<number>();
    for (const word of places.get(pair) ?? []) {
      const parts = symbols[word]!;
      const { count } = words[word]!;
      const length = lengths[word]!;
      let kept = 0;
      for (let at = 0; at < length; at++) {
        if (parts[at] !== left || at + 1 >= length || parts[at + 1] !== right) {
          parts[kept++] = parts[at]!;
          continue;
        }
        if (kept > 0) {
          const before = parts[kept - 1]!;
          counts.set(pairOf(before, left), (counts.get(pairOf(before, left)) ?? 0) - count);
          add(pairOf(before, merged), count, word);
          changed.add(pairOf(before, merged));
        }
        if (at + 2 < length) {
          const after = parts[at + 2]!;
          counts.set(pairOf(right, after), (counts.get(pairOf(right, after)) ?? 0) - count);
          add(pairOf(merged, after), count, word);
          changed.add(pairOf(merged, after));
        }
        parts[kept++] = merged;
        at++;
      }
      lengths[word] = kept;
    }
    counts.delete(pair);
    places.delete(pair);
    for (const other of changed) {
      const count = counts.get(other) ?? 0;
      if (count >= LEAST_COUNT) queue.push(other, count);
    }
  }
}

/** A binary heap of pairs: the largest count first, then the smallest pair. */
class PairQueue {
  readonly #pairs: number[] = [];
  readonly #counts: number[] = [];

  #before(a: number, b: number): boolean {
    const [first, second] = [this.#counts[a]!, this.#counts[b]!];
    return first > second || (first === second && this.#pairs[a]! < this.#pairs[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#pairs[a], this.#pairs[b]] = [this.#pairs[b]!, this.#pairs[a]!];
    [this.#counts[a], this.#counts[b]] = [this.#counts[b]!, this.#counts[a]!];
  }

  push(pair: number, count: number): void {
    let at = this.#pairs.push(pair) - 1;
    this.#counts.push(count);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): { pair: number; count: number } | undefined {
    const last = this.#pairs.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const [pair, count] = [this.#pairs.pop()!, this.#counts.pop()!];
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < last && this.#before(left, first)) first = left;
      if (right < last && this.#before(right, first)) first = right;
      if (first === at) return { pair, count };
      this.#swap(at, first);
      at = first;
    }
  }
}
