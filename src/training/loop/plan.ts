import type { Source } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { type LoaderTask, stepsPerEpoch } from "../data/loader-task.ts";
import { everyEntry } from "../features.ts";
import type { RunConfig } from "../run/config.ts";
import type { DeviceState } from "../step.ts";
import type { Supervised } from "./options.ts";

/** Length of the training. */
export interface Plan {
  /** The loader's task. */
  readonly task: LoaderTask;
  /** Steps in an epoch, and in all. */
  readonly perEpoch: number;
  readonly steps: number;
  readonly warmupSteps: number;
}

/** Current state of training: the input of the next step. */
export interface Now {
  /** Steps done. */
  step: number;
  /** The only reference to the state, so that earlier states can be freed. */
  state: DeviceState;
}

/** @throws UserError when there are fewer samples than one step needs */
export function planOf(config: RunConfig, source: Source<unknown>, supervised: Supervised | undefined): Plan {
  const { modality, encoder, method, curriculum, training } = config;
  const { batchSize, accumulate, seed } = training;
  const task = {
    ...{ modality, encoder, method, curriculum, batchSize, accumulate, seed },
    manifest: source.manifest,
    indices: supervised?.indices ?? everyEntry(source),
    labels: supervised?.labels,
  };
  const perEpoch = stepsPerEpoch(task);
  if (perEpoch === 0)
    throw new UserError(
      `--accumulate ${accumulate}: a step of ${accumulate} batches of ${batchSize} needs ${accumulate * batchSize} samples, and there are ${task.indices.length}`,
    );
  const steps = perEpoch * training.epochs;
  const warmupSteps = Math.round(training.warmupEpochs * perEpoch);
  return { task, perEpoch, steps, warmupSteps };
}
