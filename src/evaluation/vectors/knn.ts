import { cosinesOf } from "./cosines.ts";

export interface LabelledVectors {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
  readonly labels: Int32Array;
  /** Each row's group, if groups must not be split. */
  readonly groups?: Int32Array | undefined;
}

/**
 * Weighted k-nearest-neighbour classification as in instance discrimination: each of the k nearest rows by cosine
 * similarity s votes with weight exp(s / temperature). Wu et al. 2018, https://arxiv.org/abs/1805.01978
 * @param ks each capped at the number of training rows
 * @returns for each k the predicted class of every query; ties go to the lower class
 */
export async function knnPredict(
  train: LabelledVectors,
  queries: { readonly data: Float32Array; readonly rows: number },
  classes: number,
  ks: readonly number[] = [20, 200],
  temperature = 0.07,
): Promise<Int32Array[]> {
  const largest = Math.min(train.rows, Math.max(...ks));
  const predictions = ks.map(() => new Int32Array(queries.rows));
  let query = 0;
  for await (const scores of cosinesOf(queries, train, train.dim)) {
    const nearest = topIndices(scores, largest);
    ks.forEach((k, which) => {
      const votes = new Float64Array(classes);
      for (const index of nearest.subarray(0, Math.min(k, largest)))
        votes[train.labels[index]!]! += Math.exp(scores[index]! / temperature);
      predictions[which]![query] = votes.indexOf(votes.reduce((most, vote) => Math.max(most, vote)));
    });
    query++;
  }
  return predictions;
}

/** Indices of the `count` largest scores, largest first, ties by index: one pass with a heap of `count`. */
export function topIndices(scores: ArrayLike<number>, count: number): Int32Array {
  const heap = new Int32Array(Math.min(count, scores.length));
  // The root is the worst score kept.
  const worse = (a: number, b: number) => scores[a]! < scores[b]! || (scores[a] === scores[b] && a > b);
  const sink = (from: number) => {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const child = left + 1 < heap.length && worse(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!worse(heap[child]!, heap[at]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  };
  for (let index = 0; index < heap.length; index++) heap[index] = index;
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at);
  for (let index = heap.length; index < scores.length; index++)
    if (worse(heap[0]!, index)) {
      heap[0] = index;
      sink(0);
    }
  return heap.sort((a, b) => scores[b]! - scores[a]! || a - b);
}
