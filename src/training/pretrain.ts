import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Rng, type Tensor, tree } from "../array/index.ts";
import { encoders } from "../encoders/index.ts";
import { type DeviceTensor, read } from "../engine/index.ts";
import { messageOf, UserError } from "../foundation/errors.ts";
import { makeFolder, writeAtomically } from "../foundation/files.ts";
import { EventWriter } from "../interop/tensorboard.ts";
import { methods } from "../methods/index.ts";
import { type ModalityDefinition, modalities, type Source } from "../modalities/index.ts";
import { checkpointPath, loadCheckpoint, type Position, saveCheckpoint } from "./checkpoint.ts";
import { RUN_VERSION, type RunConfig, SettledTraining, TrainingOptions } from "./config.ts";
import { createLoader } from "./loader.ts";
import { MetricsWriter } from "./metrics.ts";
import { buildMethod, openRun, parseOptions, type Run, readConfig } from "./run.ts";
import { learningRateAt } from "./schedule.ts";
import { compileStep, type DeviceState, type HostState, initialState, optimizerOf } from "./step.ts";

type Options = Readonly<Record<string, unknown>>;

export interface PretrainOptions {
  /** Folder, archive or file with the data. */
  readonly data: string;
  /** Run folder to make, or to continue with `resume`. */
  readonly out: string;
  readonly resume?: boolean;
  /** CSV with columns `path,label`, kept for evaluation; training does not look at labels. */
  readonly labels?: string;
  /** Names, or paths of files that export one. Chosen by the data when not given. */
  readonly modality?: string;
  readonly method?: string;
  readonly encoder?: string;
  readonly modalityOptions?: Options;
  readonly methodOptions?: Options;
  readonly encoderOptions?: Options;
  readonly training?: Options;
  /** Finishes the step, saves and returns. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** One line for the user: what was decided, what was found. */
  readonly onNote?: (note: string) => void;
}

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly imagesPerSecond: number;
  readonly etaSeconds: number;
  readonly waitFraction: number;
  readonly broken: number;
}

/** The modality that recognises the data. @throws UserError when none does */
export async function modalityFor(path: string, name?: string): Promise<ModalityDefinition> {
  if (name) return modalities.load(name);
  for (const definition of await modalities.all()) if (await definition.recognises(path)) return definition;
  throw new UserError(
    `${path}: no such data, or of a kind that is not known; there are: ${(await modalities.names()).join(", ")}`,
  );
}

export function fingerprintOf(source: Source<unknown>): string {
  const hash = createHash("sha256");
  for (let index = 0; index < source.length; index++) hash.update(`${source.name(index)}\n`);
  return hash.digest("hex").slice(0, 16);
}

async function newConfig(
  options: PretrainOptions,
  definition: ModalityDefinition,
  source: Source<unknown>,
): Promise<RunConfig> {
  const methodDefinition = await methods.load(options.method ?? definition.defaultMethod);
  const encoderName = options.encoder ?? methodDefinition.defaultEncoder ?? definition.defaultEncoder;
  const encoderDefinition = await encoders.load(encoderName);
  const given = parseOptions(TrainingOptions, options.training ?? {}, "training");
  const { recipe } = methodDefinition;
  if (source.length < 2) throw new UserError(`${options.data}: one sample is too few to learn from`);
  const batchSize = Math.min(given.batchSize ?? recipe.batchSize ?? 256, source.length);
  if (batchSize < (given.batchSize ?? batchSize))
    options.onNote?.(
      `batch size ${given.batchSize} is more than the ${source.length} samples there are; using ${batchSize}`,
    );
  const training = SettledTraining.parse({
    ...given,
    batchSize,
    optimizer: given.optimizer ?? recipe.optimizer ?? "adamw",
    learningRate: given.learningRate ?? ((recipe.baseLearningRate ?? 1e-3) * batchSize) / 256,
    weightDecay: given.weightDecay ?? recipe.weightDecay ?? 0.05,
    warmupEpochs: given.warmupEpochs ?? Math.min(10, given.epochs / 10),
    beta2: recipe.beta2 ?? 0.999,
  });
  const inferred = await definition.infer(source);
  return {
    version: RUN_VERSION,
    data: {
      path: resolve(options.data),
      ...(options.labels ? { labels: resolve(options.labels) } : {}),
      entries: source.length,
      fingerprint: fingerprintOf(source),
    },
    modality: {
      name: definition.name,
      options: parseOptions(
        definition.options,
        { ...inferred, ...options.modalityOptions },
        `modality ${definition.name}`,
      ),
    },
    encoder: {
      name: options.encoder ?? encoderDefinition.name,
      options: parseOptions(
        encoderDefinition.options,
        options.encoderOptions ?? {},
        `encoder ${encoderDefinition.name}`,
      ),
    },
    method: {
      name: options.method ?? methodDefinition.name,
      options: parseOptions(methodDefinition.options, options.methodOptions ?? {}, `method ${methodDefinition.name}`),
    },
    training,
  };
}

const BEGINNING: Position = { step: 0, epoch: 0, smoothedLoss: null, bestLoss: null, pending: { count: 0, sums: {} } };

/** A run that cannot go on through no mistake of the user: the loss is not a number. */
export class Diverged extends Error {
  override name = "Diverged";
}

/**
 * Learns a representation from unlabelled data and leaves a run folder: `config.json`, `metrics.jsonl`, TensorBoard
 * events and checkpoints. With `resume`, goes on from the last checkpoint exactly as if it had never stopped.
 * @throws UserError for a wrong option, unreadable data, a full disk; Diverged when the loss becomes NaN or infinite
 */
export async function pretrain(options: PretrainOptions): Promise<Run> {
  const { out, onNote = () => undefined } = options;
  const isRun = await readdir(out).then(
    (names) => names.includes("config.json"),
    () => false,
  );
  if (isRun && !options.resume)
    throw new UserError(`${out}: there is a run already; continue it with --resume ${out}, or name another --out`);
  const previous = options.resume ? await readConfig(out) : undefined;
  const definition = await modalityFor(options.data, previous?.modality.name ?? options.modality);
  const source = await definition.open(options.data, { labels: options.labels ?? previous?.data.labels });
  try {
    if (previous && (previous.data.entries !== source.length || previous.data.fingerprint !== fingerprintOf(source)))
      throw new UserError(
        `${options.data}: not the data of ${out} (${source.length} entries, then ${previous.data.entries}, or other names)`,
      );
    const config = previous ?? (await newConfig(options, definition, source));
    await train(config, source, options, onNote);
  } finally {
    await source.close();
  }
  return openRun(out);
}

async function train(
  config: RunConfig,
  source: Source<unknown>,
  options: PretrainOptions,
  onNote: (note: string) => void,
): Promise<void> {
  const { out, signal } = options;
  const { training } = config;
  const { method } = await buildMethod(config);
  const optimizer = optimizerOf(training);
  const initial = initialState(method, optimizer, training, new Rng(training.seed));
  const { state: start, position } = options.resume
    ? await resumeFrom(out, initial, onNote)
    : { state: initial, position: BEGINNING };
  await makeFolder(join(out, "checkpoints"));
  if (!options.resume) await writeAtomically(join(out, "config.json"), [`${JSON.stringify(config, null, 2)}\n`]);

  const indices = Int32Array.from({ length: source.length }, (_, index) => index);
  const { modality, encoder, method: methodChoice } = config;
  const task = {
    modality,
    encoder,
    method: methodChoice,
    manifest: source.manifest,
    indices,
    batchSize: training.batchSize,
    seed: training.seed,
  };
  const perEpoch = Math.floor(source.length / training.batchSize);
  const steps = perEpoch * training.epochs;
  if (position.step >= steps) {
    onNote(`${out} is finished: ${steps} of ${steps} steps`);
    return;
  }
  const loader = createLoader(task, training.workers, position.step);
  const metricsFile = await MetricsWriter.open(out, position.step);
  const events = await EventWriter.create(out);
  try {
    const warmupSteps = Math.round(training.warmupEpochs * perEpoch);
    let { batch, waitMs } = await loader.next();
    const step = await compileStep({
      method,
      optimizer,
      training,
      state: start,
      batch,
      name: `${methodChoice.name} step`,
    });
    let state: DeviceState = start;
    let { step: index, smoothedLoss, bestLoss } = position;
    let pending: Position["pending"] = position.pending;
    let savedAt = position.step;
    const began = performance.now();
    let rowBegan = began;
    let rowWait = 0;
    let rowSteps = 0;
    const save = async () => {
      const host = (await read(toDevice(state))) as unknown as HostState;
      const isBest = smoothedLoss !== null && (bestLoss === null || smoothedLoss < bestLoss);
      if (isBest) bestLoss = smoothedLoss;
      const epoch = Math.floor(index / perEpoch);
      await saveCheckpoint(out, host, { step: index, epoch, smoothedLoss, bestLoss, pending }, isBest);
      savedAt = index;
    };
    for (;;) {
      const learningRate = learningRateAt(index, training.learningRate, warmupSteps, steps);
      const result = await step.run(state, batch, index, learningRate, index / steps);
      if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradNorm))
        throw new Diverged(
          `the ${Number.isFinite(result.loss) ? "gradient" : "loss"} is not a number at step ${index + 1}; last good checkpoint: ${savedAt > 0 ? `${checkpointPath(out, "last")} (step ${savedAt})` : "none"}; try a lower --learning-rate, a longer --warmup-epochs or --gradient-clip 1`,
        );
      state = result.state;
      index++;
      smoothedLoss = smoothedLoss === null ? result.loss : smoothedLoss * 0.98 + result.loss * 0.02;
      const values: Record<string, number> = { loss: result.loss, gradNorm: result.gradNorm, ...result.metrics };
      const sums = { ...pending.sums };
      for (const [key, value] of Object.entries(values)) sums[key] = (sums[key] ?? 0) + value;
      pending = { count: pending.count + 1, sums };
      rowWait += waitMs;
      rowSteps++;
      const last = index === steps;
      if (index % training.logEvery === 0 || last) {
        const now = performance.now();
        const means = Object.fromEntries(Object.entries(pending.sums).map(([key, sum]) => [key, sum / pending.count]));
        const row = {
          step: index,
          epoch: Math.floor((index - 1) / perEpoch),
          loss: means.loss ?? result.loss,
          gradNorm: means.gradNorm ?? result.gradNorm,
          learningRate,
          imagesPerSecond: (rowSteps * training.batchSize * 1000) / (now - rowBegan),
          waitFraction: rowWait / (now - rowBegan),
          seconds: (now - began) / 1000,
          ...means,
        };
        await metricsFile.append(row);
        await events.scalars(index, row);
        pending = { count: 0, sums: {} };
        const perStep = (now - began) / (index - position.step);
        options.onProgress?.({
          ...row,
          steps,
          epochs: training.epochs,
          etaSeconds: ((steps - index) * perStep) / 1000,
          broken: loader.broken().length,
        });
        rowBegan = now;
        rowWait = 0;
        rowSteps = 0;
      }
      const stop = last || signal?.aborted;
      if (stop || index % training.checkpointEvery === 0) await save();
      if (stop) break;
      // Lets a Ctrl-C in: everything above may have run without giving up the thread.
      await new Promise((done) => setImmediate(done));
      ({ batch, waitMs } = await loader.next());
    }
    await step.dispose();
    for (const { name, reason } of loader.broken()) onNote(`${name}: ${reason}; skipped`);
  } finally {
    await loader.close();
    await metricsFile.close();
    await events.close();
  }
}

/** Host tensors as what a program would have left: reading them is handing them over. */
const toDevice = (state: DeviceState) =>
  tree.map<Tensor | DeviceTensor, DeviceTensor>(state, (leaf) =>
    "read" in leaf ? leaf : { ...leaf, read: async () => leaf, dispose: () => undefined },
  );

/** The last checkpoint, or the best one when the last cannot be read. */
async function resumeFrom(out: string, expected: HostState, onNote: (note: string) => void) {
  try {
    return await loadCheckpoint(checkpointPath(out, "last"), expected);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const missing = /no such file/.test(error.message);
    const best = await loadCheckpoint(checkpointPath(out, "best"), expected).catch(() => undefined);
    if (best) {
      onNote(`${messageOf(error)}; going on from the best checkpoint, step ${best.position.step}`);
      return best;
    }
    if (!missing) throw error;
    onNote(`${out} has no checkpoint yet; starting from the beginning`);
    return { state: expected, position: BEGINNING };
  }
}
