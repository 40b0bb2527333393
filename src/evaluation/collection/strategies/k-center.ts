import type { Choice, Strategy } from "./strategy.ts";
import { unlabelled } from "./strategy.ts";

/**
 * k-centre greedy: always the sample farthest from all labelled or chosen ones. Sener and Savarese 2018,
 * https://arxiv.org/abs/1708.00489, algorithm 1. The score is that distance, the covering radius before the choice:
 * Euclidean between unit vectors, 0 to 2. If nothing is labelled the first sample is drawn at random. Differs from the
 * paper: no mixed-integer programme to leave out outliers ("robust k-centre"); features are the frozen encoder's, not those
 * of a classifier trained on the labels so far.
 */
export const kCenter: Strategy = (candidates, budget, rng) => {
  const { units, rows, dim, labelled } = candidates;
  // Squared distance to the nearest centre; −1 for rows that are labelled or chosen.
  const distances = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const cover = (center: number) => {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += (units[row * dim + i]! - units[center * dim + i]!) ** 2;
      if (sum < distances[row]!) distances[row] = sum;
    }
    distances[center] = -1;
  };
  for (const row of labelled) cover(row);
  const choices: Choice[] = [];
  if (labelled.length === 0 && budget > 0) {
    const free = unlabelled(candidates);
    const row = free[rng.integer(0, free.length - 1)]!;
    choices.push({ row, reason: "first, drawn at random" });
    cover(row);
  }
  while (choices.length < budget) {
    let row = 0;
    for (let other = 1; other < rows; other++) if (distances[other]! > distances[row]!) row = other;
    const score = Math.sqrt(distances[row]!);
    choices.push({ row, score, reason: "farthest from all labelled samples and suggestions above" });
    cover(row);
  }
  return choices;
};
