import { read } from "../../engine/index.ts";
import { type HostState, toDevice } from "../step.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Probe } from "./options.ts";
import type { Now, Plan } from "./plan.ts";

/** Scores the weights after a step, where a probe is due, and logs the scores. */
export type Probing = (now: Readonly<Now>) => Promise<void>;

/** @param from step that this process begins at @param ofStep samples of a step */
export function probingOf(
  probe: Probe,
  { perEpoch, steps }: Pick<Plan, "perEpoch" | "steps">,
  from: number,
  ofStep: number,
  log: Pick<Log, "probe">,
  clock: Pick<Clock, "pause">,
): Probing {
  const began = performance.now();
  return async ({ step, state }) => {
    const start = performance.now();
    const samples = (step - from) * ofStep;
    if (!probe.isDue({ step, steps, perEpoch, samples, seconds: (start - began) / 1000 })) return;
    const scores = await probe.score((await read(toDevice({ ...state, optimizer: {} }))) as unknown as HostState);
    const seconds = (performance.now() - start) / 1000;
    clock.pause(seconds);
    if (scores) await log.probe(step, { ...scores, probeSeconds: seconds });
  };
}
