import { type ModalityOptions, modalities, tableOptionsOf } from "../data/index.ts";
import { inWords } from "../data/paths/in-words.ts";
import type { Paths } from "../data/paths/joined.ts";
import { openPaths } from "../data/paths/open.ts";
import { modalityFor } from "../data/recognise.ts";
import type { EncoderOptions } from "../encoders/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { NameIn, OptionsOf } from "../foundation/named.ts";
import type { Download } from "../interop/hub/index.ts";
import type { MethodOptions } from "../methods/index.ts";
import type { TrainOptions } from "./loop/options.ts";
import { train } from "./loop.ts";
import { type ProbeOptions, settleProbe } from "./probe/options.ts";
import { openProbe } from "./probe/probe.ts";
import type { RunChoices } from "./run/choices.ts";
import type { TrainingChoices } from "./run/config.ts";
import { refuseTaken } from "./run/folder.ts";
import { openRun, type Run, readConfig } from "./run/run.ts";
import { arrange, settle, sourceOf } from "./run/settle.ts";
import { openSides, openStart, type Start } from "./run/start.ts";

type Typed = "data" | "modality" | "method" | "encoder" | "options" | "encoderOptions" | "modalityOptions" | "training";

/**
 * Data and settings of a pre-training. Options have the types of the named method, encoder and modality; those of a
 * definition in a file are checked when it is loaded.
 */
export interface PretrainOptions<
  Method extends string = string,
  Encoder extends string = string,
  Modality extends string = string,
> extends Omit<RunChoices, Typed>,
    TrainOptions,
    Pick<Download, "onDownload"> {
  /** A kind of data: its name, or the path of a file that exports one; recognised from the data by default. */
  readonly modality?: NameIn<ModalityOptions, Modality>;
  /** Options of the modality: preparation and augmentation. */
  readonly modalityOptions?: OptionsOf<ModalityOptions, Modality>;
  /** A method's name, several at once (`rotation+simclr:0.5`), or the path of a file; the modality's default method by default. */
  readonly method?: NameIn<MethodOptions, Method>;
  /** Options of the method. */
  readonly options?: OptionsOf<MethodOptions, Method>;
  /** An encoder's name, or the path of a file; the default of the method or the modality otherwise. */
  readonly encoder?: NameIn<EncoderOptions, Encoder>;
  readonly encoderOptions?: OptionsOf<EncoderOptions, Encoder>;
  readonly training?: TrainingChoices;
  /** Folder, archive or file with the data; with `resume` the run's data by default. */
  readonly data?: Paths;
  /**
   * Start from the parameters of this run, of this folder with a model in Hugging Face's format, or of this model on the
   * Hub: `facebook/dinov2-small`, `owner/name@revision`.
   */
  readonly from?: string;
  /** Of pairs: start the encoders of sides from runs on data of their kinds: `{ image: "runs/photos" }`. */
  readonly sidesFrom?: Readonly<Record<string, string>>;
  /**
   * Scores the weights while they train, where there are labels: by kNN and a linear probe of held-out entries, at ends of
   * epochs as often as it is cheap, unless an interval is given. What is learned is the same bits with and without.
   */
  readonly probe?: ProbeOptions;
}

/**
 * Learns a representation from unlabelled data and leaves a run folder: `config.json`, `metrics.jsonl`, TensorBoard
 * events and checkpoints. With `resume`, continues from the last checkpoint exactly as if it had never stopped.
 * @throws UserError for a wrong option, unreadable data, a full disk; Diverged when the loss becomes NaN or infinite
 *
 * @example
 * const run = await pretrain({
 *   data: "photos/",
 *   out: "runs/photos",
 *   method: "simclr",
 *   options: { temperature: 0.2 },
 *   preset: "small",
 *   training: { epochs: 50 },
 * });
 * console.log(run.step, run.config.encoder.name);
 *
 * @example
 * // Labels that are there are looked at every 500 steps, and never learned from.
 * await pretrain({
 *   data: "photos/",
 *   out: "runs/photos",
 *   probe: { every: 500, data: "labelled/" },
 *   onProgress: ({ probe }) => console.log(probe?.step, probe?.scores.probeKnn),
 * });
 */
export async function pretrain<
  Method extends string = string,
  Encoder extends string = string,
  Modality extends string = string,
>(options: PretrainOptions<Method, Encoder, Modality>): Promise<Run>;
export async function pretrain(options: PretrainOptions): Promise<Run> {
  const { out } = options;
  if (!options.resume) await refuseTaken(out);
  const previous = options.resume ? await readConfig(out) : undefined;
  if (previous?.supervision)
    throw new UserError(`${out}: a run of fine-tuning; continue it with autodidact finetune --resume ${out}`);
  const data = options.data ?? previous?.data.path;
  if (data === undefined) throw new UserError("the training data are missing");
  // A name that a file has must not run code that only the file names.
  const definition = previous
    ? await modalities.stored(previous.modality.name)
    : await modalityFor(data, options.modality, options.onNote);
  const given = previous?.data ?? options;
  const opened = await openPaths(definition, data, {
    ...tableOptionsOf(given),
    labels: options.labels ?? given.labels,
  });
  const source = previous ? await sourceOf(previous, opened, out, data) : opened;
  let samples = source;
  try {
    const { from, sidesFrom = {} } = options;
    const hasSides = Object.keys(sidesFrom).length > 0;
    if (from !== undefined && hasSides)
      throw new UserError(`start from ${from} or from runs of single sides, not from both`);
    const ofSides = hasSides && !previous ? await openSides(definition, sidesFrom, options) : undefined;
    const start = from !== undefined && !previous ? await openStart(from, options) : ofSides;
    if (start && start.modality !== definition.name)
      throw new UserError(
        `${start.path}: learned from ${start.modality} data, and ${inWords(data)} has ${definition.name} data`,
      );
    const choices = { ...(ofSides ? withSides(options, ofSides) : start ? withStart(options, start) : options), data };
    const settled = previous
      ? { config: previous, samples: await arrange(definition, source, previous.modality, options.onNote) }
      : await settle(choices, definition, source);
    samples = settled.samples;
    const probe = settleProbe(options.probe) ?? settled.config.probe;
    const config = {
      ...settled.config,
      ...(start ? { from: start.from } : {}),
      ...(probe === undefined ? {} : { probe }),
    };
    await using probing = await openProbe(config, source, options.onNote);
    await train(config, samples, options, start, undefined, probing);
  } finally {
    if (samples !== source) await samples.close();
    await source.close();
  }
  return openRun(out);
}

/** Takes the sides' encoders and tokenizer from their runs. */
const withSides = (options: PretrainOptions, start: Awaited<ReturnType<typeof openSides>>): PretrainOptions => ({
  ...options,
  encoderOptions: { ...start.encoderChoices, ...options.encoderOptions },
  modalityDefaults: start.modalityOptions,
});

/** Takes encoder and tokenizer from the start unless the user names others. */
const withStart = (options: PretrainOptions, start: Start): PretrainOptions => ({
  ...options,
  ...(options.method === undefined && start.method !== undefined ? { method: start.method } : {}),
  encoder: options.encoder ?? start.encoder,
  encoderDefaults: start.encoderOptions,
  modalityDefaults: start.modalityOptions,
});
