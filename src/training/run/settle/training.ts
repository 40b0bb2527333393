import type * as z from "zod";
import { UserError } from "../../../foundation/errors.ts";
import type { Recipe } from "../../../methods/index.ts";
import type { RunChoices } from "../choices.ts";
import { SettledTraining, type Training, TrainingOptions } from "../config.ts";
import { parseOptions } from "../run.ts";
import { decide } from "./precedence.ts";
import type { PresetParts } from "./presets.ts";

/** Samples a step on a CPU, where neither user nor preset says: papers' thousands need the memory of many accelerators. */
const CPU_BATCH = 256;

export type AskedTraining = z.infer<typeof TrainingOptions>;

/** What user and preset ask of the training, before anything is known of the data. @throws UserError for a wrong option */
export const askedTraining = ({ training }: RunChoices, { preset, small }: PresetParts): AskedTraining =>
  parseOptions(
    TrainingOptions,
    decide({ user: training, preset: preset?.training, small: small?.training }),
    "training",
  );

/**
 * The training, with everything decided that depends on the recipe and on how many samples there are.
 * @throws UserError when there are too few samples, or options contradict each other
 */
export function settleTraining(choices: RunChoices, asked: AskedTraining, recipe: Recipe, samples: number): Training {
  if (samples < 2) throw new UserError(`${choices.data}: one sample is too few to learn from`);
  const batchSize = batchSizeOf(choices, asked, recipe, samples);
  const warmupEpochs = asked.warmupEpochs ?? Math.min(10, asked.epochs / 10);
  const training = SettledTraining.parse({
    ...decide({
      user: asked,
      recipe: {
        optimizer: recipe.optimizer ?? "adamw",
        learningRate: ((recipe.baseLearningRate ?? 1e-3) * batchSize) / 256,
        weightDecay: recipe.weightDecay ?? 0.05,
        beta2: recipe.beta2 ?? 0.999,
      },
    }),
    batchSize,
    // A preset's warm-up is for trainings of usual length; of a short one it takes half.
    warmupEpochs:
      choices.training?.warmupEpochs === undefined ? Math.min(warmupEpochs, asked.epochs / 2) : warmupEpochs,
  });
  if (training.warmupEpochs > training.epochs)
    throw new UserError(
      `training: option warmupEpochs is ${training.warmupEpochs}, and all of the training has ${training.epochs}; the rate would never reach its peak`,
    );
  if (training.minLearningRate > training.learningRate)
    throw new UserError(
      `training: option minLearningRate is ${training.minLearningRate}, above the learning rate of ${training.learningRate}`,
    );
  return training;
}

/** As asked or as in the paper, as far as a CPU's memory and the samples go. */
function batchSizeOf(
  { onNote }: RunChoices,
  { batchSize: asked, device }: AskedTraining,
  recipe: Recipe,
  samples: number,
): number {
  const papers = recipe.batchSize ?? CPU_BATCH;
  const usual = device === "cpu" || device === "wasm" ? Math.min(papers, CPU_BATCH) : papers;
  if (asked === undefined && usual < papers)
    onNote?.(`the paper's batches of ${papers} are for many accelerators; using ${usual} (--batch-size decides)`);
  const batchSize = Math.min(asked ?? usual, samples);
  if (batchSize < (asked ?? batchSize))
    onNote?.(`batch size ${asked} is more than the ${samples} samples there are; using ${batchSize}`);
  return batchSize;
}
