import type { Training } from "./run/config.ts";

/** How the learning rate goes on after the warm-up. */
export type RateSchedule = Partial<Pick<Training, "schedule" | "finalLearningRate" | "milestones" | "drop">>;

export interface LearningRateSchedule extends RateSchedule {
  readonly peak: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

/**
 * Learning rate of one step: a linear rise to the peak over `warmupSteps`, then
 * - `cosine`, the default: half a cosine down to `finalLearningRate` × peak. Loshchilov & Hutter 2016,
 *   https://arxiv.org/abs/1608.03983
 * - `step`: `drop` of the rate, a tenth by default, after each of the `milestones`, shares of all steps
 * - `constant`: the peak
 * @param step 0 for the first
 */
export function learningRateAt(
  step: number,
  {
    schedule = "cosine",
    finalLearningRate = 0,
    milestones = [],
    drop = 0.1,
    peak,
    warmupSteps,
    steps,
  }: LearningRateSchedule,
): number {
  if (step < warmupSteps) return Math.min(peak, (peak * (step + 1)) / warmupSteps);
  if (schedule === "constant") return peak;
  if (schedule === "step") return peak * drop ** milestones.filter((share) => step >= Math.round(share * steps)).length;
  const minimum = peak * finalLearningRate;
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return minimum + ((peak - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/**
 * Weight decay of one step: half a cosine from the first value to the last over all steps, as in DINO's code.
 * @param progress share of the training done, in [0, 1]
 */
export function weightDecayAt(
  progress: number,
  {
    weightDecay,
    finalWeightDecay = weightDecay,
  }: Pick<Training, "weightDecay"> & Partial<Pick<Training, "finalWeightDecay">>,
): number {
  if (finalWeightDecay === weightDecay) return weightDecay;
  return finalWeightDecay + ((weightDecay - finalWeightDecay) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/** Numbers of one step, inputs of its program. */
export interface StepNumbers {
  readonly learningRate: number;
  /** Learning rate of the parts whose rate is constant; `learningRate` by default. */
  readonly constantRate?: number;
  /** By default the one that the step was compiled with. */
  readonly weightDecay?: number;
  /** Share of the training done, in [0, 1]. */
  readonly progress: number;
}

/**
 * The numbers of one step of a run.
 * @param step 0 for the first
 * @param plan lengths in steps
 * @param training at this stage of the curriculum
 */
export function numbersAt(
  step: number,
  { steps, warmupSteps }: Pick<LearningRateSchedule, "steps" | "warmupSteps">,
  training: Pick<Training, "learningRate" | "weightDecay" | "finalWeightDecay"> & RateSchedule,
): StepNumbers {
  const peak = training.learningRate;
  const progress = step / steps;
  return {
    learningRate: learningRateAt(step, { ...training, peak, steps, warmupSteps }),
    constantRate: peak,
    weightDecay: weightDecayAt(progress, training),
    progress,
  };
}
