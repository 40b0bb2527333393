import { type Tensor, type Tree, tree } from "../array/index.ts";
import { type DeviceTensor, read } from "../engine/index.ts";
import type { Method } from "../methods/method.ts";
import { atStages } from "./curriculum.ts";
import type { CurriculumEntry, RunConfig, Training } from "./run/config.ts";
import { buildMethod } from "./run/run.ts";
import { settleMemory } from "./settle-memory.ts";
import { compileStep, type DeviceState, type HostState, optimizerOf, type TrainingStep, toDevice } from "./step.ts";

/** A step of training as it is at the stages of the curriculum. */
export interface Staged {
  readonly step: TrainingStep;
  readonly method: Method;
  readonly training: Training;
  /** The state, where the new program can take it. */
  readonly state: DeviceState;
}

/** A state on the host; the device has it no longer. */
async function taken(state: DeviceState): Promise<HostState> {
  const device = toDevice(state);
  const host = (await read(device)) as unknown as HostState;
  for (const leaf of tree.leaves<DeviceTensor>(device)) leaf.dispose();
  return host;
}

/** The step of a run, whatever stage it is at. */
export interface StagedStep {
  /** The program of these stages; compiled when it is another than before. @param batch of its shapes */
  at(stages: readonly number[], batch: Tree<Tensor>, state: DeviceState): Promise<Staged>;
  dispose(): Promise<void>;
}

/**
 * The program of the present stage. Another stage is another program only where the method's options, the shapes that
 * the encoder reads or the optimiser's constants change: how samples are distorted is no part of it. Stages only go on,
 * so one program is kept.
 */
export function stagedStep(config: RunConfig, samples: number): StagedStep {
  const curriculum: readonly CurriculumEntry[] = config.curriculum ?? [];
  let stage: { name: string; key: string; step: TrainingStep; method: Method; training: Training } | undefined;
  return {
    async at(stages, batch, state) {
      const name = stages.join();
      if (stage?.name === name) return { ...stage, state };
      const there = atStages(config, curriculum, stages);
      const { method, modality } = await buildMethod(there, samples);
      const { training } = there;
      const { weightDecay, gradientClip } = training;
      const key = JSON.stringify([there.method.options, modality.specs, weightDecay, gradientClip]);
      if (stage?.key === key) {
        stage = { ...stage, name, method, training };
        return { ...stage, state };
      }
      // What one program left on a device is no other's to read.
      const kept = stage ? await taken(state) : state;
      await stage?.step.dispose();
      const compiling = { method, training, batch, state: kept, name: `${config.method.name} step` };
      const step = await compileStep({ ...compiling, optimizer: optimizerOf(training) });
      settleMemory(kept);
      stage = { name, key, step, method, training };
      return { ...stage, state: kept };
    },
    async dispose() {
      await stage?.step.dispose();
    },
  };
}
