import { fileURLToPath } from "node:url";
import { Rng, type Tensor, tree } from "../array/index.ts";
import type { InitialParams } from "../encoders/index.ts";
import type { DeviceTensor } from "../engine/index.ts";
import type { Source } from "../modalities/index.ts";
import type { RunConfig } from "./config.ts";
import { createLoader } from "./loader.ts";
import { buildMethod } from "./run.ts";
import { learningRateAt } from "./schedule.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "./step.ts";

export interface SupervisedOptions {
  /** Encoder, modality and the machine's settings are this run's. */
  readonly config: RunConfig;
  readonly source: Source<unknown>;
  /** Labelled entries to train on. */
  readonly indices: Int32Array;
  readonly classes: number;
  readonly steps: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
const METHOD_FILE = fileURLToPath(new URL(`./supervised-method${extension}`, import.meta.url));

/** Trains the run's encoder and a linear head from scratch. @returns parameters under `encoder` and `head` */
export async function trainSupervised(options: SupervisedOptions): Promise<InitialParams> {
  const { config, source, indices, classes, steps, seed } = options;
  const batchSize = Math.min(128, indices.length);
  const choice = {
    modality: config.modality,
    encoder: config.encoder,
    method: { name: METHOD_FILE, options: { classes } },
  };
  const { method, methodDefinition } = await buildMethod(choice, indices.length);
  const { recipe } = methodDefinition;
  const training = {
    ...config.training,
    seed,
    ema: 0,
    gradientClip: 1,
    optimizer: recipe.optimizer ?? "adamw",
    weightDecay: recipe.weightDecay ?? 0,
    learningRate: ((recipe.baseLearningRate ?? 1e-3) * batchSize) / 256,
  };
  const schedule = { peak: training.learningRate, warmupSteps: Math.min(50, Math.floor(steps / 10)), steps };
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, new Rng(seed));
  const loader = createLoader({ ...choice, manifest: source.manifest, indices, batchSize, seed }, training.workers);
  try {
    let { batch } = await loader.next();
    const step = await compileStep({ method, optimizer, training, state: initial, batch, name: "supervised step" });
    let state: DeviceState = initial;
    for (let index = 0; index < steps; index++) {
      const rate = learningRateAt(index, schedule);
      ({ state } = await step.run(state, batch, index, rate, index / steps));
      options.onProgress?.(index + 1, steps);
      if (index + 1 < steps) ({ batch } = await loader.next());
    }
    const leaves = await Promise.all(
      tree.leaves<Tensor | DeviceTensor>(state.params).map((leaf) => ("read" in leaf ? leaf.read() : leaf)),
    );
    await step.dispose();
    return tree.unflatten<Tensor>(state.params, leaves) as InitialParams;
  } finally {
    await loader.close();
  }
}
