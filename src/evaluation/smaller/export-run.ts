import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ModalityDefinition } from "../../data/index.ts";
import { encoders } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { exportModel } from "../../interop/export.ts";
import { plainPublisher } from "../../interop/plain.ts";
import type { PublishedModel, Publisher } from "../../interop/publisher.ts";
import { buildMethod, methodOf, type Run } from "../../training/run/run.ts";
import type { Evaluation, Score } from "../worth/evaluation.ts";

/**
 * Exports a run's encoder, with the head if it was fine-tuned, and a model card with the run's evaluation if there is one.
 *
 * @example
 * const run = await openRun("runs/photos");
 * await exportRun({ run, out: "models/photos" });
 */
export async function exportRun({
  run,
  out,
}: {
  readonly run: Run;
  /** Folder to write. */
  readonly out: string;
}): Promise<{ files: string[] }> {
  const { config, encoder, methodDefinition } = run;
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
    encoderPaper: (await encoders.stored(config.encoder.name)).paper,
    data: [config.data.path]
      .flat()
      .map((path) => basename(path))
      .join(", "),
    entries: config.data.entries,
    steps: run.step,
    epochs: run.epoch,
    seed: config.training.seed,
    embedDim: encoder.embedDim,
    loss: lastRow?.loss,
    scores: (evaluation?.task === "classification" ? evaluation.contestants : undefined)
      ?.filter(({ linear }) => linear)
      .map(({ name, knn20, linear }) => ({ name, knn20: percent(knn20), linear: percent(linear) })),
  };
  return exportModel({
    model: await publishedModel(run),
    publisher: await publisherOf(run.modalityDefinition),
    card,
    out,
  });
}

/** The publisher for a kind of data. */
export const publisherOf = async ({ publish }: ModalityDefinition): Promise<Publisher> =>
  (await publish?.()) ?? plainPublisher;

/** The parts of a run that are exported: its encoder, token predictions and head. */
async function publishedModel(run: Run): Promise<PublishedModel> {
  const { config, encoder, modality, methodDefinition, methodParams: params } = run;
  const options = { encoder: config.encoder.options, modality: run.modalityOptions };
  const plain = { encoder, params, modality, options, files: config.modality.files };
  // A side of pairs has an encoder, and the method's heads are of both.
  if (config.side !== undefined || config.published !== undefined) return plain;
  const tasks = methodDefinition.tasks?.map(({ definition }) => definition) ?? [methodDefinition];
  const isSupervised = tasks.some(({ family }) => family === "supervised");
  if (tasks.every(({ runs }) => runs?.length)) return plain;
  // Of a pruned run, what only its pretext task needs may have the former sizes.
  const building = isSupervised ? methodOf(run) : buildMethod(config, config.data.entries);
  const method = await building.then(
    (built) => built.method,
    (error: unknown) => {
      // Some methods need another run to be built, which exporting an encoder does not.
      if (error instanceof UserError && !isSupervised && methodDefinition.runs?.length) return undefined;
      throw error;
    },
  );
  if (!method) return plain;
  const { answers, predict, linearHead, exported } = method;
  if (answers && predict)
    return { ...plain, head: { ...answers, predict: predict.bind(method), linear: linearHead?.call(method, params) } };
  const task = exported?.task ?? method;
  const { matching, writer } = task;
  const own = exported?.params(params) ?? params;
  return { ...plain, params: own, tokenLogits: task.tokenLogits?.bind(task), matching, writer };
}
