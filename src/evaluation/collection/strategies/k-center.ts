import type { Choice, Strategy } from "./strategy.ts";
import { unlabelled } from "./strategy.ts";

/**
 * k-centre greedy: always the sample farthest from everything labelled or chosen so far, so that none is far from a
 * label. Sener and Savarese 2018, https://arxiv.org/abs/1708.00489, algorithm 1; the score is that distance, which is the
 * covering radius before the choice. Distances are Euclidean between vectors at unit length, 0 to 2. Where nothing is
 * labelled the first is drawn at random. Differs from the paper: no mixed-integer programme that would leave out outliers
 * (its "robust k-centre"); features are the frozen encoder's, not a classifier's trained on the labels so far.
 */
export const kCenter: Strategy = (candidates, budget, rng) => {
  const { units, rows, dim, labelled } = candidates;
  // Squared, from the nearest centre; negative for what may not be chosen (again).
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
    choices.push({ row, reason: "drawn at random, to begin with" });
    cover(row);
  }
  while (choices.length < budget) {
    let row = 0;
    for (let other = 1; other < rows; other++) if (distances[other]! > distances[row]!) row = other;
    const score = Math.sqrt(distances[row]!);
    choices.push({ row, score, reason: "farthest from all that is labelled or suggested above" });
    cover(row);
  }
  return choices;
};
