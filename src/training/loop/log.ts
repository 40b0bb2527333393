import type { Tensor } from "../../array/index.ts";
import { EventWriter } from "../../interop/tensorboard.ts";
import { collapseWatch, spreadOf } from "../collapse.ts";
import type { Curriculum } from "../curriculum.ts";
import type { Loader } from "../data/loader.ts";
import type { Position } from "../run/checkpoint.ts";
import type { Lock } from "../run/lock.ts";
import { metricsFile, RowWriter } from "../run/metrics.ts";
import type { Parts } from "../run/parts.ts";
import { BEGINNING } from "../run/resume.ts";
import type { StepResult } from "../step.ts";
import type { Rates } from "./clock.ts";
import type { Progress, Scores, TrainOptions } from "./options.ts";
import type { Plan } from "./plan.ts";

/** Logs the steps to `metrics.jsonl` and TensorBoard's events, and warns the user. */
export interface Log {
  /** Adds a step to the means of the next row. */
  record(result: StepResult): void;
  /** Writes a row. @param step steps done @param features of this step, if the encoder computed any */
  write(step: number, learningRate: number, rates: Rates, features: Tensor | undefined): Promise<void>;
  /** Writes the scores of a probe, in a row of their own. */
  probe(step: number, scores: Scores): Promise<void>;
  /** Writes scalars of one step to TensorBoard's events only. */
  scalars(step: number, values: Readonly<Record<string, number>>): Promise<void>;
  /** Sums since the last row; part of the checkpoint. */
  pending(): Position["pending"];
  /** Flushes the rows to disk, so that they survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param lock looked at before each row: a process that was suspended may have lost the run
 * @throws UserError when a file cannot be written; later, when the run has another process
 */
export async function openLog(
  { out, onNote, onProgress }: TrainOptions,
  position: Position,
  plan: Plan,
  { methodDefinition, encoder }: Pick<Parts, "methodDefinition" | "encoder">,
  curriculum: Curriculum,
  loader: Loader,
  lock: Pick<Lock, "check">,
): Promise<Log> {
  await using opened = new AsyncDisposableStack();
  const rows = opened.adopt(await RowWriter.open(metricsFile(out), position.step), (file) => file.close());
  const events = opened.adopt(await EventWriter.create(out), (file) => file.close());
  const watch = collapseWatch(methodDefinition);
  let { pending } = position;
  let probe: Progress["probe"];

  /** Measures the spread of the features at one step, and warns when they have collapsed. */
  const spreadAt = (step: number, features: Tensor) => {
    const spread = spreadOf(features);
    // While a model only learns the frequency of each target, its features look collapsed; that passes.
    const warning = step > plan.warmupSteps ? watch(spread, encoder.embedDim) : undefined;
    if (warning) onNote?.(`step ${step}: ${warning}`);
    return spread;
  };

  const files = opened.move();
  return {
    record({ loss, gradNorm, metrics }) {
      pending = addTo(pending, { loss, gradNorm, ...metrics });
    },
    async write(step, learningRate, { secondsPerStep, ...rates }, features) {
      await lock.check();
      const { loss = 0, gradNorm = 0, ...means } = meansOf(pending);
      const values = {
        ...{ step, epoch: Math.floor((step - 1) / plan.perEpoch), loss, gradNorm, learningRate, ...rates, ...means },
        ...(features && spreadAt(step, features)),
        ...curriculum.valuesAt(step - 1),
      };
      await rows.append(values);
      await events.scalars(step, values);
      pending = BEGINNING.pending;
      const { steps, perEpoch } = plan;
      const etaSeconds = (steps - step) * secondsPerStep;
      const broken = loader.broken().length;
      onProgress?.({ ...values, steps, epochs: steps / perEpoch, etaSeconds, broken, ...(probe ? { probe } : {}) });
    },
    async probe(step, { probeSeconds, ...scores }) {
      await lock.check();
      probe = { step, scores };
      await rows.append({ step, epoch: Math.floor((step - 1) / plan.perEpoch), ...scores, probeSeconds });
      await events.scalars(step, scores);
    },
    async scalars(step, values) {
      await lock.check();
      await events.scalars(step, values);
    },
    pending: () => pending,
    sync: () => rows.sync(),
    close: () => files.disposeAsync(),
  };
}

function addTo({ count, sums }: Position["pending"], values: Readonly<Record<string, number>>): Position["pending"] {
  // A perplexity may be infinite where the loss is not; JSON in the checkpoint cannot hold it.
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  const added = finite.map(([key, value]): [string, number] => [key, (sums[key] ?? 0) + value]);
  return { count: count + 1, sums: { ...sums, ...Object.fromEntries(added) } };
}

const meansOf = ({ count, sums }: Position["pending"]): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / count]));
