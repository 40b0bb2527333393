import type { Scores } from "./scores.ts";

/**
 * The probability that a run of the first agent scores higher than a run of the second, on a task drawn at random; ties count
 * half. The Mann–Whitney statistic over the number of pairs.
 * Agarwal et al. 2021, https://arxiv.org/abs/2108.13264.
 *
 * @param second on the same tasks; the number of seeds may differ
 * @returns in [0, 1]; 0.5 for agents that are alike
 * @throws Error when the tasks are not as many
 * @example probabilityOfImprovement([[3, 4, 5]], [[1, 2, 4]]) // 7.5 of 9 pairs: 0.833
 */
export function probabilityOfImprovement(first: Scores, second: Scores): number {
  if (first.length !== second.length || first.length === 0)
    throw new Error(`scores of ${first.length} tasks, and of ${second.length}`);
  const shares = first.map((ours, task) => {
    const theirs = second[task]!;
    let wins = 0;
    for (let i = 0; i < ours.length; i++)
      for (let j = 0; j < theirs.length; j++) wins += (1 + Math.sign(ours[i]! - theirs[j]!)) / 2;
    return wins / (ours.length * theirs.length);
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
