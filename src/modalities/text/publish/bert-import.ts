import { join } from "node:path";
import * as z from "zod";
import { float32, type Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import { BLOCK_LAYERS, BLOCK_NORMS } from "../../../evaluation/language/hub/bert.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { stacked } from "../../../interop/huggingface/pieces.ts";
import { type ImportedModel, openCheckpoint } from "./import.ts";

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
  const checkpoint = await openCheckpoint(
    folder,
    BertConfig,
    "BERT's family",
    (read: z.infer<typeof BertConfig>) => families[read.model_type],
  );
  const { config, file, at, layer, norm, rows } = checkpoint;
  if (config.embedding_size !== undefined && config.embedding_size !== config.hidden_size)
    throw new UserError(
      `${file}: token embeddings of width ${config.embedding_size} in an encoder of width ${config.hidden_size}; they must be equal`,
    );
  const family = families[config.model_type];
  const width = config.hidden_size;
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
      ...BLOCK_LAYERS.flatMap(([path, name]) => layer(`${from}.${name}`, `${to}.${path}`, ...sizes[path]!)),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${from}.${name}`, `${to}.${path}`, width)),
    ];
  }).flat();
  const positions = at("embeddings.position_embeddings.weight", [config.max_position_embeddings, width]);
  const segmentsName = "embeddings.token_type_embeddings.weight";
  const kinds = checkpoint.shapeOf(segmentsName)?.[0] ?? 0;
  // Only the first segment's row is used.
  const segments = kinds > 0 ? at(segmentsName, [kinds, width]).data : new Float32Array(width);
  const embedding = at("embeddings.word_embeddings.weight", [config.vocab_size, width]);
  const names = HEADS[family];
  const head: [string, Tensor][] =
    names && checkpoint.has(`${names.dense}.weight`)
      ? [...layer(names.dense, "head.transform", width, width), ...norm(names.norm, "head.norm", width)]
      : [];
  const bias =
    names && head.length > 0 ? at(checkpoint.find(...names.bias) ?? names.bias[0], [config.vocab_size]) : undefined;
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
    tokenizer: join(folder, TOKENIZER_FILE),
    tensors: (kept, tokens) => {
      const placed = Float32Array.from(
        { length: kept * width },
        (_, index) => positions.data[offset * width + index]! + segments[index % width]!,
      );
      return new Map<string, Tensor>([
        ["encoder.words", rows(embedding, tokens)],
        ["encoder.positions", float32(placed, [kept, width])],
        ...norm("embeddings.LayerNorm", "encoder.embeddingNorm", width),
        ...blocks,
        ...head,
        ...(bias ? ([["head.bias", rows(bias, tokens)]] as const) : []),
      ]);
    },
  };
}
