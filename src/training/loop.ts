import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Rng, type Tensor, tree } from "../array/index.ts";
import { type DeviceTensor, read } from "../engine/index.ts";
import { messageOf, UserError } from "../foundation/errors.ts";
import { codeOf, fileError, makeFolder, removeTemporary } from "../foundation/files.ts";
import { EventWriter } from "../interop/tensorboard.ts";
import type { Source } from "../modalities/index.ts";
import { checkpointPath, loadCheckpoint, type Position, saveCheckpoint } from "./checkpoint.ts";
import type { RunConfig } from "./config.ts";
import { createLoader } from "./loader.ts";
import { stepsPerEpoch } from "./loader-task.ts";
import { MetricsWriter } from "./metrics.ts";
import type { PretrainOptions } from "./pretrain.ts";
import { buildMethod, writeConfig } from "./run.ts";
import { learningRateAt } from "./schedule.ts";
import { beginFrom, type Start } from "./start.ts";
import { compileStep, type DeviceState, type HostState, initialState, optimizerOf } from "./step.ts";

const BEGINNING: Position = { step: 0, epoch: 0, smoothedLoss: null, bestLoss: null, pending: { count: 0, sums: {} } };

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
  const { method } = await buildMethod(config, source.length);
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

  await using opened = new AsyncDisposableStack();
  const metricsFile = opened.adopt(await MetricsWriter.open(out, position.step), (file) => file.close());
  const events = opened.adopt(await EventWriter.create(out), (file) => file.close());
  const loader = opened.adopt(createLoader(task, training.workers, position.step), (open) => open.close());
  let { batch, waitMs } = await loader.next();
  const name = `${config.method.name} step`;
  const step = opened.adopt(await compileStep({ method, optimizer, training, state: first, batch, name }), (compiled) =>
    compiled.dispose(),
  );

  const schedule = {
    peak: training.learningRate,
    minimum: training.minLearningRate,
    warmupSteps: Math.round(training.warmupEpochs * perEpoch),
    steps,
  };
  let state: DeviceState = first;
  let { step: index, smoothedLoss, bestLoss, pending } = position;
  let savedAt = position.step;
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
    await saveCheckpoint(out, host, { step: index, epoch, smoothedLoss, bestLoss, pending }, isBest);
    savedAt = index;
  };

  const log = async (learningRate: number) => {
    const now = performance.now();
    const {
      loss = 0,
      gradNorm = 0,
      ...means
    } = Object.fromEntries(Object.entries(pending.sums).map(([key, sum]) => [key, sum / pending.count]));
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
    const learningRate = learningRateAt(index, schedule);
    const result = await step.run(state, batch, index, learningRate, index / steps);
    if (!Number.isFinite(result.loss)) throw diverged("loss");
    if (!Number.isFinite(result.gradNorm)) throw diverged("gradient");
    state = result.state;
    index++;
    smoothedLoss = smoothedLoss === null ? result.loss : smoothedLoss * (1 - SMOOTHING) + result.loss * SMOOTHING;
    pending = addTo(pending, { loss: result.loss, gradNorm: result.gradNorm, ...result.metrics });
    row.wait += waitMs;
    row.steps++;
    const last = index === steps;
    if (index % training.logEvery === 0 || last) await log(learningRate);
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

/** Host tensors as what a program would have left: reading them is handing them over. */
const toDevice = (state: DeviceState) =>
  tree.map<Tensor | DeviceTensor, DeviceTensor>(state, (leaf) =>
    "read" in leaf ? leaf : { ...leaf, read: async () => leaf, dispose: () => undefined },
  );

/** The last checkpoint; the best one when the last cannot be read; the beginning when there is none. */
async function resumeFrom(out: string, expected: HostState, onNote: (note: string) => void) {
  const folder = join(out, "checkpoints");
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(folder, "read", error);
  });
  const [first, second] = (["last", "best"] as const).filter((which) => names.includes(`${which}.safetensors`));
  if (!first) {
    onNote(`${out} has no checkpoint yet; starting from the beginning`);
    return { state: expected, position: BEGINNING };
  }
  try {
    return await loadCheckpoint(checkpointPath(out, first), expected);
  } catch (error) {
    if (!(error instanceof UserError) || !second) throw error;
    const best = await loadCheckpoint(checkpointPath(out, second), expected).catch(() => undefined);
    if (!best) throw error;
    onNote(`${messageOf(error)}; going on from the best checkpoint, step ${best.position.step}`);
    return best;
  }
}
