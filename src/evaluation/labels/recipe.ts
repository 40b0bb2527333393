import type { Encoder } from "../../encoders/index.ts";
import type { Training, TrainingChoices } from "../../training/run/config.ts";

/** Epochs without a better score after which fine-tuning stops. */
const PATIENCE = 10;
/** Default number of steps, and bounds of the resulting epochs. Random weights have more to learn. */
const STEPS = 1000;
const EPOCHS = [10, 200] as const;
const SCRATCH_STEPS = 3000;
const SCRATCH_EPOCHS = [10, 500] as const;
const BATCH = [8, 128] as const;

/** Defaults of fine-tuning that differ from those of pre-training, described for help texts. */
export const finetuneDefaults: Readonly<Record<string, string>> = {
  epochs: `as many as give about ${STEPS} steps, ${EPOCHS.join(" to ")}; from scratch ${SCRATCH_STEPS} steps, ${SCRATCH_EPOCHS.join(" to ")}`,
  batchSize: `an eighth of the labels, ${BATCH.join(" to ")}`,
  learningRate: "0.001 (from scratch 0.002) · √(batch / 256), less for encoders wider than 256",
  gradientClip: "1",
  layerDecay: "0.75; from scratch 1",
  frozenStatistics: "yes; from scratch, and with another task, no",
};

const within = (value: number, [least, most]: readonly [number, number]) => Math.min(most, Math.max(least, value));

/** The choices that the length of a training on labels depends on. */
export interface LengthChoices {
  readonly training?: TrainingChoices | undefined;
  readonly steps?: number | undefined;
  readonly patience?: number | undefined;
  readonly scratch?: boolean | undefined;
}

/**
 * Batch size, epochs, and the epochs without improvement after which training stops. From scratch it does not stop early:
 * while the learning rate is high, held-out labels show no improvement for many epochs.
 * @param labels number of training labels
 * @param samples samples of an epoch, unlabelled ones included
 */
export function lengthOf(samples: number, { training, steps, patience, scratch = false }: LengthChoices) {
  const batchSize = Number(training?.batchSize ?? within(2 ** Math.floor(Math.log2(samples / 8)), BATCH));
  const perEpoch = Math.max(1, Math.floor(samples / (batchSize * Number(training?.accumulate ?? 1))));
  const usual = scratch
    ? within(Math.ceil(SCRATCH_STEPS / perEpoch), SCRATCH_EPOCHS)
    : within(Math.ceil(STEPS / perEpoch), EPOCHS);
  const epochs = Number(training?.epochs ?? (steps === undefined ? usual : Math.max(1, Math.round(steps / perEpoch))));
  return {
    batchSize: Math.min(batchSize, samples),
    epochs,
    patience: patience ?? (scratch ? Math.max(1, Math.ceil(epochs)) : PATIENCE),
  };
}

/**
 * The share of so many labels that is held out for validation. From scratch none: there the last epoch, after the learning
 * rate has fallen, is better than one that few held-out labels prefer (with 160 of 200 labels of CIFAR-10 for training 29.1 %
 * instead of 23.5 %), and all labels can be trained on (30.8 %).
 */
export function heldOut(labels: number, scratch: boolean): number {
  if (scratch) return 0;
  return labels < 1000 ? 0.2 : 0.1;
}

/** Momentum of FixMatch's average of the weights in the paper's million steps, and the share of the steps it spans at most. */
const EMA = 0.999;
const EMA_SPAN = 0.1;

/** FixMatch evaluates a running average of the weights, which in a short training must not go back to its start. */
export const averageFor = (steps: number): number => Math.min(EMA, Math.max(0, 1 - 1 / (EMA_SPAN * steps)));

/**
 * AdamW's default peak learning rate (other optimisers have the recipe's): scales with the square root of a step's samples,
 * lower for wide encoders.
 */
export function withLearningRate(
  training: Training,
  { embedDim }: Encoder,
  choices: TrainingChoices | undefined,
  scratch: boolean,
): Training {
  if (choices?.learningRate !== undefined || training.optimizer !== "adamw") return training;
  const base = (scratch ? 2e-3 : 1e-3) * Math.sqrt((training.batchSize * training.accumulate) / 256);
  return { ...training, learningRate: base * Math.min(1, 256 / embedDim) };
}
