import { unitRows } from "./normalize.ts";

/** One N-way trial: one example of each class, and queries to match with them. */
export interface OneShotTrial {
  /** `[classes, dim]` */
  readonly support: Float32Array;
  /** `[queries, dim]` */
  readonly queries: Float32Array;
  /** For each query the row of its class in `support`. */
  readonly answers: Int32Array;
}

/** For each query the support row nearest by cosine. */
export function matchOneShot({ support, queries, answers }: OneShotTrial, dim: number): Int32Array {
  const examples = unitRows(support, support.length / dim, dim);
  const unitQueries = unitRows(queries, answers.length, dim);
  return answers.map((_, query) => {
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < examples.length / dim; row++) {
      let similarity = 0;
      for (let i = 0; i < dim; i++) similarity += examples[row * dim + i]! * unitQueries[query * dim + i]!;
      if (similarity > highest) [best, highest] = [row, similarity];
    }
    return best;
  });
}

/** Share of queries over all trials that match their class, in [0, 1]. */
export function oneShotAccuracy(trials: readonly OneShotTrial[], dim: number): number {
  let correct = 0;
  let total = 0;
  for (const trial of trials) {
    const matches = matchOneShot(trial, dim);
    trial.answers.forEach((answer, query) => {
      if (matches[query] === answer) correct++;
      total++;
    });
  }
  return correct / total;
}
