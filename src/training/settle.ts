import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { encoders } from "../encoders/index.ts";
import { UserError } from "../foundation/errors.ts";
import { methods } from "../methods/index.ts";
import { type ModalityDefinition, modalities, type OpenOptions, type Source } from "../modalities/index.ts";
import { RUN_VERSION, type RunConfig, SettledTraining, TrainingOptions } from "./config.ts";
import { parseOptions } from "./run.ts";

type Options = Readonly<Record<string, unknown>>;

/** What the user says about a run. */
export interface RunChoices extends OpenOptions {
  /** Folder, archive or file with the data. */
  readonly data: string;
  /** Names, or paths of files that export one. Chosen by the data when not given. */
  readonly modality?: string;
  readonly method?: string;
  readonly encoder?: string;
  readonly modalityOptions?: Options;
  readonly methodOptions?: Options;
  readonly encoderOptions?: Options;
  /** Of the encoder that training begins with; what the method and the user say comes first. */
  readonly encoderDefaults?: Options;
  readonly training?: Options;
  /** One line for the user: what was decided, what was found. */
  readonly onNote?: (note: string) => void;
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

/** A definition's name, or where its file lies: the run may be opened from another folder. */
const nameOf = (given: string | undefined, name: string): string =>
  given === undefined || given === name ? name : resolve(given);

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

/** Decides whatever the user left open: the user's word before the method's recipe before the defaults. */
export async function settle(
  options: RunChoices,
  definition: ModalityDefinition,
  source: Source<unknown>,
): Promise<Settled> {
  const methodDefinition = await methods.load(options.method ?? definition.defaultMethod);
  const encoderName = options.encoder ?? methodDefinition.defaultEncoder ?? definition.defaultEncoder;
  const encoderDefinition = await encoders.load(encoderName);
  const given = parseOptions(TrainingOptions, options.training ?? {}, "training");
  const { recipe } = methodDefinition;
  // Every word of the user's is checked before the data are worked on.
  const encoder = {
    name: nameOf(options.encoder, encoderDefinition.name),
    options: parseOptions(
      encoderDefinition.options,
      {
        ...options.encoderDefaults,
        ...(encoderName === methodDefinition.defaultEncoder ? methodDefinition.encoderOptions : {}),
        ...options.encoderOptions,
      },
      `encoder ${encoderDefinition.name}`,
    ),
  };
  const method = {
    name: nameOf(options.method, methodDefinition.name),
    options: parseOptions(methodDefinition.options, options.methodOptions ?? {}, `method ${methodDefinition.name}`),
  };
  const inferred = await definition.infer(source);
  const modalityOptions = parseOptions(
    definition.options,
    { ...inferred, ...options.modalityOptions },
    `modality ${definition.name}`,
  );
  const files = await definition.learn?.(source, modalityOptions, options.onNote);
  const modality = {
    name: nameOf(options.modality, definition.name),
    options: modalityOptions,
    ...(files ? { files } : {}),
  };
  const samples = await arrange(definition, source, modality, options.onNote);
  if (samples.length < 2) throw new UserError(`${options.data}: one sample is too few to learn from`);
  const batchSize = Math.min(given.batchSize ?? recipe.batchSize ?? 256, samples.length);
  if (batchSize < (given.batchSize ?? batchSize))
    options.onNote?.(
      `batch size ${given.batchSize} is more than the ${samples.length} samples there are; using ${batchSize}`,
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
  if (training.minLearningRate > training.learningRate)
    throw new UserError(
      `training: option minLearningRate is ${training.minLearningRate}, above the learning rate of ${training.learningRate}`,
    );
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
    modality,
    encoder,
    method,
    training,
  };
  return { config, samples };
}
