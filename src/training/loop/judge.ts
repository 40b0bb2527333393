import { read } from "../../engine/index.ts";
import type { MethodParams } from "../../methods/index.ts";
import type { Position } from "../run/checkpoint.ts";
import { type HostState, toDevice } from "../step.ts";
import type { Log } from "./log.ts";
import type { Supervised, TrainOptions } from "./options.ts";
import type { Now, Plan } from "./plan.ts";

/** Validates the weights after every epoch on held-out samples, for early stopping. */
export interface Judge {
  /** @returns whether the weights are the best so far */
  judge(now: Readonly<Now>): Promise<boolean>;
  /** The best score and the epochs since, part of the checkpoint; undefined before the first validation. */
  standing(): Position["validation"];
  /** Whether the last `patience` epochs brought no improvement. */
  isOver(): boolean;
}

/** Whether training stops after these epochs without improvement. */
export const isOver = (standing: Position["validation"], { patience }: Pick<Supervised, "patience">): boolean =>
  (standing?.sinceBest ?? 0) >= Math.max(1, patience);

/** @returns nothing without validation samples */
export function judgeOf(
  supervised: Supervised | undefined,
  { validation }: Position,
  ema: number,
  { perEpoch }: Pick<Plan, "perEpoch">,
  log: Pick<Log, "scalars">,
  { onNote }: TrainOptions,
): Judge | undefined {
  if (!supervised?.validate) return undefined;
  let standing = validation;
  return {
    async judge({ step, state }) {
      const needed = { ...state, optimizer: {}, memory: {}, ...(ema > 0 ? { params: {} } : {}) };
      const host = (await read(toDevice(needed))) as unknown as HostState;
      // The tree is the one that the method created.
      const params = (ema > 0 ? host.ema : host.params) as MethodParams;
      const { score, loss, metrics } = await supervised.validate!(params);
      const isEqual = score === standing?.score && (supervised.laterIsBetter || loss < standing.loss);
      const isBest = !standing || score > standing.score || isEqual;
      standing = isBest ? { score, loss, sinceBest: 0 } : { ...standing!, sinceBest: standing!.sinceBest + 1 };
      const measures = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`);
      onNote?.(
        `epoch ${step / perEpoch}: validation ${measures.join(", ")}${isBest ? "" : `; no improvement for ${standing.sinceBest}`}`,
      );
      await log.scalars(step, metrics);
      return isBest;
    },
    standing: () => standing,
    isOver: () => isOver(standing, supervised),
  };
}
