import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Tensor, tree } from "../../array/index.ts";
import { modalities, type Vocabulary } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import type { MethodParams } from "../../methods/index.ts";
import { importBert } from "../../modalities/text/publish/bert-import.ts";
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
  if (names.includes("checkpoints")) {
    const run = await openRun(path);
    const { modality, encoder } = run.config;
    // A tokenizer that is there is not learned once more, and how it was learned is no option of the run that begins.
    const { tokenizerKind: _, vocabularySize: __, lowercase: ___, ...kept } = modality.options;
    const files = modality.files?.["tokenizer.json"] === undefined ? {} : { tokenizer: join(path, "tokenizer.json") };
    return {
      path,
      modality: modality.name,
      encoder: encoder.name,
      encoderOptions: encoder.options,
      modalityOptions: { ...kept, ...files },
      vocabulary: run.modality.vocabulary,
      tensors: () => new Map(tree.entries<Tensor>(run.methodParams)),
    };
  }
  if (!names.includes("model.safetensors"))
    throw new UserError(`${path}: neither a run nor a model (it has no model.safetensors)`);
  const model = await importBert(path);
  const definition = await modalities.load("text");
  const modalityOptions = { tokenizer: model.tokenizer, maxLength: Math.min(model.length, 128) };
  const tokenizer = await readFile(model.tokenizer, "utf8").catch((error: unknown) => {
    throw fileError(model.tokenizer, "read", error);
  });
  const { vocabulary } = definition.build(parseOptions(definition.options, modalityOptions, "modality text"), {
    "tokenizer.json": tokenizer,
  });
  return {
    path,
    modality: "text",
    encoder: "transformer",
    encoderOptions: model.encoderOptions,
    modalityOptions,
    vocabulary,
    tensors(own) {
      if (!own) throw new UserError(`${path}: a model of texts, and the data have no words`);
      if (own.length > model.length)
        throw new UserError(`${path}: has positions for ${model.length} words; --max-length ${own.length} is more`);
      return model.tensors(own.length, own.size);
    },
  };
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
