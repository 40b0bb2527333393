import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { type Tensor, tree } from "../../array/index.ts";
import { modalities, offerOf, type Vocabulary, vocabulary as vocabularyAbility } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { parseJson } from "../../foundation/json.ts";
import type { MethodParams } from "../../methods/index.ts";
import { openRun, parseOptions } from "./run.ts";

type Options = Readonly<Record<string, unknown>>;

/** What training begins with instead of random numbers. */
export interface Start {
  /** Where it comes from, for messages. */
  readonly path: string;
  /** Kind of data that it reads. */
  readonly modality: string;
  readonly encoder: string;
  /** What the parameters are of; the user's own options come on top. */
  readonly encoderOptions: Options;
  readonly modalityOptions: Options;
  /** The words that it knows, where it reads words. */
  readonly vocabulary?: Vocabulary<unknown> | undefined;
  /** Parameters by path. @param vocabulary of the run that begins; UserError when it has more words than the start */
  tensors(vocabulary?: Vocabulary<unknown>): ReadonlyMap<string, Tensor>;
}

/**
 * Opens what `--from` names: a run folder, or a folder with a model of BERT's family in Hugging Face's files.
 * @throws UserError when it is neither
 */
export async function openStart(path: string): Promise<Start> {
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  return names.includes("checkpoints") ? fromRun(path) : adopted(path, names);
}

async function fromRun(path: string): Promise<Start> {
  const run = await openRun(path);
  const { modality, encoder } = run.config;
  const { inherit } = run.modalityDefinition;
  return {
    path,
    modality: modality.name,
    encoder: encoder.name,
    encoderOptions: encoder.options,
    modalityOptions: inherit ? inherit(run.modalityOptions, modality.files ?? {}, path) : modality.options,
    vocabulary: offerOf(run.modality, vocabularyAbility),
    tensors: () => new Map(tree.entries<Tensor>(run.methodParams)),
  };
}

const ModelConfig = z.looseObject({ model_type: z.string() });

/** A model in Hugging Face's files, by whichever kind of data reads such models. */
async function adopted(path: string, names: readonly string[]): Promise<Start> {
  if (!names.includes("model.safetensors"))
    throw new UserError(`${path}: neither a run nor a model (it has no model.safetensors)`);
  const file = join(path, "config.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  const config = ModelConfig.safeParse(parseJson(text, file));
  const kind = config.success ? config.data.model_type : "unknown";
  const readable: string[] = [];
  for (const definition of await modalities.all()) {
    const publisher = await definition.publish?.();
    readable.push(...(publisher?.adopts ?? []));
    if (!publisher?.adopt || !publisher.adopts?.includes(kind)) continue;
    const model = await publisher.adopt(path);
    const options = parseOptions(definition.options, model.modalityOptions, `modality ${definition.name}`);
    return {
      path,
      modality: definition.name,
      ...{ encoder: model.encoder, encoderOptions: model.encoderOptions, modalityOptions: model.modalityOptions },
      vocabulary: offerOf(definition.build(options, model.files), vocabularyAbility),
      tensors: (vocabulary) => model.tensors(vocabulary),
    };
  }
  throw new UserError(
    `${file}: a model of type ${kind}, which nothing here reads; what is read: ${readable.join(", ")}`,
  );
}

/**
 * A method's initial parameters with those that the start has in their places; a head that it does not have stays random.
 * @param vocabulary of the run that begins
 * @throws UserError when the encoder is not the one that the start is of, or its words are others
 */
export function beginFrom(
  start: Start,
  vocabulary: Vocabulary<unknown> | undefined,
  params: MethodParams,
): MethodParams {
  refuseOtherWords(start, vocabulary);
  const given = start.tensors(vocabulary);
  const mismatch = (path: string, { shape }: Tensor, found: Tensor | undefined) =>
    new UserError(
      `${start.path}: ${found ? `${path} is [${found.shape}], and not [${shape}]` : `has no ${path}`}; the encoder's options or the tokenizer do not match`,
    );
  // The same tree with other leaves.
  return tree.map<Tensor, Tensor>(params, (leaf, path) => {
    const found = given.get(path);
    if (found?.shape.join() === leaf.shape.join()) return found;
    if (path.startsWith("encoder.")) throw mismatch(path, leaf, found);
    return leaf;
  }) as MethodParams;
}

/** An embedding's row means what the word of its number meant in training. */
function refuseOtherWords({ path, vocabulary: theirs }: Start, ours: Vocabulary<unknown> | undefined): void {
  if (!theirs || !ours) return;
  for (let id = 0; id < Math.min(theirs.size, ours.size); id++) {
    const [learned, asked] = [theirs.token(id), ours.token(id)];
    if (learned !== asked)
      throw new UserError(
        `${path}: word ${id} is ${JSON.stringify(learned)} there and ${JSON.stringify(asked)} here; leave out --tokenizer, or begin anew`,
      );
  }
}
