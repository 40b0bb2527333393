import type { Array, Traced } from "../../array/index.ts";
import { type Answers, type Modality, offerOf, type TensorRecord, units as unitsAbility } from "../../data/index.ts";
import type { Inputs } from "../../encoders/index.ts";
import { compile } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Method, MethodParams } from "../../methods/index.ts";
import { batchFor, type EmbedderOptions, refuseInfinite, specsOf, stack } from "../../training/features.ts";
import { methodOf, type Run } from "../../training/run/run.ts";

/** A run's head and encoder, compiled once. */
export interface Predictor extends Answers {
  /** Of a head that predicts for each token: the encoder's tokens. Else 1. */
  readonly places: number;
  /**
   * `[rows, places × outputs]`: probabilities of classes (rows sum to 1) or of labels (independent), or values; NaN for tokens
   * that stand for no unit.
   */
  predict(rows: readonly TensorRecord[]): Promise<Float32Array>;
  /**
   * The same before softmax or sigmoid: logits, or values.
   * @param params parameters of the same shapes as the run's; by default the run's
   */
  logits(rows: readonly TensorRecord[], params?: MethodParams): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export type PredictorOptions = EmbedderOptions;

/**
 * Compiles a run's predictor.
 * @throws UserError when the run has no head
 *
 * @example
 * const run = await openRun("runs/tuned");
 * const source = await run.modalityDefinition.open("photos/");
 * const { predict, dispose } = await predictor(run);
 * const outputs = await predict([run.modality.tensors(await source.read(0))]);
 * await Promise.all([dispose(), source.close()]);
 */
export async function predictor(run: Run, options: PredictorOptions = {}): Promise<Predictor> {
  const { method, modality } = await methodOf(run);
  if (!method.predict)
    throw new UserError(
      `${run.path}: a run of ${run.methodDefinition.name}, which has no head; train one with autodidact finetune ${run.path} --train <labelled data>`,
    );
  const batchSize = batchFor(modality, run.encoder);
  return predictorOf(method, run.methodParams, modality, { batchSize, device: run.config.training.device, ...options });
}

/** Compiles a method's predictions, in evaluation mode. The method must have `predict`. */
export async function predictorOf(
  { answers, predict, places = 1 }: Method,
  params: MethodParams,
  modality: Modality<unknown>,
  { batchSize = batchFor(modality), ...options }: PredictorOptions = {},
): Promise<Predictor> {
  if (!answers || !predict) throw new Error("a method without predictions");
  const apply = (weights: Traced<MethodParams>, inputs: Inputs): { outputs: Array } => ({
    outputs: predict(weights, inputs),
  });
  const program = await compile(apply, [params, specsOf(modality, batchSize)], { ...options, name: "predictor" });
  const units = places > 1 ? offerOf(modality, unitsAbility) : undefined;
  const outputs = answers.outputs.length;
  const width = outputs * places;
  const logits = async (rows: readonly TensorRecord[], weights = params): Promise<Float32Array> => {
    const result = new Float32Array(rows.length * width);
    for (let start = 0; start < rows.length; start += batchSize) {
      const part = rows.slice(start, start + batchSize);
      const { outputs: given } = await program.run(weights, stack(part, batchSize));
      const { data } = await given.read();
      given.dispose();
      result.set(data.subarray(0, part.length * width), start * width);
    }
    refuseInfinite(result, "the head");
    if (units)
      for (const [row, tensors] of rows.entries())
        for (const [token, unit] of units(tensors).entries())
          if (unit < 0) result.fill(Number.NaN, row * width + token * outputs, row * width + (token + 1) * outputs);
    return result;
  };
  return {
    ...{ ...answers, places },
    async predict(rows) {
      const all = await logits(rows);
      for (let at = 0; at < all.length; at += outputs) activate(all.subarray(at, at + outputs), answers.task);
      return all;
    },
    logits,
    dispose: () => program.dispose(),
  };
}

/** Converts a row of logits to probabilities, in place; values stay unchanged. */
function activate(row: Float32Array, task: Answers["task"]): void {
  if (task === "multi-label") row.set(row.map((logit) => 1 / (1 + Math.exp(-logit))));
  if (task !== "classification" && task !== "token-classification") return;
  const most = Math.max(...row);
  const powers = row.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  row.set(powers.map((power) => power / sum));
}
