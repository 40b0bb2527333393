import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Rng, type Tensor, tree } from "../../array/index.ts";
import type { Source } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { makeFolder } from "../../foundation/files.ts";
import { type PretrainOptions, pretrain } from "../../training/pretrain.ts";
import { checkpointPath, loadCheckpoint, saveCheckpoint } from "../../training/run/checkpoint.ts";
import type { Pruning, RunConfig } from "../../training/run/config.ts";
import { buildMethod, openRun, type Run, readConfig, writeConfig } from "../../training/run/run.ts";
import { arrange } from "../../training/run/settle.ts";
import { openStart } from "../../training/run/start.ts";
import { groupsToKeep } from "../labels/groups.ts";
import { answersIn, splitForTraining } from "../labels/supervision.ts";
import { firstDifference } from "./first-difference.ts";
import { magnitude, taylor } from "./pruning/importance.ts";
import { prunable } from "./pruning/prunable.ts";
import { describeKept, prune } from "./pruning/structures.ts";
import {
  checkLabels,
  exportedModel,
  type MeasureOptions,
  measureShipped,
  openRunData,
  type ShippedWorth,
} from "./shipped.ts";

export interface PruneRunOptions extends MeasureOptions, Pick<PretrainOptions, "signal" | "onNote"> {
  readonly run: Run;
  /** Run folder to make. */
  readonly out: string;
  /** Share that stays, in (0, 1): of heads and of hidden units of the feed-forward parts, or of the channels within blocks. */
  readonly keep: number;
  /** How they are chosen. Default `taylor`. */
  readonly importance?: "taylor" | "magnitude";
  /** Batches that `taylor` looks at. Default 8. */
  readonly batches?: number;
  /** Epochs of training on afterwards, by the run's own method and schedule. Default 0. */
  readonly recoverEpochs?: number;
  /** What importance and recovery look at; what the run learned from by default. */
  readonly data?: string;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface PruneResult {
  readonly run: Run;
  /** Before, pruned, and recovered where it was trained on; none where that was stopped before its end. */
  readonly models: readonly ShippedWorth[];
}

/**
 * A smaller encoder out of a run's: in every block the parts that matter least are left out, of a Transformer heads and
 * hidden units, of a ResNet channels between convolutions. With `recoverEpochs` it then trains on as it was trained
 * (learning-rate rewinding, Renda et al. 2020, https://arxiv.org/abs/2003.02389); the pruned run as it was before that
 * stays in `pruned/` within the folder. Asked for the same again, it goes on where it was stopped; what is finished is
 * only measured.
 * @throws UserError when the encoder is of another kind, nothing would be left out, or the folder holds something else
 *
 * @example
 * const run = await openRun("runs/photos");
 * const pruned = await pruneRun({ run, out: "runs/photos-pruned", keep: 0.5, recoverEpochs: 10 });
 * console.log(shippedTable(pruned.models));
 */
export async function pruneRun(options: PruneRunOptions): Promise<PruneResult> {
  const { run, out, recoverEpochs = 0 } = options;
  const plan = planOf(options);
  if (recoverEpochs > 0) await refuseUnfit(run, plan.config);
  await checkLabels(run, options.labels);
  const folder = recoverEpochs > 0 ? join(out, "pruned") : out;
  if (await isPruned(options, folder, plan.pruning)) options.onNote?.(`${out}: begun already; going on with it`);
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

/** What is to be done. @throws UserError when it cannot be */
function planOf({ run, out, keep, importance = "taylor", batches = 8, data, recoverEpochs = 0 }: PruneRunOptions) {
  const { encoder } = run.config;
  const partsOfEncoder = prunable[encoder.name];
  if (!partsOfEncoder)
    throw new UserError(
      `${run.path}: its encoder is ${encoder.name}; what can be pruned is ${Object.keys(prunable).join(", ")}`,
    );
  if (!(keep > 0 && keep < 1)) throw new UserError(`keep ${keep}: must be above 0 and below 1`);
  if (recoverEpochs > 0 && run.config.supervision)
    throw new UserError(
      `${run.path}: a fine-tuned run recovers by its labels; prune it without --recover-epochs, then autodidact finetune ${out} --train <labelled data>`,
    );
  if (data !== undefined && run.config.supervision)
    throw new UserError(`${data}: a fine-tuned run is pruned by what it learned from; name no other data`);
  const { structures, smaller } = partsOfEncoder(run.encoder, run.params);
  const { kept, options } = smaller(keep);
  if (structures.every(({ count }, index) => kept[index] === count))
    throw new UserError(`keep ${keep}: ${describeKept(structures, kept)} would stay`);
  const pruning: Pruning = {
    ...{ from: run.path, step: run.step, keep, importance, batches },
    ...(data === undefined ? {} : { data: resolve(data) }),
  };
  const config: RunConfig = {
    ...run.config,
    encoder: { ...encoder, options: { ...encoder.options, ...options } },
    pruning,
  };
  return { structures, kept, pruning, config };
}

/** @throws UserError when parts of the method's own would have another shape beside the smaller encoder, and begin anew */
async function refuseUnfit(run: Run, config: RunConfig): Promise<void> {
  const { method } = await buildMethod(config, config.data.entries);
  const wanted = new Map(tree.entries<Tensor>(method.init(new Rng(0))));
  for (const [path, { shape }] of tree.entries<Tensor>(run.methodParams))
    if (!path.startsWith("encoder.") && wanted.has(path) && wanted.get(path)?.shape.join() !== shape.join())
      throw new UserError(
        `${run.path}: ${config.method.name} has parts whose size follows the encoder's (${path}), so it cannot train on; leave out --recover-epochs`,
      );
}

/** Whether the folder has the pruned run already. @throws UserError when it has something else */
async function isPruned({ out, recoverEpochs = 0 }: PruneRunOptions, folder: string, asked: Pruning): Promise<boolean> {
  // The configuration is written last: without it a folder holds what a killed process left at most.
  if (!existsSync(join(folder, "config.json"))) {
    const there = await readdir(out).catch((): string[] => []);
    if (there.some((name) => !["pruned", "checkpoints"].includes(name)))
      throw new UserError(`${out}: not empty; name a new folder`);
    return false;
  }
  const { pruning } = await readConfig(folder);
  if (!pruning) throw new UserError(`${out}: there is a run already; name another --out`);
  const isRecovering = recoverEpochs > 0 && existsSync(join(out, "config.json"));
  const epochs = isRecovering ? (await readConfig(out)).training.epochs : recoverEpochs;
  const difference = firstDifference({ ...pruning, recoverEpochs: epochs }, { ...asked, recoverEpochs });
  if (difference)
    throw new UserError(
      `${out}: pruned already, with ${difference}; go on with it by the command that began it, or name another --out`,
    );
  return true;
}

/** Chooses what stays, and leaves a run folder with that. */
async function writePruned(
  options: PruneRunOptions,
  folder: string,
  { structures, kept, pruning, config }: ReturnType<typeof planOf>,
): Promise<void> {
  const { run, recoverEpochs = 0 } = options;
  const scoresOn = async (source: Source<unknown>) =>
    taylor({
      ...{ run, source, structures, batches: pruning.batches, ...(await partsOf(run, source)) },
      onProgress: (done, total) => options.onProgress?.("importance", done, total),
    });
  const isTaylor = pruning.importance === "taylor";
  // Recovery's data are looked at before anything is written, too.
  const scored =
    isTaylor || recoverEpochs > 0
      ? await withTrainingData(options, async (source) => (isTaylor ? scoresOn(source) : undefined))
      : undefined;
  const { position } = await loadCheckpoint(checkpointPath(run.path, "last"));
  const encoder = prune(run.params, structures, scored ?? magnitude(run.params, structures), kept);
  await makeFolder(join(folder, "checkpoints"));
  const state = { params: { ...run.methodParams, encoder }, optimizer: {}, memory: {}, ema: {} };
  await saveCheckpoint(folder, state, position, true);
  await writeConfig(folder, config);
}

/** What a fine-tuned run learned from, with its labels. */
async function partsOf(run: Run, source: Source<unknown>) {
  const { supervision } = run.config;
  if (!supervision) return {};
  const groups = await groupsToKeep(run.modalityDefinition, source, supervision);
  return { parts: splitForTraining(source, answersIn(run.config).task, supervision, groups) };
}

/** What the run learned from as it did: of texts windows, of a fine-tuned run what has a label. */
async function withTrainingData<Result>(
  { run, data }: PruneRunOptions,
  use: (source: Source<unknown>) => Promise<Result>,
): Promise<Result> {
  const { supervision, modality } = run.config;
  await using opened = new AsyncDisposableStack();
  const source = opened.adopt(await openRunData(run, data), (own) => own.close());
  if (supervision) return await use(source);
  const samples = await arrange(run.modalityDefinition, source, modality);
  if (samples !== source) opened.adopt(samples, (own) => own.close());
  return await use(samples);
}

/** Trains on, all else as the run was trained; or goes on with that. */
async function recover(
  pruned: Run,
  { out, data, signal, onNote, onStep }: PruneRunOptions,
  epochs: number,
): Promise<Run> {
  const { data: own, modality, method, encoder, training } = pruned.config;
  // What the recipe decides is the same again; the warm-up goes with the epochs.
  const { beta2: _recipe, warmupEpochs: _warmup, ...rest } = training;
  // What does nothing with the method stands in the configuration all the same, and is nobody's wish.
  const { replaces = {} } = pruned.methodDefinition;
  // A tokenizer that is there is not learned once more.
  const { modalityOptions } = await openStart(pruned.path);
  const wished = Object.entries(modalityOptions).filter(([option]) => !Object.hasOwn(replaces, option));
  const table = { labels: own.labels, column: own.column, labelColumn: own.labelColumn };
  return pretrain({
    ...(data === undefined ? table : {}),
    data: data ?? own.path,
    out,
    resume: existsSync(join(out, "config.json")),
    from: pruned.path,
    modality: modality.name,
    modalityOptions: Object.fromEntries(wished),
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
