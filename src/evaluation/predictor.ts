import type { Device } from "../engine/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { TensorRecord } from "../modalities/index.ts";
import type { Run } from "../training/run.ts";

/** A run with its head, compiled once: from samples to what was learned to say about them. */
export interface Predictor {
  readonly task: "classification" | "multi-label" | "regression" | "similarity";
  /** Names of the classes or labels; `value` where a number is predicted. */
  readonly outputs: readonly string[];
  /** `[rows.length, outputs.length]`: probabilities, or values. At most `batchSize` rows. */
  predict(rows: readonly TensorRecord[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface PredictorOptions {
  readonly device?: Device;
  readonly batchSize?: number;
  /** Threads within an operator; all cores when not given. */
  readonly threads?: number;
}

/** @throws UserError for a run without a head */
export async function predictor(run: Run, _options: PredictorOptions = {}): Promise<Predictor> {
  throw new UserError(`${run.path}: a run without a head; autodidact finetune gives it one`);
}
