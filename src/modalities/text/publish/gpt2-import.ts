import { join } from "node:path";
import * as z from "zod";
import type { Tensor } from "../../../array/index.ts";
import { TOKENIZER_FILE } from "../../../data/vocabulary.ts";
import { BLOCK_LAYERS, BLOCK_NORMS } from "../../../evaluation/language/hub/gpt2.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { transposed } from "../../../interop/huggingface/pieces.ts";
import { firstRows, type ImportedModel, openCheckpoint } from "./import.ts";

/** The parts of GPT-2's `config.json` that an encoder is built from. */
const Gpt2Config = z.object({
  model_type: z.literal("gpt2"),
  vocab_size: bounds.count(),
  n_embd: bounds.width(),
  n_layer: bounds.depth(),
  n_head: bounds.width(),
  n_inner: z
    .int()
    .positive()
    .max(2 ** 17)
    .nullish(),
  n_positions: bounds.count().min(8),
  activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu"]).default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
});

/**
 * Reads a folder with a model of GPT-2's family, such as `openai-community/gpt2` and `distilbert/distilgpt2`. Its layers keep
 * weights as `[input, output]`; its output layer is tied to the embeddings. https://huggingface.co/docs/transformers/model_doc/gpt2
 * @throws UserError when a file is missing, or the model is of another kind
 */
export async function importGpt2(folder: string): Promise<ImportedModel> {
  const { config, weights, at, norm, rows, has } = await openCheckpoint(
    folder,
    Gpt2Config,
    "GPT-2's family",
    () => "transformer",
  );
  const { n_embd: width, vocab_size: vocabulary } = config;
  const hidden = config.n_inner ?? 4 * width;
  const sizes = {
    "attention.qkv": [width, 3 * width],
    "attention.output": [width, width],
    up: [width, hidden],
    down: [hidden, width],
  } as const;
  const blocks = Array.from({ length: config.n_layer }, (_, block): [string, Tensor][] => {
    const [from, to] = [`h.${block}`, `encoder.blocks.${block}`];
    return [
      ...BLOCK_LAYERS.flatMap(([path, name]): [string, Tensor][] => [
        [`${to}.${path}.weight`, transposed(at(`${from}.${name}.weight`, sizes[path]))],
        [`${to}.${path}.bias`, at(`${from}.${name}.bias`, [sizes[path][1]])],
      ]),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${from}.${name}`, `${to}.${path}`, width)),
    ];
  }).flat();
  const positions = at("wpe.weight", [config.n_positions, width]);
  const embedding = at("wte.weight", [vocabulary, width]);
  if (has("lm_head.weight") && !isSame(at("lm_head.weight", [vocabulary, width]), embedding))
    throw new UserError(`${weights}: its output layer (lm_head) is not its embeddings; such models are not supported`);
  return {
    encoderOptions: {
      width,
      depth: config.n_layer,
      heads: config.n_head,
      mlpRatio: hidden / width,
      norm: "pre",
      positions: "learned",
      causal: true,
      epsilon: config.layer_norm_epsilon,
      mlp: config.activation_function === "gelu" ? "gelu" : "gelu-tanh",
    },
    length: config.n_positions,
    tokenizer: join(folder, TOKENIZER_FILE),
    method: "causal-lm",
    tensors: (kept, tokens) =>
      new Map<string, Tensor>([
        ["encoder.words", rows(embedding, tokens)],
        ["encoder.positions", firstRows(positions, kept, [width])],
        ...blocks,
        ...norm("ln_f", "encoder.norm", width),
      ]),
  };
}

const isSame = (one: Tensor, other: Tensor): boolean => one.data.every((value, at) => value === other.data[at]);
