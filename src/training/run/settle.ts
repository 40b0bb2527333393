import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type * as z from "zod";
import { sizeOf } from "../../array/index.ts";
import type { ModalityDefinition, OpenOptions, Source } from "../../data/index.ts";
import { type EncoderDefinition, encoders, reads } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { closest } from "../../foundation/options.ts";
import { type MethodDefinition, methods, type Preset, type Recipe } from "../../methods/index.ts";
import { RUN_VERSION, type RunConfig, SettledTraining, type Training, TrainingOptions } from "./config.ts";
import { parseOptions } from "./run.ts";
import { refuseReplaced, withCurriculum } from "./settle-curriculum.ts";

type Options = Readonly<Record<string, unknown>>;

/** What the user says about a run. */
export interface RunChoices extends OpenOptions {
  /** Folder, archive or file with the data. */
  readonly data: string;
  /** Names, or paths of files that export one. Chosen by the data when not given. */
  readonly modality?: string;
  readonly method?: string;
  readonly encoder?: string;
  /** One of the method's presets: settings for data or machines unlike the paper's. */
  readonly preset?: string;
  readonly modalityOptions?: Options;
  readonly methodOptions?: Options;
  readonly encoderOptions?: Options;
  /** Of the encoder that training begins with; what the method and the user say comes first. */
  readonly encoderDefaults?: Options;
  /** Of the data that it was trained on. */
  readonly modalityDefaults?: Options;
  readonly training?: Options;
  /** Options that change while the run learns: `maskRatio=0.3:0.75@cosine`; see docs/training.md. */
  readonly curriculum?: readonly string[];
  /** One line for the user: what was decided, what was found. */
  readonly onNote?: (note: string) => void;
}

export function fingerprintOf(source: Source<unknown>): string {
  const hash = createHash("sha256");
  for (let index = 0; index < source.length; index++) hash.update(`${source.name(index)}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** The source of a run that is continued. @throws UserError, and closes it, when it is not the one that it was begun with */
export async function sourceOf(config: RunConfig, source: Source<unknown>, run: string): Promise<Source<unknown>> {
  const { path, entries, fingerprint } = config.data;
  if (entries === source.length && fingerprint === fingerprintOf(source)) return source;
  await source.close();
  throw new UserError(`${path}: not the data of ${run} (${source.length} entries, then ${entries}, or other names)`);
}

/** A definition's name, or where its file lies: the run may be opened from another folder. */
const nameOf = (given: string | undefined, name: string): string =>
  given === undefined || given === name ? name : resolve(given);

/** The preset of that name. @throws UserError naming those there are */
export function presetOf({ name, presets = {} }: MethodDefinition, wanted: string): Preset {
  const preset = presets[wanted];
  if (preset && Object.hasOwn(presets, wanted)) return preset;
  const known = Object.keys(presets);
  const meant = closest(wanted, known);
  throw new UserError(
    `method ${name} has no preset "${wanted}"${meant ? ` (did you mean ${meant}?)` : ""}; ${known.length > 0 ? `there are: ${known.join(", ")}` : "it has none"}`,
  );
}

/** The encoder that is trained: the one named, the preset's, the method's if it reads such data, or the modality's. */
export async function encoderOf(
  given: string | undefined,
  preset: Preset | undefined,
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<EncoderDefinition> {
  const named = given ?? preset?.encoder;
  if (named !== undefined) return encoders.load(named);
  const encoder = method.defaultEncoder === undefined ? undefined : await encoders.load(method.defaultEncoder);
  return encoder && reads(encoder, modality.inputs) ? encoder : encoders.load(modality.defaultEncoder);
}

/** What of some options a schema has. */
const known = (schema: z.ZodObject, options: Options = {}): Options =>
  Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(schema.shape, key)));

/** Where the papers' recipes are out of place: fewer samples than this, or fewer values in each. */
const FEW = 50_000;
const SMALL = 64 * 64 * 3;
/** Samples a step on a CPU, where neither user nor preset says: papers' thousands need the memory of many accelerators. */
const CPU_BATCH = 256;

/** The samples to learn from: the source's entries, or what the modality makes of them. */
export async function arrange(
  definition: ModalityDefinition,
  source: Source<unknown>,
  { options, files = {} }: RunConfig["modality"],
  onNote?: (note: string) => void,
): Promise<Source<unknown>> {
  const settled = parseOptions(definition.options, options, `modality ${definition.name}`);
  return (await definition.arrange?.(source, settled, files, onNote)) ?? source;
}

/** What was decided, and the samples to learn from. */
export interface Settled {
  readonly config: RunConfig;
  readonly samples: Source<unknown>;
}

/** Decides whatever the user left open: the user's word before the preset before the recipe before the defaults. */
export async function settle(
  options: RunChoices,
  definition: ModalityDefinition,
  source: Source<unknown>,
): Promise<Settled> {
  const methodDefinition = await methods.load(options.method ?? definition.defaultMethod);
  const preset = options.preset === undefined ? undefined : presetOf(methodDefinition, options.preset);
  const encoderDefinition = await encoderOf(options.encoder, preset, methodDefinition, definition);
  const presetEncoder = preset?.encoder ?? methodDefinition.defaultEncoder ?? definition.defaultEncoder;
  const given = parseOptions(TrainingOptions, { ...preset?.training, ...options.training }, "training");
  // Every word of the user's is checked before the data are worked on.
  const encoder = {
    name: nameOf(options.encoder, encoderDefinition.name),
    options: parseOptions(
      encoderDefinition.options,
      // A preset's settings are of its own encoder.
      {
        ...options.encoderDefaults,
        ...(encoderDefinition.name === methodDefinition.defaultEncoder ? methodDefinition.encoderOptions : {}),
        ...(encoderDefinition.name === presetEncoder ? preset?.encoderOptions : {}),
        ...options.encoderOptions,
      },
      `encoder ${encoderDefinition.name}`,
    ),
  };
  const methodOptions = parseOptions(
    methodDefinition.options,
    { ...preset?.options, ...options.methodOptions },
    `method ${methodDefinition.name}`,
  );
  // The run may be opened from another folder.
  for (const name of methodDefinition.runs ?? [])
    if (typeof methodOptions[name] === "string") methodOptions[name] = resolve(methodOptions[name]);
  const method = {
    name: methodDefinition.tasks ? methodDefinition.name : nameOf(options.method, methodDefinition.name),
    options: methodOptions,
  };
  for (const option of Object.keys(options.modalityOptions ?? {})) refuseReplaced(option, methodDefinition);
  if (given.ema > 0 && methodDefinition.learned !== undefined)
    throw new UserError(`--ema does nothing with ${method.name}, which is judged by its teacher`);
  const inferred = await definition.infer(source);
  const modalityOptions = parseOptions(
    definition.options,
    {
      ...inferred,
      ...options.modalityDefaults,
      ...known(definition.options, methodDefinition.modalityOptions),
      ...preset?.modalityOptions,
      ...options.modalityOptions,
    },
    `modality ${definition.name}`,
  );
  const files = await definition.learn?.(source, modalityOptions, options.onNote);
  const modality = {
    name: nameOf(options.modality, definition.name),
    options: modalityOptions,
    ...(files ? { files } : {}),
  };
  if (source.skipped) options.onNote?.(`${source.skipped} rows have nothing in the column; they are left out`);
  const samples = await arrange(definition, source, modality, options.onNote);
  const small = methodDefinition.presets?.small;
  const fits = !small?.encoder || reads(await encoders.load(small.encoder), definition.inputs);
  if (!preset && small && fits) {
    const { specs } = definition.build(modalityOptions, files);
    const values = Object.values(specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (samples.length < FEW || values <= SMALL)
      options.onNote?.(
        `the data are ${samples.length < FEW ? "few" : "small"}; --preset small suits them: ${small.summary}`,
      );
  }
  const training = settleTraining(options, given, methodDefinition.recipe, samples.length);
  const config: RunConfig = {
    version: RUN_VERSION,
    data: {
      path: resolve(options.data),
      ...(options.labels ? { labels: resolve(options.labels) } : {}),
      ...(options.column ? { column: options.column } : {}),
      ...(options.labelColumn ? { labelColumn: options.labelColumn } : {}),
      entries: source.length,
      fingerprint: fingerprintOf(source),
    },
    ...(options.preset === undefined ? {} : { preset: options.preset }),
    modality,
    encoder,
    method,
    training,
  };
  const { curriculum } = options;
  return {
    config: curriculum?.length ? await withCurriculum(config, curriculum, methodDefinition, definition) : config,
    samples,
  };
}

/** The training options that the recipe and the number of samples decide. */
function settleTraining(
  { data, onNote, training: own = {} }: RunChoices,
  given: z.infer<typeof TrainingOptions>,
  recipe: Recipe,
  samples: number,
): Training {
  if (samples < 2) throw new UserError(`${data}: one sample is too few to learn from`);
  const papers = recipe.batchSize ?? CPU_BATCH;
  const isCpu = given.device === "cpu" || given.device === "wasm";
  const usual = isCpu ? Math.min(papers, CPU_BATCH) : papers;
  if (given.batchSize === undefined && usual < papers)
    onNote?.(`the paper's batches of ${papers} are for many accelerators; using ${usual} (--batch-size decides)`);
  const batchSize = Math.min(given.batchSize ?? usual, samples);
  if (batchSize < (given.batchSize ?? batchSize))
    onNote?.(`batch size ${given.batchSize} is more than the ${samples} samples there are; using ${batchSize}`);
  // A preset's warm-up is for trainings of usual length; of a short one it takes half.
  const longest = own.warmupEpochs === undefined ? given.epochs / 2 : Number.POSITIVE_INFINITY;
  const training = SettledTraining.parse({
    ...given,
    batchSize,
    optimizer: given.optimizer ?? recipe.optimizer ?? "adamw",
    learningRate: given.learningRate ?? ((recipe.baseLearningRate ?? 1e-3) * batchSize) / 256,
    weightDecay: given.weightDecay ?? recipe.weightDecay ?? 0.05,
    warmupEpochs: Math.min(given.warmupEpochs ?? Math.min(10, given.epochs / 10), longest),
    beta2: recipe.beta2 ?? 0.999,
  });
  if (training.warmupEpochs > training.epochs)
    throw new UserError(
      `training: option warmupEpochs is ${training.warmupEpochs}, and all of the training has ${training.epochs}; the rate would never reach its peak`,
    );
  if (training.minLearningRate > training.learningRate)
    throw new UserError(
      `training: option minLearningRate is ${training.minLearningRate}, above the learning rate of ${training.learningRate}`,
    );
  return training;
}
