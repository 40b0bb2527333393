import { join } from "node:path";
import * as z from "zod";
import { filled, type Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { type ImportedModel, openCheckpoint } from "./import.ts";

const base = () => z.number().positive().max(1e12);
const Rope = z.looseObject({ rope_theta: base(), rope_type: z.literal("default").default("default") });

/** The parts of ModernBERT's `config.json` that an encoder is built from, older and newer names of the same. */
const ModernBertConfig = z.object({
  model_type: z.literal("modernbert"),
  vocab_size: bounds.count(),
  hidden_size: bounds.width(),
  intermediate_size: z
    .int()
    .positive()
    .max(2 ** 17),
  num_hidden_layers: bounds.depth(),
  num_attention_heads: bounds.width(),
  hidden_activation: z.literal("gelu").default("gelu"),
  classifier_activation: z.literal("gelu").default("gelu"),
  max_position_embeddings: bounds.count().min(8).default(8192),
  norm_eps: z.number().positive().default(1e-5),
  norm_bias: z.literal(false).default(false),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  classifier_bias: z.boolean().default(false),
  decoder_bias: z.boolean().default(true),
  local_attention: bounds.count().default(128),
  global_attn_every_n_layers: bounds.depth().default(3),
  layer_types: z
    .array(z.enum(["full_attention", "sliding_attention"]))
    .max(512)
    .optional(),
  global_rope_theta: base().default(160_000),
  local_rope_theta: base().nullish().default(10_000),
  rope_parameters: z.looseObject({ full_attention: Rope, sliding_attention: Rope }).nullish(),
});

/**
 * Reads a folder with a ModernBERT: rotary positions, local attention in two of three blocks, GeGLU, norms in front, no
 * biases. Warner et al. 2024, https://arxiv.org/abs/2412.13663; https://huggingface.co/docs/transformers/model_doc/modernbert.
 * Its head has no biases but the last; ours has them, which begin at 0.
 * @throws UserError when a file is missing, or the model is of another kind
 */
export async function importModernBert(folder: string): Promise<ImportedModel> {
  const { config, file, at, layer, norm, rows, has } = await openCheckpoint(
    folder,
    ModernBertConfig,
    "ModernBERT's family",
    () => "model",
  );
  const { hidden_size: width, intermediate_size: hidden, vocab_size: vocabulary } = config;
  const { num_hidden_layers: depth, global_attn_every_n_layers: every, rope_parameters: rope } = config;
  const isGlobal = (block: number) => block % every === 0;
  if (config.layer_types?.some((type, block) => (type === "full_attention") !== isGlobal(block)))
    throw new UserError(`${file}: layer_types is not "one in ${every} is global"; such models are not supported`);
  const blocks = Array.from({ length: depth }, (_, block): [string, Tensor][] => {
    const [from, to] = [`layers.${block}`, `encoder.blocks.${block}`];
    return [
      // The embeddings have a norm; the first block has none before its attention.
      ...(block > 0 ? norm(`${from}.attn_norm`, `${to}.norm1`, width, false) : []),
      ...layer(`${from}.attn.Wqkv`, `${to}.attention.qkv`, 3 * width, width, false),
      ...layer(`${from}.attn.Wo`, `${to}.attention.output`, width, width, false),
      ...norm(`${from}.mlp_norm`, `${to}.norm2`, width, false),
      ...layer(`${from}.mlp.Wi`, `${to}.up`, 2 * hidden, width, false),
      ...layer(`${from}.mlp.Wo`, `${to}.down`, width, hidden, false),
    ];
  }).flat();
  const embedding = at("embeddings.tok_embeddings.weight", [vocabulary, width]);
  const zero = filled([width], 0);
  const head: [string, Tensor][] = has("head.dense.weight")
    ? [
        ...layer("head.dense", "head.transform", width, width, config.classifier_bias),
        ...(config.classifier_bias ? [] : [["head.transform.bias", zero] as [string, Tensor]]),
        ...norm("head.norm", "head.norm", width, false),
        ["head.norm.shift", zero],
      ]
    : [];
  // A classifier has the same head, and no layer to the tokens.
  const bias = has("decoder.bias") && config.decoder_bias ? at("decoder.bias", [vocabulary]) : filled([vocabulary], 0);
  return {
    encoderOptions: {
      width,
      depth,
      heads: config.num_attention_heads,
      mlpRatio: hidden / width,
      norm: "pre",
      positions: "rotary",
      epsilon: config.norm_eps,
      mlp: "geglu",
      biases: false,
      embeddingNorm: true,
      localWindow: config.local_attention,
      globalEvery: every,
      rotaryBase: rope?.full_attention.rope_theta ?? config.global_rope_theta,
      localRotaryBase: rope?.sliding_attention.rope_theta ?? config.local_rope_theta ?? config.global_rope_theta,
    },
    length: config.max_position_embeddings,
    tokenizer: join(folder, TOKENIZER_FILE),
    tensors: (_, tokens) =>
      new Map<string, Tensor>([
        ["encoder.words", rows(embedding, tokens)],
        ...norm("embeddings.norm", "encoder.embeddingNorm", width, false),
        ...blocks,
        ...norm("final_norm", "encoder.norm", width, false),
        ...head,
        ...(head.length > 0 ? ([["head.bias", rows(bias, tokens)]] as const) : []),
      ]),
  };
}
