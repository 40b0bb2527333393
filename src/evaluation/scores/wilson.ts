/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval of a share, 95 %: it stays within 0 and 1, also with few trials. Wilson 1927,
 * https://doi.org/10.1080/01621459.1927.10502953
 *
 * @example wilson(45, 50); // [0.786, 0.957]
 */
export function wilson(successes: number, trials: number): readonly [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const share = successes / trials;
  const square = Z ** 2 / trials;
  const middle = share + square / 2;
  const half = Z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return [Math.max(0, (middle - half) / (1 + square)), Math.min(1, (middle + half) / (1 + square))];
}
