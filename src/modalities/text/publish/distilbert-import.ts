import { join } from "node:path";
import * as z from "zod";
import type { Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { stacked } from "../../../interop/huggingface/pieces.ts";
import { firstRows, type ImportedModel, openCheckpoint } from "./import.ts";

/** The parts of DistilBERT's `config.json` that an encoder is built from. */
const DistilBertConfig = z.object({
  model_type: z.literal("distilbert"),
  vocab_size: bounds.count(),
  dim: bounds.width(),
  n_layers: bounds.depth(),
  n_heads: bounds.width(),
  hidden_dim: z
    .int()
    .positive()
    .max(2 ** 17),
  activation: z.literal("gelu").default("gelu"),
  max_position_embeddings: bounds.count().min(8),
});

/** `nn.LayerNorm`'s in the published class, whatever config.json says. */
const EPSILON = 1e-12;

/**
 * Reads a folder with a DistilBERT: BERT without segments and pooler, under names of its own. Sanh et al. 2019,
 * https://arxiv.org/abs/1910.01108; https://huggingface.co/docs/transformers/model_doc/distilbert
 * @throws UserError when a file is missing, or the model is of another kind
 */
export async function importDistilBert(folder: string): Promise<ImportedModel> {
  const { config, at, layer, norm, rows, has } = await openCheckpoint(
    folder,
    DistilBertConfig,
    "DistilBERT's family",
    () => "distilbert",
  );
  const { dim: width, hidden_dim: hidden, vocab_size: vocabulary } = config;
  const blocks = Array.from({ length: config.n_layers }, (_, block): [string, Tensor][] => {
    const [from, to] = [`transformer.layer.${block}`, `encoder.blocks.${block}`];
    const qkv = (kind: "weight" | "bias") =>
      stacked(
        ["q_lin", "k_lin", "v_lin"].map((role) =>
          at(`${from}.attention.${role}.${kind}`, kind === "weight" ? [width, width] : [width]),
        ),
      );
    return [
      [`${to}.attention.qkv.weight`, qkv("weight")],
      [`${to}.attention.qkv.bias`, qkv("bias")],
      ...layer(`${from}.attention.out_lin`, `${to}.attention.output`, width, width),
      ...layer(`${from}.ffn.lin1`, `${to}.up`, hidden, width),
      ...layer(`${from}.ffn.lin2`, `${to}.down`, width, hidden),
      ...norm(`${from}.sa_layer_norm`, `${to}.norm1`, width),
      ...norm(`${from}.output_layer_norm`, `${to}.norm2`, width),
    ];
  }).flat();
  const embedding = at("embeddings.word_embeddings.weight", [vocabulary, width]);
  const positions = at("embeddings.position_embeddings.weight", [config.max_position_embeddings, width]);
  const head = has("vocab_transform.weight")
    ? [...layer("vocab_transform", "head.transform", width, width), ...norm("vocab_layer_norm", "head.norm", width)]
    : [];
  const bias = head.length > 0 ? at("vocab_projector.bias", [vocabulary]) : undefined;
  return {
    encoderOptions: {
      width,
      depth: config.n_layers,
      heads: config.n_heads,
      mlpRatio: hidden / width,
      norm: "post",
      positions: "learned",
      epsilon: EPSILON,
    },
    length: config.max_position_embeddings,
    tokenizer: join(folder, TOKENIZER_FILE),
    tensors: (kept, tokens) =>
      new Map<string, Tensor>([
        ["encoder.words", rows(embedding, tokens)],
        ["encoder.positions", firstRows(positions, kept, [width])],
        ...norm("embeddings.LayerNorm", "encoder.embeddingNorm", width),
        ...blocks,
        ...head,
        ...(bias ? ([["head.bias", rows(bias, tokens)]] as const) : []),
      ]),
  };
}
