import type { Source } from "../../data/index.ts";
import { type LoaderTask, stepsPerEpoch } from "../data/loader-task.ts";
import { everyEntry } from "../features.ts";
import type { RunConfig } from "../run/config.ts";
import type { LearningRateSchedule } from "../schedule.ts";
import type { DeviceState } from "../step.ts";
import type { Supervised } from "./options.ts";

/** How far training is to go. */
export interface Plan {
  /** What the loader makes batches of. */
  readonly task: LoaderTask;
  /** Steps in an epoch, and in all. */
  readonly perEpoch: number;
  readonly steps: number;
  /** The peak is the curriculum's to change. */
  readonly schedule: Omit<LearningRateSchedule, "peak">;
}

/** Where training is: what the next step begins with. */
export interface Now {
  /** Steps done. */
  step: number;
  /** Nothing else holds it: training goes on for long, and the first state is as large as any later one. */
  state: DeviceState;
}

export function planOf(config: RunConfig, source: Source<unknown>, supervised: Supervised | undefined): Plan {
  const { modality, encoder, method, curriculum, training } = config;
  const { batchSize, seed } = training;
  const task = {
    ...{ modality, encoder, method, curriculum, batchSize, seed },
    manifest: source.manifest,
    indices: supervised?.indices ?? everyEntry(source),
    labels: supervised?.labels,
  };
  const perEpoch = stepsPerEpoch(task);
  const steps = perEpoch * training.epochs;
  const warmupSteps = Math.round(training.warmupEpochs * perEpoch);
  return { task, perEpoch, steps, schedule: { minimum: training.minLearningRate, warmupSteps, steps } };
}
