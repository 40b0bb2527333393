import type { BonusStatistics } from "./checkpoint.ts";

/** Discount of the running sum of bonuses, as in the code of RND. */
const DISCOUNT = 0.99;

export const noBonus: BonusStatistics = { sum: 0, count: 0, mean: 0, squares: 0 };

/**
 * A bonus in deviations of the running discounted sum of bonuses, so that its scale neither depends on the novelty's nor fades
 * at once with it. Burda et al. 2018, https://arxiv.org/abs/1810.12894
 */
export function scaledBonus(bonus: number, before: BonusStatistics): { bonus: number; statistics: BonusStatistics } {
  const sum = before.sum * DISCOUNT + bonus;
  const count = before.count + 1;
  // Welford's mean and sum of squared differences.
  const mean = before.mean + (sum - before.mean) / count;
  const squares = before.squares + (sum - before.mean) * (sum - mean);
  const deviation = Math.sqrt(squares / count);
  return { bonus: deviation > 0 ? bonus / deviation : 0, statistics: { sum, count, mean, squares } };
}
