import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { type Tensor, tree, Zeros } from "../../array/index.ts";
import { graphs } from "../../data/graph.ts";
import {
  type Ability,
  type Modality,
  modalities,
  offerOf,
  offers,
  vocabulary as vocabularyAbility,
} from "../../data/index.ts";
import { nodes, sequence } from "../../encoders/abilities.ts";
import {
  axesOf,
  type Encoder,
  type EncoderDefinition,
  encoders,
  type InitialParams,
  inputsInWords,
  reads,
  readsInWords,
} from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError, writeAtomically } from "../../foundation/files.ts";
import { parseJson } from "../../foundation/json.ts";
import { flagsOf } from "../../foundation/options.ts";
import type { Download } from "../../interop/hub/index.ts";
import { partsOf } from "../../methods/combine.ts";
import { type Method, type MethodDefinition, type MethodParams, methods } from "../../methods/index.ts";
import { observed } from "../observe.ts";
import { askedOf } from "./checkpoint.ts";
import { RUN_VERSION, RunConfig } from "./config.ts";
import { frozenModels } from "./frozen.ts";
import { type MetricRow, readMetrics } from "./metrics.ts";
import type { Parts } from "./parts.ts";
import { publishedAt, publishedMethod, publishedRun, refuseMethod } from "./published.ts";
import { sideOf } from "./side.ts";
import { loadWeights } from "./weights.ts";

/** An opened run folder: the trained parameters and their configuration. */
export interface Run extends Parts {
  readonly path: string;
  readonly config: RunConfig;
  /** The encoder's parameters: their running average where the run kept one. */
  readonly params: InitialParams;
  /** All of the method's parameters, the encoder's under `encoder`. */
  readonly methodParams: MethodParams;
  readonly step: number;
  readonly epoch: number;
  metrics(): Promise<MetricRow[]>;
}

/** Parses options by a schema. @throws UserError naming the first option that is wrong */
export function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  options: Readonly<Record<string, unknown>>,
  what: string,
): z.infer<Schema> {
  const parsed = z.strictObject(schema.shape).safeParse(options);
  if (parsed.success) return parsed.data as z.infer<Schema>;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys")
    throw new UserError(
      `${what} has no option ${issue.keys
        .map((key) => key.slice(0, 60))
        .join(", ")
        .slice(0, 200)}; options: ${Object.keys(schema.shape).join(", ")}`,
    );
  const key = String(issue?.path[0] ?? "");
  const allowed = flagsOf(schema).find((flag) => flag.key === key)?.allowed;
  const value = (JSON.stringify(options[key]) ?? "missing").slice(0, 100);
  throw new UserError(`${what}: option ${key} is ${value}; it must be ${allowed ?? issue?.message}`);
}

/**
 * @param readable encoders that read such data
 * @throws UserError naming what is missing, and the encoders that have it
 */
function lacks(
  method: string,
  need: Ability,
  modality: string,
  encoder: string,
  readable: readonly EncoderDefinition[],
): never {
  if (need.by === "modality")
    throw new UserError(
      `method ${method} needs "${need.name}" (${need.summary}), which these ${modality} data do not offer`,
    );
  const others = readable.filter(({ abilities }) => abilities.some(({ name }) => name === need.name));
  throw new UserError(
    others.length > 0
      ? `method ${method} needs an encoder that ${need.summary}, and ${encoder} does not; try --encoder ${others.map(({ name }) => name).join(" or ")}`
      : `method ${method} needs an encoder that ${need.summary}, and no encoder of ${modality} data does`,
  );
}

/** @throws UserError when the method needs a causal encoder and this one is not, or the reverse */
function refuseDirection({ name, causal }: MethodDefinition, encoder: Encoder): void {
  const reader = offerOf(encoder, sequence);
  if (causal === undefined || !reader || reader.causal === causal) return;
  throw new UserError(
    causal
      ? `method ${name} predicts each token from those before it, but the encoder attends to all; add --causal`
      : `method ${name} predicts tokens from both sides, but a causal encoder sees only one; leave out --causal, or use causal-lm`,
  );
}

/** @throws UserError when the method reads a sample as one thing, and a sample may hold several graphs */
function refusePacked({ name, needs }: MethodDefinition, modality: Modality): void {
  if (!offerOf(modality, graphs)?.isPacked || needs.some((need) => need.name === nodes.name)) return;
  throw new UserError(`${name}: takes all graphs of a packed sample for one; leave out --pack`);
}

/** What parts are built from. */
type PartsConfig = Pick<RunConfig, "modality" | "encoder" | "method" | "side" | "published">;

/** @throws UserError when the modality, encoder or method lacks what another needs, or is code in a file that is not trusted */
export async function buildParts(config: PartsConfig): Promise<Parts> {
  const modalityDefinition = await modalities.stored(config.modality.name);
  const encoderDefinition = await encoders.stored(config.encoder.name);
  const isPublished = config.published !== undefined;
  const methodDefinition = isPublished ? publishedMethod : await methods.stored(config.method.name);
  const modalityOptions = parseOptions(
    modalityDefinition.options,
    config.modality.options,
    `modality ${config.modality.name}`,
  );
  const modality = modalityDefinition.build(modalityOptions, config.modality.files);
  const inputs = axesOf(modality.specs);
  if (!reads(encoderDefinition, inputs))
    throw new UserError(
      `encoder ${encoderDefinition.name} reads ${readsInWords(encoderDefinition)}, and ${modality.name} data are ${inputsInWords(inputs)}`,
    );
  const encoder = encoderDefinition.build(
    parseOptions(encoderDefinition.options, config.encoder.options, `encoder ${config.encoder.name}`),
    modality.specs,
    offerOf(modality, vocabularyAbility),
  );
  for (const part of config.side === undefined && !isPublished ? partsOf(methodDefinition) : []) {
    for (const need of part.needs) {
      if (offers(need.by === "encoder" ? encoder : modality, need)) continue;
      const readable = (await encoders.all()).filter((definition) => reads(definition, inputs));
      lacks(part.name, need, modality.name, encoder.name, readable);
    }
    refuseDirection(part, encoder);
  }
  return { modalityDefinition, modalityOptions, modality, encoder, methodDefinition };
}

/**
 * The parts and the method built on them.
 * @param samples number of training samples
 * @param isForViews whether only its views are wanted, as in the threads that load data
 */
export async function buildMethod(
  config: PartsConfig,
  samples: number,
  isForViews = false,
): Promise<Parts & { method: Method }> {
  refuseMethod(config);
  const parts = await buildParts(config);
  const { modality, methodDefinition } = parts;
  for (const part of partsOf(methodDefinition)) refusePacked(part, modality);
  const encoder = observed(parts.encoder);
  const options = parseOptions(methodDefinition.options, config.method.options, `method ${config.method.name}`);
  const frozen = await frozenModels(methodDefinition, options, parts, openRun, isForViews);
  return { ...parts, method: methodDefinition.build({ encoder, modality, options, samples, ...frozen }) };
}

/** The content of a run folder's `config.json`, unchecked; undefined when there is none. */
export async function readConfigFile(path: string): Promise<unknown> {
  const file = join(path, "config.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw fileError(file, "read", error);
  });
  return text === undefined ? undefined : parseJson(text, file);
}

/** The configuration of a run folder. @throws UserError when it is not a run, or of another version */
export async function readConfig(path: string): Promise<RunConfig> {
  const file = join(path, "config.json");
  const json = await readConfigFile(path);
  if (json === undefined) throw new UserError(`${path}: not a run (it has no config.json)`);
  const version = z.object({ version: z.number() }).safeParse(json);
  if (!version.success) {
    const isExported = z.object({ autodidact: z.unknown() }).safeParse(json).data?.autodidact !== undefined;
    const found = isExported ? "an exported model; name the run that it is from" : "its config.json is none of a run";
    throw new UserError(`${path}: not a run (${found})`);
  }
  if (version.data.version !== RUN_VERSION)
    throw new UserError(`${path}: a run of version ${version.data.version}; this program reads version ${RUN_VERSION}`);
  const parsed = RunConfig.safeParse(json);
  if (parsed.success) return withFiles(path, parsed.data);
  const [issue] = parsed.error.issues;
  throw new UserError(`${file}: ${issue?.path.join(".") || "its content"}: ${issue?.message}`);
}

/** Writes `config.json`, and the files that belong to it, which it lists by digest. */
export async function writeConfig(path: string, config: RunConfig): Promise<void> {
  const { files = {} } = config.modality;
  for (const [name, text] of Object.entries(files)) await writeAtomically(join(path, name), [text]);
  const digests = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, digestOf(text)]));
  const modality = { ...config.modality, ...(config.modality.files ? { files: digests } : {}) };
  await writeAtomically(join(path, "config.json"), [`${JSON.stringify({ ...config, modality }, null, 2)}\n`]);
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** @throws UserError when a file is missing or differs from the one that the run was trained with */
async function withFiles(path: string, config: RunConfig): Promise<RunConfig> {
  if (!config.modality.files) return config;
  const files: Record<string, string> = {};
  for (const [name, digest] of Object.entries(config.modality.files)) {
    const file = join(path, name);
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      throw fileError(file, "read", error);
    });
    if (digestOf(text) !== digest)
      throw new UserError(`${file}: not the file that this run was trained with; its content has changed`);
    files[name] = text;
  }
  return { ...config, modality: { ...config.modality, files } };
}

/**
 * The run on pairs and the side that a path like `runs/pairs/image` names; undefined if it is a folder of its own, or none above it
 * is a run on pairs.
 */
export async function sideAt(path: string): Promise<{ whole: string; side: string } | undefined> {
  const [whole, side] = [dirname(resolve(path)), basename(resolve(path))];
  if ((await readConfigFile(path)) !== undefined) return undefined;
  const config = await readConfigFile(whole).catch(() => undefined);
  const name = OfModality.safeParse(config).data?.modality.name;
  if (name === undefined || !modalities.names.includes(name)) return undefined;
  const { sides } = await modalities.load(name);
  return sides?.names.includes(side) ? { whole, side } : undefined;
}

const OfModality = z.object({ modality: z.object({ name: z.string() }) });

/**
 * Opens a run for evaluation, embedding or export; or a published model, as a run that has no method.
 * @param path of the run; of a run on pairs also of one side, `runs/pairs/image`, which is opened as a run on data of its
 *   kind; or a folder with a model in Hugging Face's format, or the id of one on the Hub
 * @param options.checkpoint by default `best` for fine-tuning with validation, else `last`: in pre-training the lowest loss is not the best representation
 * @throws UserError when the folder is not a run, has no checkpoint, or its checkpoint is corrupt
 *
 * @example
 * const run = await openRun("runs/photos");
 * console.log(run.config.method.name, run.epoch, run.encoder.embedDim);
 */
export async function openRun(path: string, options: { checkpoint?: "last" | "best" } & Download = {}): Promise<Run> {
  const of = await sideAt(path);
  if (of) {
    const whole = await openRun(of.whole, options);
    return { ...whole, ...(await sideOf(whole, of.side)) };
  }
  const published = await publishedAt(path, options);
  if (published) return { ...(await publishedRun(published)), step: 0, epoch: 0, metrics: async () => [] };
  const config = await readConfig(path);
  const parts = await buildParts(config);
  const { weights, encoder, position } = await loadWeights(path, config, parts, options.checkpoint);
  return {
    ...parts,
    path: resolve(path),
    config,
    params: encoder,
    methodParams: weights,
    step: position.step,
    epoch: position.epoch,
    metrics: () => readMetrics(path),
  };
}

/**
 * The method of an opened run, with its parts.
 * @throws UserError when the run's parameters are not those that its config.json asks for
 */
export async function methodOf({ path, config, methodParams }: Run): Promise<Parts & { method: Method }> {
  const built = await buildMethod(config, config.data.entries);
  askedOf(path, "", new Map(tree.entries<Tensor>(methodParams)), () => built.method.init(new Zeros()));
  return built;
}
