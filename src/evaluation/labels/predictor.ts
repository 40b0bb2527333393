import type { Array, Traced } from "../../array/index.ts";
import type { Answers, Modality, TensorRecord } from "../../data/index.ts";
import type { Inputs } from "../../encoders/index.ts";
import { compile } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Method, MethodParams } from "../../methods/index.ts";
import { BATCH, type EmbedderOptions, refuseInfinite, specsOf, stack } from "../../training/features.ts";
import { buildMethod, type Run } from "../../training/run/run.ts";

/** What a run answers to samples, compiled once. */
export interface Predictor extends Answers {
  /** `[rows, outputs]`: probabilities of classes (a row sums to 1) or of labels (each for itself), or values. */
  predict(rows: readonly TensorRecord[]): Promise<Float32Array>;
  /**
   * The same before they are made probabilities: logits, or values.
   * @param params of the same shapes as the run's, which are the default
   */
  logits(rows: readonly TensorRecord[], params?: MethodParams): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export type PredictorOptions = EmbedderOptions;

/**
 * @throws UserError when the run has learned no answers
 *
 * @example
 * const run = await openRun("runs/tuned");
 * const source = await run.modalityDefinition.open("photos/");
 * const { predict, dispose } = await predictor(run);
 * const outputs = await predict([run.modality.tensors(await source.read(0))]);
 * await Promise.all([dispose(), source.close()]);
 */
export async function predictor(run: Run, options: PredictorOptions = {}): Promise<Predictor> {
  const { method, modality } = await buildMethod(run.config, run.config.data.entries);
  if (!method.predict)
    throw new UserError(
      `${run.path}: a run of ${run.methodDefinition.name}, which answers nothing; train a head with autodidact finetune ${run.path} --train <labelled data>`,
    );
  return predictorOf(method, run.methodParams, modality, { device: run.config.training.device, ...options });
}

/** Compiles what a method answers, in evaluation mode. The method must have `predict`. */
export async function predictorOf(
  { answers, predict }: Method,
  params: MethodParams,
  modality: Modality<unknown>,
  { batchSize = BATCH, ...options }: PredictorOptions = {},
): Promise<Predictor> {
  if (!answers || !predict) throw new Error("a method without answers");
  const answer = (weights: Traced<MethodParams>, inputs: Inputs): { outputs: Array } => ({
    outputs: predict(weights, inputs),
  });
  const program = await compile(answer, [params, specsOf(modality, batchSize)], { ...options, name: "predictor" });
  const width = answers.outputs.length;
  const logits = async (rows: readonly TensorRecord[], weights = params): Promise<Float32Array> => {
    const result = new Float32Array(rows.length * width);
    for (let start = 0; start < rows.length; start += batchSize) {
      const part = rows.slice(start, start + batchSize);
      const { outputs } = await program.run(weights, stack(part, batchSize));
      const { data } = await outputs.read();
      outputs.dispose();
      result.set(data.subarray(0, part.length * width), start * width);
    }
    refuseInfinite(result, "the head");
    return result;
  };
  return {
    ...answers,
    async predict(rows) {
      const outputs = await logits(rows);
      for (let at = 0; at < outputs.length; at += width) activate(outputs.subarray(at, at + width), answers.task);
      return outputs;
    },
    logits,
    dispose: () => program.dispose(),
  };
}

/** Makes a row of logits probabilities, in place; values stay as they are. */
function activate(row: Float32Array, task: Answers["task"]): void {
  if (task === "multi-label") row.set(row.map((logit) => 1 / (1 + Math.exp(-logit))));
  if (task !== "classification") return;
  const most = Math.max(...row);
  const powers = row.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  row.set(powers.map((power) => power / sum));
}
