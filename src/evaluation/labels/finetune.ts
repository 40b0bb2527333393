import { join } from "node:path";
import { Rng, type Tensor, tree } from "../../array/index.ts";
import {
  answersOf,
  type LabelTask,
  modalities,
  type OpenOptions,
  offerOf,
  tableOptionsOf,
  vocabulary,
} from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { modalityFor } from "../../data/recognise.ts";
import { UserError } from "../../foundation/errors.ts";
import type { AnyOptions } from "../../foundation/named.ts";
import { claimFolder } from "../../foundation/outputs.ts";
import type { Download } from "../../interop/hub/index.ts";
import type { MethodOptions } from "../../methods/index.ts";
import type { Progress } from "../../training/loop/options.ts";
import type { RunConfig, Supervision, TrainingChoices } from "../../training/run/config.ts";
import { refuseTaken } from "../../training/run/folder.ts";
import { type DataReader, readerOf } from "../../training/run/open-data.ts";
import { buildMethod, buildParts, openRun, type Run, readConfig } from "../../training/run/run.ts";
import { settle, sourceOf } from "../../training/run/settle.ts";
import { openStart, type Start } from "../../training/run/start.ts";
import { groupsToKeep } from "./groups.ts";
import { checkTest, type JudgeOptions, openLabelled } from "./judge.ts";
import { optionsFromLabels } from "./label-options.ts";
import { learnLabels } from "./learn-labels.ts";
import { probedHead } from "./probed-head.ts";
import { averageFor, heldOut, lengthOf, withLearningRate } from "./recipe.ts";
import { SPLIT_FILE, type Split, splitData, splitLine } from "./split.ts";
import { answersIn, digestOfLabels, splitForTraining, strataOf } from "./supervision.ts";

/** Options of the supervised method, without those that follow from the labels. */
type MethodOptionsWith<With extends string> = [With] extends [never]
  ? Omit<MethodOptions["supervised"], FromLabels>
  : With extends "fixmatch"
    ? Omit<MethodOptions["fixmatch"], FromLabels>
    : AnyOptions;
type FromLabels = "task" | "classes" | "classWeights" | "labelWeights" | "center" | "spread";

/** @typeParam With the name of the additional task, or `never` for none */
export interface FinetuneOptions<With extends string = string> extends OpenOptions, Pick<Download, "onDownload"> {
  /** Run to start from, or a BERT-like model in Hugging Face's format; with `scratch`, the run whose encoder to train. */
  readonly from: string;
  /** Labelled data. */
  readonly train: Paths;
  /** Run folder to create. */
  readonly out: string;
  /** Test data for afterwards: checked before training. */
  readonly test?: Omit<JudgeOptions, "run" | "onProgress">;
  readonly task?: LabelTask;
  /**
   * How to split the data, instead of `test`: `random`, `group`, a way of the kind's own, a file with the columns `path` and
   * `split`, or a column. The run folder gets the file `split.csv`.
   */
  readonly split?: string;
  /** Additional task to learn from all samples, as in `--method`: `simclr:0.3`; or `fixmatch`. */
  readonly with?: With;
  /** Start from random weights. */
  readonly scratch?: boolean;
  /** Use only this many labels, drawn evenly over the classes. */
  readonly labelCount?: number;
  /** Share of the labels held out for validation; by default a tenth, or a fifth of fewer than 1,000; from scratch none. */
  readonly validation?: number;
  /** Training stops after this many epochs without a better score: 10, or from scratch never by default. */
  readonly patience?: number;
  /** Approximate number of steps, rounded to whole epochs; replaces epochs. 1,000 by default, from scratch 3,000. */
  readonly steps?: number;
  /** Weight classes by their inverse frequency. */
  readonly balanced?: boolean;
  readonly training?: TrainingChoices;
  /** How samples are augmented, instead of how they were for the run: `{ randAugment: 2 }` for images. */
  readonly modalityOptions?: AnyOptions;
  /** Options of `supervised`, and of the additional task. */
  readonly options?: MethodOptionsWith<With>;
  readonly signal?: AbortSignal;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Fine-tunes a pre-trained encoder on labels: first a linear head on frozen features, then the whole model from there, with
 * lower learning rates for lower layers (LP-FT, Kumar et al. 2022, https://arxiv.org/abs/2202.10054). Validated after every
 * epoch on held-out labels: by accuracy or the task's score, or by the loss if they are fewer than 500. The run folder
 * opens at its best epoch.
 * @throws UserError when labels are missing, too few, or do not suit the task
 *
 * @example
 * const tuned = await finetune({
 *   from: "runs/photos",
 *   train: "labelled/train",
 *   out: "runs/tuned",
 *   labelCount: 200,
 *   options: { labelSmoothing: 0.1 },
 * });
 * console.log(verdictTable(await judge({ run: tuned, data: "labelled/test" })));
 */
export async function finetune<With extends string = never>(options: FinetuneOptions<With>): Promise<Run>;
export async function finetune(options: FinetuneOptions): Promise<Run> {
  const { from, out, task = "classification", scratch = false, onNote } = options;
  await refuseTaken(out);
  const start = await openStart(from, options);
  const definition = await modalityFor(options.train, start.modality);
  const reader = readerOf(definition, start.modalityOptions);
  const seed = Number(options.training?.seed ?? 0);
  const divided = options.split === undefined ? undefined : await divide(reader, options, options.split, seed);
  const source = await openLabelled(reader, options.train, { ...options, splitFile: divided?.file });
  try {
    const { classes = [] } = source;
    const answers = answersOf(task, classes);
    refuseForTask(task, options);
    if (options.test) await checkTest(reader, options.test, answers);
    const labelled = strataOf(source, task).reduce((count, label) => count + Number(label >= 0), 0);
    const used = options.labelCount ?? labelled;
    const split = {
      ...(options.labelCount === undefined ? {} : { labels: options.labelCount }),
      validation: options.validation ?? heldOut(used, scratch),
      unlabelled: options.with !== undefined,
      seed,
      digest: digestOfLabels(source),
      ...(divided ? { split: { by: divided.by, ...(divided.seed === undefined ? {} : { seed: divided.seed }) } } : {}),
      ...(scratch ? {} : { from: start.from }),
    };
    const parts = splitForTraining(source, task, split, await groupsToKeep(definition, source, split));
    const { batchSize, epochs, patience } = lengthOf(parts.indices.length, options);
    const ema = averageFor(epochs * Math.max(1, Math.floor(parts.indices.length / batchSize)));
    const supervision: Supervision = { ...split, patience };
    const settled = (encoderOptions?: Start["encoderOptions"]) =>
      settle(
        {
          ...options,
          ...(encoderOptions ? { encoderOptions } : {}),
          data: options.train,
          modality: start.modality,
          modalityDefaults: start.modalityOptions,
          encoder: start.encoder,
          encoderDefaults: start.encoderOptions,
          method: methodWith(options.with),
          options: {
            ...optionsFromLabels(answers, classes, parts, options.balanced ?? false),
            ...options.options,
          },
          training: {
            gradientClip: 1,
            // The head is fitted to features by running statistics; an added task needs those of its own views.
            ...(scratch ? {} : { layerDecay: 0.75, frozenStatistics: options.with === undefined }),
            ...(options.with === "fixmatch" ? { ema } : {}),
            ...options.training,
            ...{ batchSize, epochs },
          },
        },
        definition,
        source,
      );
    let { config, samples } = await settled();
    if (!scratch && options.with !== undefined && !(await fits(start, config))) {
      onNote?.(`${options.with} asks for another encoder than ${from} has; that of ${from} is kept`);
      if (samples !== source) await samples.close();
      ({ config, samples } = await settled(start.encoderOptions));
    }
    // Labels belong to whole entries, not to windows of a text.
    if (samples !== source) await samples.close();
    const built = await buildMethod(config, source.length);
    const training = withLearningRate(config.training, built.encoder, options.training, scratch);
    const complete = { ...config, supervision, training };
    let begin: Start | undefined;
    if (!scratch) {
      const head =
        task === "similarity" ? [] : await probedHead(start, complete, built, answers, source, parts, onNote);
      const prefix = complete.method.name.includes("+") ? "tasks.supervised.head" : "head";
      const found = new Map(start.tensors(offerOf(built.modality, vocabulary)));
      for (const [name, tensor] of head) found.set(`${prefix}.${name}`, tensor);
      begin = { ...start, tensors: () => found };
    }
    onNote?.(
      `${used} labels: ${parts.training.length} for training, ${parts.validation.length} for validation; ${built.encoder.name}, batches of ${complete.training.batchSize}`,
    );
    await learnLabels(complete, source, parts, { ...options, resume: false }, begin);
  } finally {
    await source.close();
  }
  return openRun(out);
}

/**
 * Resumes fine-tuning from its last checkpoint.
 * @throws UserError when the run is not a fine-tuning, or the data have changed
 *
 * @example
 * const tuned = await resumeFinetuning("runs/tuned");
 */
export async function resumeFinetuning(
  out: string,
  options: Pick<FinetuneOptions, "test" | "signal" | "onNote" | "onProgress"> = {},
): Promise<Run> {
  const config = await readConfig(out);
  if (!config.supervision)
    throw new UserError(`${out}: not a fine-tuned run; continue it with autodidact pretrain --resume ${out}`);
  const definition = await modalities.stored(config.modality.name);
  const reader = readerOf(definition, config.modality.options);
  if (options.test) await checkTest(reader, { ...tableOptionsOf(config.data), ...options.test }, answersIn(config));
  const splitFile = config.supervision.split ? join(out, SPLIT_FILE) : undefined;
  const opened = await openLabelled(reader, config.data.path, { ...config.data, splitFile });
  const source = await sourceOf(config, opened, out);
  try {
    const { digest } = config.supervision;
    if (digest !== undefined && digest !== digestOfLabels(source))
      throw new UserError(`${inWords(config.data.labels ?? config.data.path)}: not the labels that ${out} began with`);
    const task = answersIn(config).task;
    const groups = await groupsToKeep(definition, source, config.supervision);
    await learnLabels(config, source, splitForTraining(source, task, config.supervision, groups), {
      ...options,
      out,
      resume: true,
    });
  } finally {
    await source.close();
  }
  return openRun(out);
}

/** Splits the data, in the run folder. @throws UserError with test data of their own */
async function divide(
  reader: DataReader,
  { train, out, test, task, labels, ...options }: FinetuneOptions,
  by: string,
  seed: number,
): Promise<Split> {
  if (test) throw new UserError("a split has a test part of its own; leave out the test data, or the split");
  await claimFolder(out, "run");
  const split = await splitData(reader, { data: train, by, seed, task, out, ...tableOptionsOf(options), labels });
  options.onNote?.(splitLine(split));
  return split;
}

/** Whether an encoder has parameters of the same shapes as the start's. */
async function fits(start: Start, config: RunConfig): Promise<boolean> {
  const { encoder, modality } = await buildParts(config);
  const found = start.tensors(offerOf(modality, vocabulary));
  return tree
    .entries<Tensor>({ encoder: encoder.init(new Rng(0)) })
    .every(([path, { shape }]) => found.get(path)?.shape.join() === shape.join());
}

/** The method to train with: `supervised`, optionally combined with another task; FixMatch combines both itself. */
export function methodWith(other: string | undefined): string {
  if (other === undefined) return "supervised";
  return other === "fixmatch" ? other : `supervised+${other}`;
}

/** @throws UserError for options that do not apply to the task */
function refuseForTask(task: LabelTask, { balanced, options, with: other }: FinetuneOptions): void {
  if (balanced && task !== "classification" && task !== "multi-label")
    throw new UserError(`balanced does nothing with --task ${task}, whose loss weights no classes`);
  if (options?.labelSmoothing && task !== "classification")
    throw new UserError(`label smoothing is for --task classification; ${task} has no single class`);
  if (other === "fixmatch" && task !== "classification")
    throw new UserError(`fixmatch predicts classes; --task ${task} has none`);
}
