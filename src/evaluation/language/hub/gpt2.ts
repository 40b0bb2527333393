import type { Tensor } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { sequence } from "../../../encoders/abilities.ts";
import { lookup, renamed, transposed } from "../../../interop/huggingface/pieces.ts";
import { activationOf, type LanguageFacts, type LanguageLayout } from "./layout.ts";

/** Paths of a block's layers here, and their names in GPT-2. */
export const BLOCK_LAYERS = [
  ["attention.qkv", "attn.c_attn"],
  ["attention.output", "attn.c_proj"],
  ["up", "mlp.c_fc"],
  ["down", "mlp.c_proj"],
] as const;
export const BLOCK_NORMS = [
  ["norm1", "ln_1"],
  ["norm2", "ln_2"],
] as const;

/** GPT-2's `config.json` for a causal encoder. */
export function gpt2Config({ encoder, ids }: Pick<LanguageFacts, "encoder" | "ids">): LanguageLayout["config"] {
  const number = (key: string) => Number(encoder.hyperparameters[key]);
  return {
    model_type: "gpt2",
    vocab_size: number("vocabulary"),
    n_embd: number("width"),
    n_layer: number("depth"),
    // Heads that fill the width: the class does not know pruned heads, and libraries divide by this number.
    n_head: offerOf(encoder, sequence)?.wholeHeads ?? number("heads"),
    n_inner: Math.round(number("width") * number("mlpRatio")),
    n_positions: number("length"),
    activation_function: activationOf(encoder),
    layer_norm_epsilon: number("epsilon"),
    resid_pdrop: number("dropout"),
    embd_pdrop: number("dropout"),
    attn_pdrop: number("dropout"),
    bos_token_id: ids.begin,
    eos_token_id: ids.end,
    pad_token_id: ids.pad,
    tie_word_embeddings: true,
  };
}

/** `GPT2LMHeadModel`; its layers keep weights as `[input, output]`. https://huggingface.co/docs/transformers/model_doc/gpt2 */
export function gpt2Layout({ encoder, params, ids, predictsTokens }: LanguageFacts): LanguageLayout {
  const at = lookup(params);
  const number = (key: string) => Number(encoder.hyperparameters[key]);
  const { norm } = renamed(at);
  const layer = (name: string, path: string): [string, Tensor][] => [
    [`${name}.weight`, transposed(at(`${path}.weight`))],
    [`${name}.bias`, at(`${path}.bias`)],
  ];
  const prefix = predictsTokens ? "transformer." : "";
  const blocks = Array.from({ length: number("depth") }, (_, block) => {
    const [from, to] = [`encoder.blocks.${block}`, `${prefix}h.${block}`];
    return [
      ...BLOCK_LAYERS.flatMap(([path, name]) => layer(`${to}.${name}`, `${from}.${path}`)),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${to}.${name}`, `${from}.${path}`)),
    ];
  }).flat();
  return {
    config: { ...gpt2Config({ encoder, ids }), architectures: [predictsTokens ? "GPT2LMHeadModel" : "GPT2Model"] },
    tensors: [
      [`${prefix}wte.weight`, at("encoder.words")],
      [`${prefix}wpe.weight`, at("encoder.positions")],
      ...blocks,
      ...norm(`${prefix}ln_f`, "encoder.norm"),
    ],
    note: `\`model.safetensors\` has the names of Hugging Face's \`${predictsTokens ? "GPT2LMHeadModel" : "GPT2Model"}\`.`,
  };
}
