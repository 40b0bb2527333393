import { existsSync } from "node:fs";
import { join } from "node:path";
import { Rng, type Tensor, tree } from "../../array/index.ts";
import { type Source, tableOptionsOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { absolutePaths } from "../../data/paths/paths.ts";
import { UserError } from "../../foundation/errors.ts";
import { makeFolder } from "../../foundation/files.ts";
import { claimFolder, refuseForeignFolder } from "../../foundation/outputs.ts";
import { type PretrainOptions, pretrain } from "../../training/pretrain.ts";
import { checkpointPath, loadCheckpoint, saveCheckpoint } from "../../training/run/checkpoint.ts";
import type { Pruning, RunConfig } from "../../training/run/config.ts";
import { refuseTaken } from "../../training/run/folder.ts";
import { openRunData } from "../../training/run/open-data.ts";
import { buildMethod, openRun, type Run, readConfig, writeConfig } from "../../training/run/run.ts";
import { arrange } from "../../training/run/settle.ts";
import { openStart } from "../../training/run/start.ts";
import { groupsToKeep } from "../labels/groups.ts";
import { answersIn, splitForTraining } from "../labels/supervision.ts";
import { firstDifference } from "./first-difference.ts";
import { magnitude, taylor } from "./pruning/importance.ts";
import { prunable } from "./pruning/prunable.ts";
import { describeKept, prune } from "./pruning/structures.ts";
import { checkLabels, exportedModel, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

export interface PruneRunOptions extends MeasureOptions, Pick<PretrainOptions, "signal" | "onNote"> {
  readonly run: Run;
  /** Run folder to create. */
  readonly out: string;
  /** Share to keep, in (0, 1): of heads and of hidden units of the feed-forward parts, or of the channels within blocks. */
  readonly keep: number;
  /** How to choose them. Default `taylor`. */
  readonly importance?: "taylor" | "magnitude";
  /** Batches for `taylor`. Default 8. */
  readonly batches?: number;
  /** Epochs of recovery training with the run's method and schedule. Default 0. */
  readonly recoverEpochs?: number;
  /** Data for importance and recovery; by default the run's training data. */
  readonly data?: Paths;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface PruneResult {
  readonly run: Run;
  /** Before, pruned, and recovered if there was recovery; empty if that was stopped before its end. */
  readonly models: readonly ShippedWorth[];
}

/**
 * Prunes a run's encoder: every block loses its least important parts, a Transformer heads and hidden units, a ResNet
 * channels between convolutions. With `recoverEpochs` it then trains on as before (learning-rate rewinding, Renda et al.
 * 2020, https://arxiv.org/abs/2003.02389); the pruned run before recovery stays in `pruned/` within the folder. Called again
 * with the same options it resumes; a finished run is only measured.
 * @throws UserError when the encoder cannot be pruned, nothing would be removed, or the folder holds something else
 *
 * @example
 * const run = await openRun("runs/photos");
 * const pruned = await pruneRun({ run, out: "runs/photos-pruned", keep: 0.5, recoverEpochs: 10 });
 * console.log(shippedTable(pruned.models));
 */
export async function pruneRun(options: PruneRunOptions): Promise<PruneResult> {
  const { run, out, recoverEpochs = 0 } = options;
  const plan = await planOf(options);
  if (recoverEpochs > 0) await refuseUnfit(run, plan.config);
  await checkLabels(run, options.labels);
  const folder = recoverEpochs > 0 ? join(out, "pruned") : out;
  if (await isPruned(options, folder, plan.pruning)) options.onNote?.(`${out}: already begun; resuming`);
  else await writePruned(options, folder, plan);
  const small = await openRun(folder);
  const recovered = recoverEpochs > 0 ? await recover(small, options, recoverEpochs) : undefined;
  if (recovered && recovered.epoch < recoverEpochs) return { run: recovered, models: [] };
  const { structures, kept } = plan;
  const models = await measureShipped(
    [
      { name: "before", model: await exportedModel(run), run },
      { name: `pruned to ${describeKept(structures, kept)}`, model: await exportedModel(small), run: small },
      ...(recovered ? [{ name: "recovered", model: await exportedModel(recovered), run: recovered }] : []),
    ],
    options,
  );
  return { run: recovered ?? small, models };
}

/** Resolves the options. @throws UserError when they cannot be met */
async function planOf({
  run,
  out,
  keep,
  importance = "taylor",
  batches = 8,
  data,
  recoverEpochs = 0,
}: PruneRunOptions) {
  const { encoder } = run.config;
  const partsOfEncoder = prunable[encoder.name];
  if (!partsOfEncoder)
    throw new UserError(
      `${run.path}: its encoder is ${encoder.name}; only these can be pruned: ${Object.keys(prunable).join(", ")}`,
    );
  if (!(keep > 0 && keep < 1)) throw new UserError(`keep ${keep}: must be above 0 and below 1`);
  if (recoverEpochs > 0 && run.config.supervision)
    throw new UserError(
      `${run.path}: a fine-tuned run recovers by fine-tuning; prune it without --recover-epochs, then autodidact finetune ${out} --train <labelled data>`,
    );
  if (data !== undefined && run.config.supervision)
    throw new UserError(`${inWords(data)}: a fine-tuned run is pruned on its training data; name no other data`);
  const { structures, smaller } = partsOfEncoder(run.encoder, run.params);
  const { kept, options } = smaller(keep);
  if (structures.every(({ count }, index) => kept[index] === count))
    throw new UserError(`keep ${keep}: ${describeKept(structures, kept)} would be kept`);
  const pruning: Pruning = {
    ...{ from: run.path, step: run.step, keep, importance, batches },
    ...(data === undefined ? {} : { data: await absolutePaths(data) }),
  };
  const config: RunConfig = {
    ...run.config,
    encoder: { ...encoder, options: { ...encoder.options, ...options } },
    pruning,
  };
  return { structures, kept, pruning, config };
}

/** @throws UserError when the smaller encoder would change the shapes of the method's other parameters */
async function refuseUnfit(run: Run, config: RunConfig): Promise<void> {
  const { method } = await buildMethod(config, config.data.entries);
  const wanted = new Map(tree.entries<Tensor>(method.init(new Rng(0))));
  for (const [path, { shape }] of tree.entries<Tensor>(run.methodParams))
    if (!path.startsWith("encoder.") && wanted.has(path) && wanted.get(path)?.shape.join() !== shape.join())
      throw new UserError(
        `${run.path}: ${config.method.name} has parts whose size follows the encoder's (${path}), so it cannot recover; leave out --recover-epochs`,
      );
}

/** Whether the folder already has this pruned run. @throws UserError when it has something else */
async function isPruned(
  { out, recoverEpochs = 0 }: PruneRunOptions,
  folder: string,
  requested: Pruning,
): Promise<boolean> {
  // The configuration is written last: without it a folder holds at most the remains of a killed process.
  if (!existsSync(join(folder, "config.json"))) {
    await refuseForeignFolder(out, "run");
    if (folder !== out && existsSync(join(out, "config.json"))) await refuseTaken(out);
    return false;
  }
  const { pruning } = await readConfig(folder);
  if (!pruning) throw new UserError(`${out}: there is a run already; name another --out`);
  const isRecovering = recoverEpochs > 0 && existsSync(join(out, "config.json"));
  const epochs = isRecovering ? (await readConfig(out)).training.epochs : recoverEpochs;
  const difference = firstDifference({ ...pruning, recoverEpochs: epochs }, { ...requested, recoverEpochs });
  if (difference)
    throw new UserError(
      `${out}: pruned already, with ${difference}; resume it with the command that began it, or name another --out`,
    );
  return true;
}

/** Chooses the parts to keep, and writes the pruned run's folder. */
async function writePruned(
  options: PruneRunOptions,
  folder: string,
  { structures, kept, pruning, config }: Awaited<ReturnType<typeof planOf>>,
): Promise<void> {
  const { run, out, recoverEpochs = 0 } = options;
  const scoresOn = async (source: Source<unknown>) =>
    taylor({
      ...{ run, source, structures, batches: pruning.batches, ...(await partsOf(run, source)) },
      onProgress: (done, total) => options.onProgress?.("importance", done, total),
    });
  const isTaylor = pruning.importance === "taylor";
  // Opens the data for recovery too, so that errors show before anything is written.
  const scored =
    isTaylor || recoverEpochs > 0
      ? await withTrainingData(options, async (source) => (isTaylor ? scoresOn(source) : undefined))
      : undefined;
  const { position } = await loadCheckpoint(checkpointPath(run.path, "last"));
  const encoder = prune(run.params, structures, scored ?? magnitude(run.params, structures), kept);
  for (const one of new Set([out, folder])) await claimFolder(one, "run");
  await makeFolder(join(folder, "checkpoints"));
  const state = { params: { ...run.methodParams, encoder }, optimizer: {}, memory: {}, ema: {} };
  await saveCheckpoint(folder, state, position, true);
  await writeConfig(folder, config);
}

/** The training entries and labels of a fine-tuned run. */
async function partsOf(run: Run, source: Source<unknown>) {
  const { supervision } = run.config;
  if (!supervision) return {};
  const groups = await groupsToKeep(run.modalityDefinition, source, supervision);
  return { parts: splitForTraining(source, answersIn(run.config).task, supervision, groups) };
}

/** Uses the training data as the run read them: texts in windows; for a fine-tuned run whole entries. */
async function withTrainingData<Result>(
  { run, data }: PruneRunOptions,
  use: (source: Source<unknown>) => Promise<Result>,
): Promise<Result> {
  const { supervision, modality } = run.config;
  await using opened = new AsyncDisposableStack();
  const source = opened.adopt(await openRunData(run, data), (handle) => handle.close());
  if (supervision) return await use(source);
  const samples = await arrange(run.modalityDefinition, source, modality);
  if (samples !== source) opened.adopt(samples, (handle) => handle.close());
  return await use(samples);
}

/** Starts or resumes recovery training, with the run's settings. */
async function recover(
  pruned: Run,
  { out, data, signal, onNote, onStep }: PruneRunOptions,
  epochs: number,
): Promise<Run> {
  const { data: dataConfig, modality, method, encoder, training } = pruned.config;
  // The warm-up depends on the epochs.
  const { warmupEpochs: _warmup, ...rest } = training;
  // Options that the method replaces are in the configuration but were not chosen by the user.
  const { replaces = {} } = pruned.methodDefinition;
  // An existing tokenizer is not trained again.
  const { modalityOptions } = await openStart(pruned.path);
  const chosen = Object.entries(modalityOptions).filter(([option]) => !Object.hasOwn(replaces, option));
  const table = { ...tableOptionsOf(dataConfig), labels: dataConfig.labels };
  return pretrain({
    ...(data === undefined ? table : {}),
    data: data ?? dataConfig.path,
    out,
    resume: existsSync(join(out, "config.json")),
    from: pruned.path,
    modality: modality.name,
    modalityOptions: Object.fromEntries(chosen),
    method: method.name,
    preset: pruned.config.preset,
    options: method.options,
    encoder: encoder.name,
    encoderOptions: encoder.options,
    training: { ...rest, epochs },
    signal,
    onNote,
    onProgress: onStep,
  });
}
