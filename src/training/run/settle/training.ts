import type * as z from "zod";
import type { Source } from "../../../data/index.ts";
import { countOfKeys } from "../../../data/parts/keys.ts";
import { inWords } from "../../../data/paths/in-words.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { Recipe } from "../../../methods/index.ts";
import type { Options, RunChoices } from "../choices.ts";
import { DEFAULTS, SettledTraining, type Training, type TrainingChoices, TrainingOptions } from "../config.ts";
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
    decide({ user: training, preset: preset?.training, small: small?.training }, REPLACED),
    "training",
  );

/** Of a source with the first, those below it have no say in the others: a decay that a user sets stays what it is. */
const REPLACED = {
  weightDecay: ["finalWeightDecay"],
  warmup: ["warmupEpochs"],
  warmupEpochs: ["warmup"],
};

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
    throw new UserError(`${inWords(choices.data)}: one sample is too few to learn from`);
  const different = keys && countOfKeys(keys);
  if (different !== undefined && different < 2)
    throw new UserError(
      `${inWords(choices.data)}: all ${samples} samples show the same; there is nothing to tell apart`,
    );
  const batchSize =
    choices.training?.batchSize === undefined && perBatch !== undefined
      ? Math.min(perBatch, samples)
      : batchSizeOf(choices, requested, recipe, samples, different);
  const { baseLearningRate = 1e-3, batchSize: _, ...rest } = recipe;
  const ofStep = perBatch === undefined ? batchSize * requested.accumulate : USUAL_BATCH;
  const decided: Options & { weightDecay?: unknown; warmup?: unknown; warmupEpochs?: unknown } = decide(
    {
      user: requested,
      recipe: {
        weightDecay: 0.05,
        ...rest,
        learningRate: (baseLearningRate * ofStep) / USUAL_BATCH,
      },
    },
    REPLACED,
  );
  const training = SettledTraining.parse({
    ...DEFAULTS,
    finalWeightDecay: decided.weightDecay,
    ...decided,
    batchSize,
    warmupEpochs: warmupOf(choices.training, requested.epochs, decided),
  });
  refuseUnused(choices.training, training);
  const { optimizer, schedule } = training;
  return {
    ...training,
    // A preset or a user may choose another optimiser or schedule than the recipe.
    nesterov: optimizer === "sgd" && training.nesterov,
    finalLearningRate: schedule === "cosine" ? training.finalLearningRate : 0,
    ...(schedule === "step" ? {} : { milestones: [], drop: DEFAULTS.drop }),
    ...(optimizer === "adamw" ? {} : { beta2: DEFAULTS.beta2 }),
    ...(training.gradientClip > 0 ? {} : { clipBy: DEFAULTS.clipBy }),
  };
}

/** Most epochs of the default warm-up, which is a tenth of the training. */
const LONGEST_WARMUP = 10;

/** Epochs of warm-up. @throws UserError when the user asks for two lengths, or for more than the training has */
function warmupOf(
  { warmup, warmupEpochs }: TrainingChoices = {},
  epochs: number,
  decided: { readonly warmup?: unknown; readonly warmupEpochs?: unknown },
): number {
  if (warmup !== undefined && warmupEpochs !== undefined)
    throw new UserError("training: options warmup and warmupEpochs are the same in other units; leave one out");
  if (warmupEpochs !== undefined && warmupEpochs > epochs)
    throw new UserError(
      `training: option warmupEpochs is ${warmupEpochs}, but the training has only ${epochs}; the learning rate would never reach its peak`,
    );
  const chosen = decided.warmupEpochs ?? (decided.warmup === undefined ? undefined : Number(decided.warmup) * epochs);
  const length = Number(chosen ?? Math.min(LONGEST_WARMUP, epochs / 10));
  // A preset's epochs of warm-up are meant for trainings of usual length; they are at most half of a short one.
  return warmup === undefined && warmupEpochs === undefined ? Math.min(length, epochs / 2) : length;
}

/**
 * What a run has settled may be given again: defaults are no choice.
 * @throws UserError for an option that does nothing beside the others
 */
function refuseUnused(
  {
    nesterov,
    beta2 = DEFAULTS.beta2,
    milestones = [],
    drop = DEFAULTS.drop,
    finalLearningRate = 0,
    clipBy = "all",
  }: TrainingChoices = {},
  { optimizer, schedule, gradientClip }: Training,
): void {
  if (nesterov && optimizer !== "sgd")
    throw new UserError(`training: option nesterov is of the optimizer sgd; this run uses ${optimizer}`);
  if (beta2 !== DEFAULTS.beta2 && optimizer !== "adamw")
    throw new UserError(`training: option beta2 is of the optimizer adamw; this run uses ${optimizer}`);
  if (milestones.length > 0 && schedule !== "step")
    throw new UserError(`training: option milestones is of the schedule step; this run has ${schedule}`);
  if (drop !== DEFAULTS.drop && schedule !== "step")
    throw new UserError(`training: option drop is of the schedule step; this run has ${schedule}`);
  if (finalLearningRate > 0 && schedule !== "cosine")
    throw new UserError(`training: option finalLearningRate is of the schedule cosine; this run has ${schedule}`);
  if (clipBy === "parameter" && gradientClip === 0)
    throw new UserError(`training: option clipBy is "parameter", but nothing is clipped; set gradientClip, too`);
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
    onNote?.(
      `the paper's batches of ${papers} are for many accelerators; using ${usual} (--batch-size decides; --accumulate n makes steps of n batches)`,
    );
  const batchSize = Math.min(requested ?? usual, different);
  if (batchSize < (requested ?? batchSize))
    onNote?.(
      `batch size ${requested} is more than the ${different === samples ? samples : `${different} different`} samples; using ${batchSize}`,
    );
  return batchSize;
}
