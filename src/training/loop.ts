import { join } from "node:path";
import { Rng, type Tensor, tree } from "../array/index.ts";
import type { Source } from "../data/index.ts";
import { offerOf, vocabulary } from "../data/index.ts";
import { read } from "../engine/index.ts";
import { makeFolder, removeTemporary } from "../foundation/files.ts";
import { EventWriter } from "../interop/tensorboard.ts";
import type { MethodParams } from "../methods/index.ts";
import { collapseWatch, spreadOf } from "./collapse.ts";
import { openCurriculum } from "./curriculum.ts";
import { createLoader } from "./data/loader.ts";
import { stepsPerEpoch } from "./data/loader-task.ts";
import { epochStart } from "./epoch-start.ts";
import { everyEntry } from "./features.ts";
import { release } from "./memory.ts";
import type { PretrainOptions } from "./pretrain.ts";
import { checkpointPath, type Position, saveCheckpoint } from "./run/checkpoint.ts";
import type { RunConfig } from "./run/config.ts";
import { lockRun } from "./run/lock.ts";
import { MetricsWriter } from "./run/metrics.ts";
import { BEGINNING, resumeFrom } from "./run/resume.ts";
import { buildMethod, writeConfig } from "./run/run.ts";
import { beginFrom, type Start } from "./run/start.ts";
import { learningRateAt } from "./schedule.ts";
import { stagedStep } from "./staged-step.ts";
import { type DeviceState, type HostState, initialState, optimizerOf, toDevice } from "./step.ts";

/** Share of a new loss in the smoothed one, by which the best checkpoint is chosen. */
const SMOOTHING = 0.02;

/** A run that cannot go on through no mistake of the user: the loss is not a number. */
export class Diverged extends Error {
  override name = "Diverged";
}

/** What fine-tuning does otherwise. */
export interface Supervised {
  /** Entries to learn from, in an epoch; an entry may stand there several times. */
  readonly indices: Int32Array;
  /** Of every entry of the source, −1 where it may not be known. */
  readonly labels: Int32Array;
  /** Judges the parameters after an epoch. */
  validate?(params: MethodParams): Promise<{ score: number; loss: number; metrics: Readonly<Record<string, number>> }>;
  /** Epochs without a better score, or an equal one at a lower loss, after which training stops. */
  readonly patience: number;
}

/**
 * Trains from the beginning, or with `options.resume` from the last checkpoint, to the last step or to an abort.
 * @throws Diverged when loss, gradients or weights become NaN or infinite; UserError when a file cannot be written
 */
export async function train(
  config: RunConfig,
  source: Source<unknown>,
  options: Pick<PretrainOptions, "out" | "resume" | "signal" | "onNote" | "onProgress">,
  start?: Start,
  supervised?: Supervised,
): Promise<void> {
  const { out, signal, onNote = () => undefined } = options;
  const { training, modality, encoder } = config;
  const { method, ...parts } = await buildMethod(config, source.length);
  const optimizer = optimizerOf(training);
  const initial = () =>
    initialState(method, optimizer, training, new Rng(training.seed), (params) =>
      start ? beginFrom(start, offerOf(parts.modality, vocabulary), params) : params,
    );
  // Nothing else holds the first state: training goes on for long, and it is as large as any later one.
  let { state, position }: { state: DeviceState; readonly position: Position } = options.resume
    ? await resumeFrom(out, initial(), onNote)
    : { state: initial(), position: BEGINNING };
  const task = {
    modality,
    encoder,
    method: config.method,
    curriculum: config.curriculum,
    manifest: source.manifest,
    indices: supervised?.indices ?? everyEntry(source),
    labels: supervised?.labels,
    batchSize: training.batchSize,
    seed: training.seed,
  };
  const perEpoch = stepsPerEpoch(task);
  const steps = perEpoch * training.epochs;
  const { patience = 0, validate } = supervised ?? {};
  if (position.step >= steps || (validate && (position.validation?.sinceBest ?? 0) >= patience)) {
    onNote(`${out} is finished: ${position.step} of ${steps} steps`);
    return;
  }
  await makeFolder(join(out, "checkpoints"));
  await using opened = new AsyncDisposableStack();
  opened.defer(await lockRun(out));
  for (const folder of [out, join(out, "checkpoints")]) await removeTemporary(folder);
  // What a run begins with is in no configuration: killed before its first checkpoint it would go on from random numbers.
  if (start && !options.resume) await saveCheckpoint(out, initial(), BEGINNING, false);
  if (!options.resume) await writeConfig(out, config);

  const curriculum = openCurriculum(config.curriculum ?? [], steps, position);

  const metricsFile = opened.adopt(await MetricsWriter.open(out, position.step), (file) => file.close());
  const events = opened.adopt(await EventWriter.create(out), (file) => file.close());
  const loader = opened.adopt(createLoader(task, training.workers, position.step, curriculum), (open) => open.close());
  const staged = opened.adopt(stagedStep(config, source.length), (program) => program.dispose());
  let { batch, waitMs } = await loader.next();

  const { device, seed } = training;
  const beforeEpoch = opened.adopt(epochStart({ ...parts, source, device, seed }), (hook) => hook.dispose());

  const schedule = {
    minimum: training.minLearningRate,
    warmupSteps: Math.round(training.warmupEpochs * perEpoch),
    steps,
  };
  let { step: index, smoothedLoss, bestLoss, pending, validation } = position;
  // Compiles, before the clock starts.
  ({ state } = await staged.at(curriculum.stagesAt(index), batch, state));
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

  /** @param judged whether the validation part has just called these weights the best */
  const save = async (judged: boolean) => {
    const host = (await read(toDevice(state))) as unknown as HostState;
    // The loss of a step is that of the weights before it: an update that burst shows in the weights only.
    if (!isFinite(host)) {
      index--;
      throw diverged("weights");
    }
    // Not where a Ctrl-C came: a run that was never stopped would have looked elsewhere.
    const isRegular = index === steps || index % training.checkpointEvery === 0;
    const isLowest = isRegular && smoothedLoss !== null && (bestLoss === null || smoothedLoss < bestLoss);
    if (isLowest) bestLoss = smoothedLoss;
    const isBest = validate ? judged : isLowest;
    await metricsFile.sync();
    const epoch = Math.floor(index / perEpoch);
    const now = { step: index, epoch, smoothedLoss, bestLoss, pending, validation, mastery: curriculum.state() };
    await saveCheckpoint(out, host, now, isBest);
    savedAt = index;
  };

  /** Judges the weights after an epoch. @returns whether they are the best so far */
  const judge = async (): Promise<boolean> => {
    const judged = { ...state, optimizer: {}, memory: {}, ...(training.ema > 0 ? { params: {} } : {}) };
    const { params, ema } = (await read(toDevice(judged))) as unknown as HostState;
    // The trainer keeps the tree that the method made.
    const { score, loss, metrics } = await validate!((training.ema > 0 ? ema : params) as MethodParams);
    const isBest = !validation || score > validation.score || (score === validation.score && loss < validation.loss);
    validation = isBest ? { score, loss, sinceBest: 0 } : { ...validation!, sinceBest: validation!.sinceBest + 1 };
    onNote(
      `epoch ${index / perEpoch}: validation ${Object.entries(metrics)
        .map(([name, value]) => `${name} ${value.toFixed(4)}`)
        .join(", ")}${isBest ? "" : `; no better for ${validation.sinceBest}`}`,
    );
    await events.scalars(index, metrics);
    return isBest;
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
    // While a model learns nothing but how common each answer is, its features are as good as one: that passes.
    const warmedUp = index > schedule.warmupSteps;
    const warning = spread && warmedUp ? watch(spread, parts.encoder.embedDim) : undefined;
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

  // What training begins with may already be the best there is.
  if (validate && !validation) await save(await judge());

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
    // Of what training begins with these are the loop's own, and two thirds of it; a later state the step gives back.
    release(state.optimizer);
    state = result.state;
    index++;
    smoothedLoss = smoothedLoss === null ? result.loss : smoothedLoss * (1 - SMOOTHING) + result.loss * SMOOTHING;
    pending = addTo(pending, { loss: result.loss, gradNorm: result.gradNorm, ...result.metrics });
    curriculum.record(index, { loss: result.loss, ...result.metrics });
    row.wait += waitMs;
    row.steps++;
    if (logs) await log(learningRate, result.features);
    const isBest = validate !== undefined && index % perEpoch === 0 && (await judge());
    const stop = last || signal?.aborted || (validation?.sinceBest ?? 0) >= Math.max(1, patience);
    if (stop || isBest || index % training.checkpointEvery === 0) await save(isBest);
    if (stop) break;
    release(batch);
    // Lets a Ctrl-C in: everything above may have run without giving up the thread.
    await new Promise((done) => setImmediate(done));
    ({ batch, waitMs } = await loader.next());
  }
  for (const entry of loader.broken()) onNote(`${entry.name}: ${entry.reason}; skipped`);
}

function addTo({ count, sums }: Position["pending"], values: Readonly<Record<string, number>>): Position["pending"] {
  // A perplexity may be infinite where the loss is not; a checkpoint has no word for that.
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  const added = finite.map(([key, value]): [string, number] => [key, (sums[key] ?? 0) + value]);
  return { count: count + 1, sums: { ...sums, ...Object.fromEntries(added) } };
}

const isFinite = ({ params, optimizer }: HostState): boolean => {
  for (const { data } of [...tree.leaves<Tensor>(params), ...tree.leaves<Tensor>(optimizer)])
    for (const value of data) if (!Number.isFinite(value)) return false;
  return true;
};
