import { type Strategy, unlabelled } from "./strategy.ts";

/** Uniformly at random: the baseline for the other strategies. */
export const random: Strategy = (candidates, budget, rng) => {
  const free = unlabelled(candidates);
  return [...rng.permutation(free.length).subarray(0, budget)].map((at) => ({
    row: free[at]!,
    reason: "drawn at random",
  }));
};
