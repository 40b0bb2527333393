import { join } from "node:path";
import { Rng, type Tensor, tree } from "../array/index.ts";
import { read } from "../engine/index.ts";
import { makeFolder, removeTemporary } from "../foundation/files.ts";
import { EventWriter } from "../interop/tensorboard.ts";
import type { Source } from "../modalities/index.ts";
import { checkpointPath, type Position, saveCheckpoint } from "./checkpoint.ts";
import { collapseWatch, spreadOf } from "./collapse.ts";
import type { RunConfig } from "./config.ts";
import { openCurriculum } from "./curriculum.ts";
import { epochStart } from "./epoch-start.ts";
import { createLoader } from "./loader.ts";
import { stepsPerEpoch } from "./loader-task.ts";
import { MetricsWriter } from "./metrics.ts";
import type { PretrainOptions } from "./pretrain.ts";
import { BEGINNING, resumeFrom } from "./resume.ts";
import { buildMethod, writeConfig } from "./run.ts";
import { learningRateAt } from "./schedule.ts";
import { stagedStep } from "./staged-step.ts";
import { beginFrom, type Start } from "./start.ts";
import { type DeviceState, type HostState, initialState, optimizerOf, toDevice } from "./step.ts";

/** Share of a new loss in the smoothed one, by which the best checkpoint is chosen. */
const SMOOTHING = 0.02;

/** A run that cannot go on through no mistake of the user: the loss is not a number. */
export class Diverged extends Error {
  override name = "Diverged";
}

/**
 * Trains from the beginning, or with `options.resume` from the last checkpoint, to the last step or to an abort.
 * @throws Diverged when loss, gradients or weights become NaN or infinite; UserError when a file cannot be written
 */
export async function train(
  config: RunConfig,
  source: Source<unknown>,
  options: PretrainOptions,
  start?: Start,
): Promise<void> {
  const { out, signal, onNote = () => undefined } = options;
  const { training, modality, encoder } = config;
  const { method, ...parts } = await buildMethod(config, source.length);
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, new Rng(training.seed), (params) =>
    start ? beginFrom(start, modality.options, params) : params,
  );
  const { state: first, position } = options.resume
    ? await resumeFrom(out, initial, onNote)
    : { state: initial, position: BEGINNING };
  const task = {
    modality,
    encoder,
    method: config.method,
    curriculum: config.curriculum,
    manifest: source.manifest,
    indices: Int32Array.from({ length: source.length }, (_, index) => index),
    batchSize: training.batchSize,
    seed: training.seed,
  };
  const perEpoch = stepsPerEpoch(task);
  const steps = perEpoch * training.epochs;
  if (position.step >= steps) {
    onNote(`${out} is finished: ${steps} of ${steps} steps`);
    return;
  }
  await makeFolder(join(out, "checkpoints"));
  for (const folder of [out, join(out, "checkpoints")]) await removeTemporary(folder);
  if (!options.resume) await writeConfig(out, config);

  const curriculum = openCurriculum(config.curriculum ?? [], steps, position);

  await using opened = new AsyncDisposableStack();
  const metricsFile = opened.adopt(await MetricsWriter.open(out, position.step), (file) => file.close());
  const events = opened.adopt(await EventWriter.create(out), (file) => file.close());
  const loader = opened.adopt(createLoader(task, training.workers, position.step, curriculum), (open) => open.close());
  const staged = opened.adopt(stagedStep(config, source.length, initial), (program) => program.dispose());
  let { batch, waitMs } = await loader.next();

  const { device, seed } = training;
  const beforeEpoch = opened.adopt(epochStart({ ...parts, source, device, seed }), (hook) => hook.dispose());

  const schedule = {
    minimum: training.minLearningRate,
    warmupSteps: Math.round(training.warmupEpochs * perEpoch),
    steps,
  };
  let { step: index, smoothedLoss, bestLoss, pending } = position;
  // Compiles, before the clock starts.
  let { state }: { state: DeviceState } = await staged.at(curriculum.stagesAt(index), batch, first);
  let savedAt = position.step;
  // So was the first batch waited for.
  waitMs = 0;
  const began = performance.now();
  let row = { began, wait: 0, steps: 0 };

  const diverged = (what: string) => {
    const saved = savedAt > 0 ? `${checkpointPath(out, "last")} (step ${savedAt})` : "none";
    return new Diverged(
      `the ${what} at step ${index + 1} ${what === "weights" ? "are" : "is"} not finite; last good checkpoint: ${saved}; try a lower --learning-rate, a longer --warmup-epochs or --gradient-clip 1`,
    );
  };

  const save = async () => {
    const host = (await read(toDevice(state))) as unknown as HostState;
    // The loss of a step is that of the weights before it: an update that burst shows in the weights only.
    if (!isFinite(host)) {
      index--;
      throw diverged("weights");
    }
    const isBest = smoothedLoss !== null && (bestLoss === null || smoothedLoss < bestLoss);
    if (isBest) bestLoss = smoothedLoss;
    await metricsFile.sync();
    const epoch = Math.floor(index / perEpoch);
    const now = { step: index, epoch, smoothedLoss, bestLoss, pending, mastery: curriculum.state() };
    await saveCheckpoint(out, host, now, isBest);
    savedAt = index;
  };

  const watch = collapseWatch(parts.methodDefinition);
  const log = async (learningRate: number, features: Tensor | undefined) => {
    const now = performance.now();
    const {
      loss = 0,
      gradNorm = 0,
      ...means
    } = Object.fromEntries(Object.entries(pending.sums).map(([key, sum]) => [key, sum / pending.count]));
    const spread = features && spreadOf(features);
    const warning = spread && watch(spread, parts.encoder.embedDim);
    if (warning) onNote(`step ${index}: ${warning}`);
    const values = {
      step: index,
      epoch: Math.floor((index - 1) / perEpoch),
      loss,
      gradNorm,
      learningRate,
      samplesPerSecond: (row.steps * training.batchSize * 1000) / (now - row.began),
      waitFraction: row.wait / (now - row.began),
      seconds: (now - began) / 1000,
      ...means,
      ...spread,
      ...curriculum.valuesAt(index - 1),
    };
    await metricsFile.append(values);
    await events.scalars(index, values);
    pending = BEGINNING.pending;
    row = { began: now, wait: 0, steps: 0 };
    const perStep = (now - began) / (index - position.step);
    const etaSeconds = ((steps - index) * perStep) / 1000;
    options.onProgress?.({ ...values, steps, epochs: training.epochs, etaSeconds, broken: loader.broken().length });
  };

  for (;;) {
    const { step, method: current, ...now } = await staged.at(curriculum.stagesAt(index), batch, state);
    state = now.state;
    // A checkpoint at the end of an epoch is from before this, so that a run resumed there does it too.
    if (index % perEpoch === 0) state = await beforeEpoch.run(current, state, index / perEpoch);
    const learningRate = learningRateAt(index, { ...schedule, peak: now.training.learningRate });
    const last = index + 1 === steps;
    const logs = (index + 1) % training.logEvery === 0 || last;
    const result = await step.run(state, batch, index, learningRate, index / steps, logs);
    if (!Number.isFinite(result.loss)) throw diverged("loss");
    if (!Number.isFinite(result.gradNorm)) throw diverged("gradient");
    state = result.state;
    index++;
    smoothedLoss = smoothedLoss === null ? result.loss : smoothedLoss * (1 - SMOOTHING) + result.loss * SMOOTHING;
    pending = addTo(pending, { loss: result.loss, gradNorm: result.gradNorm, ...result.metrics });
    curriculum.record(index, { loss: result.loss, ...result.metrics });
    row.wait += waitMs;
    row.steps++;
    if (logs) await log(learningRate, result.features);
    const stop = last || signal?.aborted;
    if (stop || index % training.checkpointEvery === 0) await save();
    if (stop) break;
    // Lets a Ctrl-C in: everything above may have run without giving up the thread.
    await new Promise((done) => setImmediate(done));
    ({ batch, waitMs } = await loader.next());
  }
  for (const entry of loader.broken()) onNote(`${entry.name}: ${entry.reason}; skipped`);
}

function addTo({ count, sums }: Position["pending"], values: Readonly<Record<string, number>>): Position["pending"] {
  const added = Object.entries(values).map(([key, value]): [string, number] => [key, (sums[key] ?? 0) + value]);
  return { count: count + 1, sums: Object.fromEntries(added) };
}

const isFinite = ({ params, optimizer }: HostState): boolean => {
  for (const { data } of [...tree.leaves<Tensor>(params), ...tree.leaves<Tensor>(optimizer)])
    for (const value of data) if (!Number.isFinite(value)) return false;
  return true;
};
