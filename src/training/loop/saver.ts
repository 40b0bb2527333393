import { type Tensor, tree } from "../../array/index.ts";
import { read } from "../../engine/index.ts";
import type { Curriculum } from "../curriculum.ts";
import { checkpointPath, type Position, saveCheckpoint } from "../run/checkpoint.ts";
import type { Lock } from "../run/lock.ts";
import { type HostState, type StepResult, toDevice } from "../step.ts";
import type { Judge } from "./judge.ts";
import type { Log } from "./log.ts";
import type { Now, Plan } from "./plan.ts";

/** Share of a new loss in the smoothed one, by which the best checkpoint is chosen. */
const SMOOTHING = 0.02;

/** Training diverged: loss, gradients or weights are not finite. */
export class Diverged extends Error {
  override name = "Diverged";
}

/** Writes checkpoints of finite weights. */
export interface Saver {
  /** Records a step's loss. @param step counts from 1 @throws Diverged when loss or gradients are not finite */
  record(step: number, result: StepResult): void;
  /**
   * Writes a checkpoint.
   * @param isJudgedBest the judge's verdict on these weights; without one, the lowest smoothed loss is the best
   * @throws Diverged when the weights are not finite; UserError when another process has taken the run over
   */
  save(now: Readonly<Now>, isJudgedBest: boolean | undefined): Promise<void>;
}

export function saverOf(
  out: string,
  position: Position,
  { steps, perEpoch }: Pick<Plan, "steps" | "perEpoch">,
  checkpointEvery: number,
  {
    log,
    judge,
    curriculum,
    lock,
  }: {
    readonly log: Pick<Log, "sync" | "pending">;
    readonly judge: Judge | undefined;
    readonly curriculum: Curriculum;
    readonly lock: Pick<Lock, "check">;
  },
): Saver {
  let { smoothedLoss, bestLoss } = position;
  let savedAt = position.step;

  const diverged = (what: string, step: number) => {
    const saved = savedAt > 0 ? `${checkpointPath(out, "last")} (step ${savedAt})` : "none";
    return new Diverged(
      `the ${what} at step ${step} ${what === "weights" ? "are" : "is"} not finite; last good checkpoint: ${saved}; try a lower --learning-rate, a longer --warmup-epochs or --gradient-clip 1`,
    );
  };

  return {
    record(step, { loss, gradNorm }) {
      if (!Number.isFinite(loss)) throw diverged("loss", step);
      if (!Number.isFinite(gradNorm)) throw diverged("gradient", step);
      smoothedLoss = smoothedLoss === null ? loss : smoothedLoss * (1 - SMOOTHING) + loss * SMOOTHING;
    },
    async save({ step, state }, isJudgedBest) {
      const host = (await read(toDevice(state))) as unknown as HostState;
      // A step's loss is computed before its update: an update that diverges shows in the weights only.
      if (!isFinite(host)) throw diverged("weights", step);
      // Not at a Ctrl-C, so that a stopped run chooses among the same steps as one never stopped.
      const isRegular = step === steps || step % checkpointEvery === 0;
      const isLowest = isRegular && smoothedLoss !== null && (bestLoss === null || smoothedLoss < bestLoss);
      if (isLowest) bestLoss = smoothedLoss;
      await log.sync();
      const now = {
        ...{ step, epoch: Math.floor(step / perEpoch), smoothedLoss, bestLoss, pending: log.pending() },
        ...{ validation: judge?.standing(), mastery: curriculum.state() },
      };
      // At the last moment: the process may have been suspended while it wrote.
      await saveCheckpoint(out, host, now, isJudgedBest ?? isLowest, lock.check);
      savedAt = step;
    },
  };
}

const isFinite = ({ params, optimizer }: HostState): boolean => {
  for (const { data } of [...tree.leaves<Tensor>(params), ...tree.leaves<Tensor>(optimizer)])
    for (const value of data) if (!Number.isFinite(value)) return false;
  return true;
};
