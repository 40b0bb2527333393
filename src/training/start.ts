import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Tensor, tree } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { fileError } from "../foundation/files.ts";
import { importBert } from "../interop/huggingface/bert-import.ts";
import type { MethodParams } from "../methods/index.ts";
import { openRun } from "./run.ts";

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
  /** Parameters by path. @param modality the settled options */
  tensors(modality: Options): ReadonlyMap<string, Tensor>;
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
    const files = modality.files?.["tokenizer.json"] === undefined ? {} : { tokenizer: join(path, "tokenizer.json") };
    return {
      path,
      modality: modality.name,
      encoder: encoder.name,
      encoderOptions: encoder.options,
      modalityOptions: { ...modality.options, ...files },
      tensors: () => new Map(tree.entries<Tensor>(run.methodParams)),
    };
  }
  if (!names.includes("model.safetensors"))
    throw new UserError(`${path}: neither a run nor a model (it has no model.safetensors)`);
  const model = await importBert(path);
  return {
    path,
    modality: "text",
    encoder: "transformer",
    encoderOptions: model.encoderOptions,
    modalityOptions: { tokenizer: model.tokenizer, maxLength: Math.min(model.length, 128) },
    tensors({ maxLength }) {
      const length = Number(maxLength);
      if (length > model.length)
        throw new UserError(`${path}: has positions for ${model.length} words; --max-length ${length} is more`);
      return model.tensors(length);
    },
  };
}

/**
 * A method's initial parameters with those that the start has in their places; a head that it does not have stays random.
 * @throws UserError when the encoder is not the one that the start is of
 */
export function beginFrom(start: Start, modalityOptions: Options, params: MethodParams): MethodParams {
  const given = start.tensors(modalityOptions);
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
