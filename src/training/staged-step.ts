import { type Tensor, type Tree, tree } from "../array/index.ts";
import { type DeviceTensor, read } from "../engine/index.ts";
import type { Method } from "../methods/method.ts";
import { compileAccumulatedStep } from "./accumulated-step.ts";
import { atStages } from "./curriculum.ts";
import type { CurriculumEntry, RunConfig, Training } from "./run/config.ts";
import { buildMethod } from "./run/run.ts";
import { settleMemory } from "./settle-memory.ts";
import { compileStep, type DeviceState, type HostState, optimizerOf, type TrainingStep, toDevice } from "./step.ts";
import { decays } from "./update.ts";

/** The training step at certain stages of the curriculum. */
export interface Staged {
  readonly step: TrainingStep;
  readonly method: Method;
  readonly training: Training;
  /** The state, in a form that the new program accepts. */
  readonly state: DeviceState;
}

/** Moves a state from the device to the host. */
async function toHost(state: DeviceState): Promise<HostState> {
  const device = toDevice(state);
  const host = (await read(device)) as unknown as HostState;
  for (const leaf of tree.leaves<DeviceTensor>(device)) leaf.dispose();
  return host;
}

/** The step of a run at any stage. */
export interface StagedStep {
  /** The program at these stages, compiled if it differs from the last. @param batch with its shapes */
  at(stages: readonly number[], batch: Tree<Tensor>, state: DeviceState): Promise<Staged>;
  dispose(): Promise<void>;
}

/**
 * The program of the current stage. A new stage needs a new program only when the method's options, the encoder's input
 * shapes or the optimiser's constants change; augmentation is not part of it. Stages only advance, so one program is
 * kept.
 */
export function stagedStep(config: RunConfig, samples: number): StagedStep {
  const curriculum: readonly CurriculumEntry[] = config.curriculum ?? [];
  let stage: { name: string; key: string; step: TrainingStep; method: Method; training: Training } | undefined;
  return {
    async at(stages, batch, state) {
      const name = stages.join();
      if (stage?.name === name) return { ...stage, state };
      const settled = atStages(config, curriculum, stages);
      const { method, modality } = await buildMethod(settled, samples);
      const { training } = settled;
      const key = JSON.stringify([settled.method.options, modality.specs, decays(training), training.gradientClip]);
      if (stage?.key === key) {
        stage = { ...stage, name, method, training };
        return { ...stage, state };
      }
      // A program cannot read what another left on the device.
      const kept = stage ? await toHost(state) : state;
      await stage?.step.dispose();
      const compiling = { method, training, batch, state: kept, name: `${config.method.name} step` };
      const options = { ...compiling, optimizer: optimizerOf(training) };
      const { accumulate } = training;
      const step = await (accumulate > 1 ? compileAccumulatedStep(options, accumulate) : compileStep(options));
      settleMemory(kept);
      stage = { name, key, step, method, training };
      return { ...stage, state: kept };
    },
    async dispose() {
      await stage?.step.dispose();
    },
  };
}
