export interface LearningRateSchedule {
  readonly peak: number;
  /** Final value of the cosine; 0 by default. */
  readonly minimum?: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

/**
 * Learning rate of one step: a linear rise to the peak over `warmupSteps`, then half a cosine down to the minimum.
 * Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983
 * @param step 0 for the first
 */
export function learningRateAt(step: number, { peak, minimum = 0, warmupSteps, steps }: LearningRateSchedule): number {
  if (step < warmupSteps) return Math.min(peak, (peak * (step + 1)) / warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return minimum + ((peak - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
}
