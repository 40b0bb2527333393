import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { float32, sizeOf, type Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import { BLOCK_LAYERS, BLOCK_NORMS } from "../../../evaluation/language/hub/bert.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import { stacked } from "../../../interop/huggingface/pieces.ts";
import { readModel } from "../../../interop/model-folder.ts";
import type { AdoptedModel } from "../../../interop/publisher.ts";

/** Model types with BERT's encoder; all but BERT and ELECTRA are RoBERTa by other names. */
const families = {
  bert: "bert",
  electra: "electra",
  roberta: "roberta",
  camembert: "roberta",
  "xlm-roberta": "roberta",
} as const;

/** Values of `model_type` that can be imported. */
export const BERT_FAMILY = Object.keys(families);

/** The parts of BERT's `config.json` that an encoder is built from. */
const BertConfig = z.object({
  model_type: z.enum(["bert", "electra", "roberta", "camembert", "xlm-roberta"]),
  vocab_size: bounds.count(),
  hidden_size: bounds.width(),
  /** ELECTRA's may be smaller than the hidden size. */
  embedding_size: bounds.width().optional(),
  num_hidden_layers: bounds.depth(),
  num_attention_heads: bounds.width(),
  intermediate_size: z
    .int()
    .positive()
    .max(2 ** 17),
  hidden_act: z.literal("gelu").default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
  max_position_embeddings: bounds.count(),
  position_embedding_type: z.literal("absolute").default("absolute"),
  pad_token_id: z
    .int()
    .nonnegative()
    .max(2 ** 20)
    .nullish(),
});

/** A published model as options and parameters of encoder `transformer`. */
export interface ImportedModel {
  /** Options of encoder `transformer`. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** Number of its positions: most tokens of a sequence. */
  readonly length: number;
  /** Path of its `tokenizer.json`. */
  readonly tokenizer: string;
  /**
   * Parameters by path: `encoder.…` and, if the model predicts tokens, `head.…`.
   * @param length positions to keep
   * @param tokens rows of the embedding to keep: files often have more than the tokenizer has tokens
   * @throws UserError when it has fewer
   */
  tensors(length: number, tokens: number): Map<string, Tensor>;
}

/**
 * The heads' names in BERT's and in RoBERTa's checkpoints. The bias has two names, the model's and the decoder's, of which a
 * file has one. ELECTRA's discriminator predicts no tokens.
 */
const HEADS = {
  bert: {
    dense: "cls.predictions.transform.dense",
    norm: "cls.predictions.transform.LayerNorm",
    bias: ["cls.predictions.bias", "cls.predictions.decoder.bias"],
  },
  roberta: { dense: "lm_head.dense", norm: "lm_head.layer_norm", bias: ["lm_head.bias", "lm_head.decoder.bias"] },
  electra: undefined,
} as const;

/**
 * Reads a folder with a model of BERT's family: `config.json`, `model.safetensors` (with or without the language-model
 * head, norms as `weight` and `bias` or, as in the first checkpoints, `gamma` and `beta`) and `tokenizer.json`. The first
 * segment's embedding is added to the positions; the pooler and the next-sentence head are dropped.
 * @throws UserError when a file is missing, or the model is of another kind
 */
export async function importBert(folder: string): Promise<ImportedModel> {
  const file = join(folder, "config.json");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  const parsed = BertConfig.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${file}: not a model of BERT's family (${issue?.path.join(".")}: ${issue?.message})`);
  }
  const config = parsed.data;
  if (config.embedding_size !== undefined && config.embedding_size !== config.hidden_size)
    throw new UserError(
      `${file}: token embeddings of width ${config.embedding_size} in an encoder of width ${config.hidden_size}; they must be equal`,
    );
  const { tensors, file: weights } = await readModel(folder, (name) => !name.endsWith("position_ids"));
  const family = families[config.model_type];
  const find = (name: string): Tensor | undefined => tensors.get(`${family}.${name}`) ?? tensors.get(name);
  const at = (name: string, shape: readonly number[]): Tensor => {
    const found = find(name);
    if (!found) throw new UserError(`${weights}: has no ${name}`);
    if (found.dtype !== "float32" || found.shape.join() !== shape.join())
      throw new UserError(
        `${weights}: ${name} is ${found.dtype} [${found.shape}]; config.json asks for float32 [${shape}]`,
      );
    if (!found.data.every(Number.isFinite))
      throw new UserError(`${weights}: ${name} has values that are not finite (NaN or infinite)`);
    return found;
  };
  const width = config.hidden_size;
  const norm = (name: string, path: string): [string, Tensor][] =>
    (["scale", "shift"] as const).map((part) => {
      const [name_, oldName] = part === "scale" ? ["weight", "gamma"] : ["bias", "beta"];
      return [`${path}.${part}`, at(find(`${name}.${oldName}`) ? `${name}.${oldName}` : `${name}.${name_}`, [width])];
    });
  // RoBERTa numbers positions from the padding's id + 1.
  const offset = family === "roberta" ? (config.pad_token_id ?? 1) + 1 : 0;
  const length = config.max_position_embeddings - offset;
  if (length < 8) throw new UserError(`${file}: positions for ${length} tokens; at least 8 are needed`);

  const blocks = Array.from({ length: config.num_hidden_layers }, (_, block): [string, Tensor][] => {
    const [from, to] = [`encoder.layer.${block}`, `encoder.blocks.${block}`];
    const sizes: Record<string, readonly [number, number]> = {
      "attention.output": [width, width],
      up: [config.intermediate_size, width],
      down: [width, config.intermediate_size],
    };
    const qkv = (kind: "weight" | "bias") =>
      stacked(
        ["query", "key", "value"].map((role) =>
          at(`${from}.attention.self.${role}.${kind}`, kind === "weight" ? [width, width] : [width]),
        ),
      );
    return [
      [`${to}.attention.qkv.weight`, qkv("weight")],
      [`${to}.attention.qkv.bias`, qkv("bias")],
      ...BLOCK_LAYERS.flatMap(([path, name]): [string, Tensor][] => [
        [`${to}.${path}.weight`, at(`${from}.${name}.weight`, sizes[path]!)],
        [`${to}.${path}.bias`, at(`${from}.${name}.bias`, [sizes[path]![0]])],
      ]),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${from}.${name}`, `${to}.${path}`)),
    ];
  }).flat();
  const positions = at("embeddings.position_embeddings.weight", [config.max_position_embeddings, width]);
  const segmentsName = "embeddings.token_type_embeddings.weight";
  const kinds = find(segmentsName)?.shape[0] ?? 0;
  // Only the first segment's row is used.
  const segments = kinds > 0 ? at(segmentsName, [kinds, width]).data : new Float32Array(width);
  const embedding = at("embeddings.word_embeddings.weight", [config.vocab_size, width]);
  const names = HEADS[family];
  const head: [string, Tensor][] =
    names && tensors.has(`${names.dense}.weight`)
      ? [
          ["head.transform.weight", at(`${names.dense}.weight`, [width, width])],
          ["head.transform.bias", at(`${names.dense}.bias`, [width])],
          ...norm(names.norm, "head.norm"),
        ]
      : [];
  const bias = names && head.length > 0 ? at(names.bias.find(find) ?? names.bias[0], [config.vocab_size]) : undefined;
  return {
    encoderOptions: {
      width,
      depth: config.num_hidden_layers,
      heads: config.num_attention_heads,
      mlpRatio: config.intermediate_size / width,
      norm: "post",
      positions: "learned",
      epsilon: config.layer_norm_eps,
    },
    length,
    tokenizer: join(folder, "tokenizer.json"),
    tensors: (kept, tokens) => {
      if (tokens > config.vocab_size)
        throw new UserError(`${weights}: has ${config.vocab_size} tokens; the tokenizer has ${tokens}`);
      const first = ({ data }: Tensor, shape: number[]) =>
        float32(Float32Array.from(data.subarray(0, sizeOf(shape))), shape);
      const placed = Float32Array.from(
        { length: kept * width },
        (_, index) => positions.data[offset * width + index]! + segments[index % width]!,
      );
      return new Map<string, Tensor>([
        ["encoder.words", first(embedding, [tokens, width])],
        ["encoder.positions", float32(placed, [kept, width])],
        ...norm("embeddings.LayerNorm", "encoder.embeddingNorm"),
        ...blocks,
        ...head,
        ...(bias ? ([["head.bias", first(bias, [tokens])]] as const) : []),
      ]);
    },
  };
}

/** Default maximum length of a run that starts from such a model. */
const LENGTH = 128;

/** The model as the start of a run. @throws UserError when it is incomplete */
export async function adoptBert(folder: string): Promise<AdoptedModel> {
  const model = await importBert(folder);
  const tokenizer = await readFile(model.tokenizer, "utf8").catch((error: unknown) => {
    throw fileError(model.tokenizer, "read", error);
  });
  return {
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
