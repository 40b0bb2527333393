import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { encoders } from "../../encoders/index.ts";
import { exportModel } from "../../interop/export.ts";
import type { ExportedHead } from "../../interop/huggingface/classifier.ts";
import type { Method } from "../../methods/index.ts";
import { exportLanguageModel } from "../../modalities/text/publish/export-language.ts";
import { buildMethod, type Run } from "../../training/run/run.ts";
import type { Evaluation, Score } from "../worth/evaluate.ts";

/** Exports a run's encoder and the head that fine-tuning gave it, with what the run folder knows of its worth on the model card. */
export async function exportRun({
  run,
  out,
}: {
  readonly run: Run;
  /** Folder to write. */
  readonly out: string;
}): Promise<{ files: string[] }> {
  const { config, encoder, params, modality, methodDefinition } = run;
  const evaluation: Evaluation | undefined = await readFile(join(run.path, "evaluation.json"), "utf8").then(
    (text) => JSON.parse(text),
    () => undefined,
  );
  const percent = (score?: Score) =>
    score
      ? `${(100 * score.mean).toFixed(1)} %${score.deviation > 0 ? ` ± ${(100 * score.deviation).toFixed(1)}` : ""}`
      : "–";
  const lastRow = (await run.metrics()).at(-1);
  const card = {
    method: methodDefinition.name,
    paper: methodDefinition.paper,
    encoder: encoder.name,
    encoderPaper: (await encoders.load(config.encoder.name)).paper,
    data: basename(config.data.path),
    entries: config.data.entries,
    steps: run.step,
    epochs: run.epoch,
    seed: config.training.seed,
    embedDim: encoder.embedDim,
    loss: lastRow?.loss,
    scores: evaluation?.contestants
      .filter(({ linear }) => linear)
      .map(({ name, knn20, linear }) => ({ name, knn20: percent(knn20), linear: percent(linear) })),
  };
  const { vocabulary, maskToken } = modality;
  const tokenizer = config.modality.files?.["tokenizer.json"];
  if (vocabulary && tokenizer !== undefined) {
    const { method } = await buildMethod(config, config.data.entries);
    const wordLogits = method.wordLogits?.bind(method);
    const all = { params: run.methodParams, wordLogits, head: headOf(method, run) };
    return exportLanguageModel({ encoder, ...all, vocabulary, maskToken, tokenizer, card, to: out });
  }
  // Other methods may need a run to be built on, which an encoder's export does not.
  const tasks = methodDefinition.tasks?.map(({ definition }) => definition) ?? [methodDefinition];
  const isSupervised = tasks.some(({ family }) => family === "supervised");
  const head = isSupervised ? headOf((await buildMethod(config, config.data.entries)).method, run) : undefined;
  const { specs, preprocessor } = modality;
  return exportModel({ encoder, params, specs, preprocessor, head, card, to: out });
}

/** What a run answers, if it does. */
function headOf(method: Method, { methodParams }: Run): ExportedHead | undefined {
  const { answers, predict, linearHead } = method;
  if (!answers || !predict) return undefined;
  return {
    ...answers,
    params: methodParams,
    predict: predict.bind(method),
    linear: linearHead?.call(method, methodParams),
  };
}
