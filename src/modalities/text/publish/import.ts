import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { float32, sizeOf, type Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import { UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import { readModel } from "../../../interop/model-folder.ts";
import type { AdoptedModel } from "../../../interop/publisher.ts";

/** A published model as options and parameters of encoder `transformer`. */
export interface ImportedModel {
  /** Options of encoder `transformer`. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** Most tokens of a sequence: the number of its positions. */
  readonly length: number;
  /** Path of its `tokenizer.json`. */
  readonly tokenizer: string;
  /** The method that continues its training, if it is not `bert`. */
  readonly method?: string;
  /**
   * Parameters by path: `encoder.…` and, if the model predicts tokens, `head.…`.
   * @param length positions to keep
   * @param tokens rows of the embedding to keep: files often have more than the tokenizer has tokens
   * @throws UserError when it has fewer
   */
  tensors(length: number, tokens: number): Map<string, Tensor>;
}

/** A folder's configuration and its tensors under their published names. */
export interface Checkpoint<Config> {
  readonly config: Config;
  /** Path of `config.json`, and of the weights, for messages. */
  readonly file: string;
  readonly weights: string;
  has(name: string): boolean;
  /** The first of the names that there is. */
  find(...names: readonly string[]): string | undefined;
  /** The shape of a tensor, if it is there. */
  shapeOf(name: string): readonly number[] | undefined;
  /** @throws UserError when it is not there, has another shape or type, or is not finite */
  at(name: string, shape: readonly number[]): Tensor;
  /** A linear layer's weight `[output, input]` and, if it has one, its bias, under our path. */
  layer(name: string, path: string, output: number, input: number, hasBias?: boolean): [string, Tensor][];
  /** A norm's scale and, if it has one, its shift, under our path. */
  norm(name: string, path: string, width: number, hasShift?: boolean): [string, Tensor][];
  /** The rows of the token embeddings, or of a bias, that the tokenizer has tokens for. @throws UserError when it has more */
  rows(tensor: Tensor, tokens: number): Tensor;
}

/** A folder's `config.json`. @throws UserError when it cannot be read, or is of another kind of model */
export async function readModelConfig<Schema extends z.ZodType>(
  folder: string,
  schema: Schema,
  kind: string,
): Promise<{ readonly config: z.infer<Schema>; readonly file: string }> {
  const file = join(folder, "config.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  const parsed = schema.safeParse(parseJson(text, file));
  if (parsed.success) return { config: parsed.data, file };
  const [issue] = parsed.error.issues;
  throw new UserError(`${file}: not a model of ${kind} (${issue?.path.join(".")}: ${issue?.message})`);
}

/**
 * Opens a folder with a model in Hugging Face's format.
 * @param kind for messages: `BERT's family`
 * @param prefixOf what may stand before names: the model's part of one with a head
 * @throws UserError when a file is missing, or the model is of another kind
 */
export async function openCheckpoint<Schema extends z.ZodType>(
  folder: string,
  schema: Schema,
  kind: string,
  prefixOf: (config: z.infer<Schema>) => string,
): Promise<Checkpoint<z.infer<Schema>>> {
  const { config, file } = await readModelConfig(folder, schema, kind);
  // Buffers of the classes: numbers of positions, and masks.
  const isWanted = (name: string) => !/(?:position_ids|inv_freq|\.attn\.(?:masked_)?bias)$/.test(name);
  const { tensors, file: weights } = await readModel(folder, isWanted);
  const prefix = prefixOf(config);
  const look = (name: string) => tensors.get(`${prefix}.${name}`) ?? tensors.get(name);
  const at = (name: string, shape: readonly number[]): Tensor => {
    const found = look(name);
    if (!found) throw new UserError(`${weights}: has no ${name}`);
    if (found.dtype !== "float32" || found.shape.join() !== shape.join())
      throw new UserError(
        `${weights}: ${name} is ${found.dtype} [${found.shape}]; config.json asks for float32 [${shape}]`,
      );
    if (!found.data.every(Number.isFinite))
      throw new UserError(`${weights}: ${name} has values that are not finite (NaN or infinite)`);
    return found;
  };
  return {
    ...{ config, file, weights, at },
    has: (name) => look(name) !== undefined,
    find: (...names) => names.find(look),
    shapeOf: (name) => look(name)?.shape,
    layer: (name, path, output, input, hasBias = true) => [
      [`${path}.weight`, at(`${name}.weight`, [output, input])],
      ...(hasBias ? [[`${path}.bias`, at(`${name}.bias`, [output])] as [string, Tensor]] : []),
    ],
    norm(name, path, width, hasShift = true) {
      // The first checkpoints call them gamma and beta.
      const isOld = look(`${name}.gamma`) !== undefined;
      return [
        [`${path}.scale`, at(`${name}.${isOld ? "gamma" : "weight"}`, [width])],
        ...(hasShift ? [[`${path}.shift`, at(`${name}.${isOld ? "beta" : "bias"}`, [width])] as [string, Tensor]] : []),
      ];
    },
    rows(tensor, tokens) {
      const [count = 0, ...rest] = tensor.shape;
      if (tokens > count) throw new UserError(`${weights}: has ${count} tokens; the tokenizer has ${tokens}`);
      return firstRows(tensor, tokens, rest);
    },
  };
}

/** The first rows of a tensor. */
export const firstRows = ({ data }: Tensor, count: number, rest: readonly number[]): Tensor =>
  float32(Float32Array.from(data.subarray(0, count * sizeOf(rest))), [count, ...rest]);

/** Default maximum length of a run that starts from such a model. */
const LENGTH = 128;

/** The model as the start of a run. @throws UserError when it has no tokenizer */
export async function adopted(folder: string, model: ImportedModel): Promise<AdoptedModel> {
  const tokenizer = await readFile(model.tokenizer, "utf8").catch((error: unknown) => {
    throw fileError(model.tokenizer, "read", error);
  });
  return {
    ...(model.method === undefined ? {} : { method: model.method }),
    encoder: "transformer",
    encoderOptions: model.encoderOptions,
    modalityOptions: { tokenizer: model.tokenizer, maxLength: Math.min(model.length, LENGTH) },
    files: { [TOKENIZER_FILE]: tokenizer },
    tensors(vocabulary) {
      if (!vocabulary) throw new UserError(`${folder}: a model of texts, and the data have no tokens`);
      if (vocabulary.length > model.length)
        throw new UserError(
          `${folder}: has positions for ${model.length} tokens; --max-length ${vocabulary.length} is more`,
        );
      return model.tensors(vocabulary.length, vocabulary.size);
    },
  };
}
