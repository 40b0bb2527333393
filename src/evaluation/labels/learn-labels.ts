import type { Source } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import { UserError } from "../../foundation/errors.ts";
import { batchFor, extractFeatures } from "../../training/features.ts";
import type { Supervised, TrainOptions } from "../../training/loop/options.ts";
import { train } from "../../training/loop.ts";
import type { RunConfig } from "../../training/run/config.ts";
import { buildMethod } from "../../training/run/run.ts";
import type { Start } from "../../training/run/start.ts";
import { measuresOf } from "../scores/measures.ts";
import { collectOutputs, type LabelledOutputs, recallAtOne } from "./judge.ts";
import { type Predictor, predictorOf } from "./predictor.ts";
import { answersIn, type Labelled } from "./supervision.ts";

/**
 * With fewer samples the loss selects the best epoch of a fine-tuning more reliably than the accuracy. Not from scratch,
 * where the loss rises again long before the accuracy stops to grow.
 */
const FEW = 500;

/**
 * Trains on labels, validated after every epoch on held-out labels.
 * @throws UserError when no held-out sample can be read
 */
export async function learnLabels(
  config: RunConfig,
  source: Source<unknown>,
  { indices, labels, validation }: Labelled,
  options: TrainOptions,
  start?: Start,
): Promise<void> {
  const { method, modality, encoder } = await buildMethod(config, source.length);
  const answers = answersIn(config);
  const classes = source.classes ?? [];
  const { device } = config.training;
  const isScratch = config.supervision?.from === undefined;
  await using opened = new AsyncDisposableStack();
  let model: Predictor | undefined;
  // `labels` hides the validation labels from training.
  const truths = source.labels ?? labels;
  const named = new Set<string>();
  /** Notes broken samples once. @throws UserError when none is left to validate on */
  const skip = (broken: LabelledOutputs["broken"]) => {
    if (broken.length === validation.length)
      throw new UserError(
        `${inWords(config.data.path)}: none of the ${broken.length} validation samples can be read; the first is ${broken[0]?.name}: ${broken[0]?.reason}`,
      );
    for (const { name, reason } of broken)
      if (!named.has(name)) options.onNote?.(`${name}: ${reason}; skipped, one validation sample fewer`);
    for (const { name } of broken) named.add(name);
  };
  const validate: Supervised["validate"] = async (params) => {
    if (answers.task === "similarity") {
      const features = await extractFeatures({
        ...{ encoder, modality, source, device },
        params: params.encoder,
        indices: validation,
      });
      skip(features.broken);
      const recall = recallAtOne(
        features,
        features.indices.map((index) => truths[index]!),
      );
      const metrics: Record<string, number> = { recallAtOne: recall };
      return { score: recall, loss: 0, metrics };
    }
    // Batches are padded to their full size: few validation samples should not cost as much as many.
    const batchSize = Math.min(batchFor(modality, encoder), validation.length);
    model ??= opened.adopt(await predictorOf(method, params, modality, { device, batchSize }), (opened) =>
      opened.dispose(),
    );
    const current = model;
    const validationData = { modality, source, indices: validation, labels: truths, classes };
    const { logits, truth, broken } = await collectOutputs(
      (rows) => current.logits(rows, params),
      answers,
      validationData,
    );
    skip(broken);
    const measures = measuresOf(answers, logits, truth);
    const { score, loss } = measures;
    const metrics: Record<string, number> = { ...measures.named, loss };
    return { score: validation.length < FEW && !isScratch ? -loss : score, loss, metrics };
  };
  const patience = config.supervision?.patience ?? 0;
  const supervised = {
    indices,
    labels,
    patience,
    laterIsBetter: isScratch,
    ...(validation.length > 0 ? { validate } : {}),
  };
  await train(config, source, options, start, supervised);
}
