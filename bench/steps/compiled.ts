import { Rng } from "../../src/array/index.ts";
import type { Device } from "../../src/engine/index.ts";
import { release } from "../../src/training/memory.ts";
import { settleMemory } from "../../src/training/settle-memory.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import type { Started, StepCase } from "./parts.ts";

/** A case as the trainer would compile it, with AdamW, its state and a batch. */
export async function compiledCase(
  chosen: StepCase,
  { threads, name, profile, device = "cpu" }: { threads?: number; name: string; profile?: string; device?: Device },
): Promise<Started> {
  if ("start" in chosen) return chosen.start({ threads, profile, device });
  const { method, batch: makeBatch } = chosen;
  const rng = new Rng(0);
  const training = {
    weightDecay: 0.05,
    gradientClip: 0,
    ema: 0,
    seed: 0,
    device,
    optimizer: "adamw" as const,
    beta2: 0.999,
    threads,
  };
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, rng.split("state"));
  const batch = makeBatch(rng.split("batch"));
  const compiled = await compileStep({ method, optimizer, training, state: initial, batch, name, profile });
  // As in training/staged-step.ts.
  settleMemory(initial);
  let state: DeviceState = initial;
  let index = 0;
  return {
    async step(): Promise<number> {
      const result = await compiled.run(state, batch, index++, { learningRate: 1e-3, progress: 0 });
      // As in training/loop.ts.
      release(state.optimizer);
      state = result.state;
      return result.loss;
    },
    dispose: () => compiled.dispose(),
  };
}
