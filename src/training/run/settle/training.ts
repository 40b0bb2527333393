import type * as z from "zod";
import type { Source } from "../../../data/index.ts";
import { countOfKeys } from "../../../data/parts/keys.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { Recipe } from "../../../methods/index.ts";
import type { RunChoices } from "../choices.ts";
import { SettledTraining, type Training, TrainingOptions } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** Default batch size on a CPU: the thousands of the papers need the memory of many accelerators. */
const CPU_BATCH = 256;
/** Batch that recipes' learning rates are of. */
const USUAL_BATCH = 256;

export type RequestedTraining = z.infer<typeof TrainingOptions>;

/** The training options of user and preset, before the data are read. @throws UserError for a wrong option */
export const requestedTraining = ({ training }: RunChoices, { preset, small }: PresetParts): RequestedTraining =>
  parseOptions(
    TrainingOptions,
    decide({ user: training, preset: preset?.training, small: small?.training }),
    "training",
  );

/**
 * Settles the training options that depend on the recipe and on the number of samples.
 * @throws UserError when there are too few samples, or options contradict each other
 */
export function settleTraining(
  choices: RunChoices,
  requested: RequestedTraining,
  recipe: Recipe,
  { length: samples, perBatch, keys }: Pick<Source<unknown>, "length" | "perBatch" | "keys">,
): Training {
  if (samples < 2 && perBatch === undefined)
    throw new UserError(`${choices.data}: one sample is too few to learn from`);
  const different = keys && countOfKeys(keys);
  if (different !== undefined && different < 2)
    throw new UserError(`${choices.data}: all ${samples} samples show the same; there is nothing to tell apart`);
  const batchSize =
    choices.training?.batchSize === undefined && perBatch !== undefined
      ? Math.min(perBatch, samples)
      : batchSizeOf(choices, requested, recipe, samples, different);
  const warmupEpochs = requested.warmupEpochs ?? Math.min(10, requested.epochs / 10);
  const training = SettledTraining.parse({
    ...decide({
      user: requested,
      recipe: {
        optimizer: recipe.optimizer ?? "adamw",
        learningRate:
          ((recipe.baseLearningRate ?? 1e-3) * (perBatch === undefined ? batchSize : USUAL_BATCH)) / USUAL_BATCH,
        weightDecay: recipe.weightDecay ?? 0.05,
        beta2: recipe.beta2 ?? 0.999,
      },
    }),
    batchSize,
    // A preset's warm-up is meant for trainings of usual length; it is at most half of a short one.
    warmupEpochs:
      choices.training?.warmupEpochs === undefined ? Math.min(warmupEpochs, requested.epochs / 2) : warmupEpochs,
  });
  if (training.warmupEpochs > training.epochs)
    throw new UserError(
      `training: option warmupEpochs is ${training.warmupEpochs}, but the training has only ${training.epochs}; the learning rate would never reach its peak`,
    );
  if (training.minLearningRate > training.learningRate)
    throw new UserError(
      `training: option minLearningRate is ${training.minLearningRate}, above the learning rate of ${training.learningRate}`,
    );
  return training;
}

/** The requested batch size or the paper's, limited by a CPU's memory and the number of samples. */
function batchSizeOf(
  { onNote }: RunChoices,
  { batchSize: requested, device }: RequestedTraining,
  recipe: Recipe,
  samples: number,
  different = samples,
): number {
  const papers = recipe.batchSize ?? CPU_BATCH;
  const usual = device === "cpu" || device === "wasm" ? Math.min(papers, CPU_BATCH) : papers;
  if (requested === undefined && usual < papers)
    onNote?.(`the paper's batches of ${papers} are for many accelerators; using ${usual} (--batch-size decides)`);
  const batchSize = Math.min(requested ?? usual, different);
  if (batchSize < (requested ?? batchSize))
    onNote?.(
      `batch size ${requested} is more than the ${different === samples ? samples : `${different} different`} samples; using ${batchSize}`,
    );
  return batchSize;
}
