/**
 * Where a query's best hit is among its candidates, by falling similarity. Candidates of one similarity are in any order, each
 * as likely, so that a model that cannot tell them apart gets the chance level and not what their order in the data gives.
 */
export interface Place {
  /** Candidates with a higher similarity than the best hit. */
  readonly above: number;
  /** Candidates with its similarity, itself included. */
  readonly tied: number;
  /** Hits among those: from 1 to `tied`. */
  readonly hits: number;
}

/** Similarities that differ by less are the same: cosines of float32 vectors are rounded by about as much. */
const SAME = 1e-6;

/**
 * The place of a query's best hit.
 * @param isHit whether a candidate is one of those that are wanted
 * @returns undefined when none of them is
 */
export function placeOf(similarities: ArrayLike<number>, isHit: (candidate: number) => boolean): Place | undefined {
  let best = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < similarities.length; at++) if (similarities[at]! > best && isHit(at)) best = similarities[at]!;
  if (best === Number.NEGATIVE_INFINITY) return undefined;
  let [above, tied, hits] = [0, 0, 0];
  for (let at = 0; at < similarities.length; at++) {
    const difference = similarities[at]! - best;
    if (difference > SAME) above++;
    else if (difference >= -SAME) {
      tied++;
      if (isHit(at)) hits++;
    }
  }
  return { above, tied, hits };
}

/** The place that chance gives: all candidates in any order. */
export const chancePlace = (candidates: number, hits: number): Place => ({ above: 0, tied: candidates, hits });

/** The probability in [0, 1] that a hit is among the first `k` candidates. */
export function recallAt({ above, tied, hits }: Place, k: number): number {
  const drawn = Math.min(k - above, tied);
  if (drawn <= 0) return 0;
  // None of the drawn is a hit: C(tied − hits, drawn) / C(tied, drawn), which is symmetric in hits and drawn.
  let missed = 1;
  const [fewer, more] = hits < drawn ? [hits, drawn] : [drawn, hits];
  for (let at = 0; at < fewer && missed > 0; at++) missed *= Math.max(0, tied - more - at) / (tied - at);
  return 1 - missed;
}

/** The expected rank of the best hit, from 1. */
export const expectedRank = ({ above, tied, hits }: Place): number => above + (tied + 1) / (hits + 1);

/** Mean probability over the queries that a hit is among the first `k`. */
export const recallOf = (places: readonly Place[], k: number): number =>
  places.reduce((sum, place) => sum + recallAt(place, k), 0) / places.length;

/**
 * The smallest k for which half of the queries have a hit among the first k. Without ties it is the (lower) median of the
 * ranks, as VSE++ computes it (Faghri et al. 2018, https://arxiv.org/abs/1707.05612).
 */
export function medianRank(places: readonly Place[]): number {
  let [low, high] = [1, places.reduce((most, { above, tied }) => Math.max(most, above + tied), 1)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (recallOf(places, middle) >= 0.5 - 1e-12) high = middle;
    else low = middle + 1;
  }
  return low;
}
