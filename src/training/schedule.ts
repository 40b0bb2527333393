/**
 * Learning rate of one step: a linear rise over `warmupSteps`, then half a cosine down to zero.
 * Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983
 * @param step 0 for the first
 */
export function learningRateAt(step: number, peak: number, warmupSteps: number, steps: number): number {
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return (peak * (1 + Math.cos(Math.PI * progress))) / 2;
}
