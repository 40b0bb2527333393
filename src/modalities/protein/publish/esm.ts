import { float32, type Tensor } from "../../../array/index.ts";
import { BLOCK_LAYERS } from "../../../evaluation/language/hub/bert.ts";
import { isClassic, type LanguageFacts, type LanguageLayout } from "../../../evaluation/language/hub/layout.ts";
import { lookup, renamed } from "../../../interop/huggingface/pieces.ts";
import { proteinVocabulary } from "../vocabulary.ts";

/** Paths of a block's norms here, and their names in ESM, which calls its layers as BERT does. */
const BLOCK_NORMS = [
  ["norm1", "attention.LayerNorm"],
  ["norm2", "LayerNorm"],
] as const;

/** Whether an encoder is one of ESM-2's: pre-norm, rotary, not causal, with heads that fill the width. */
export function isEsm({ encoder }: Pick<LanguageFacts, "encoder">): boolean {
  const { norm, positions, causal, width, heads, headDim, mlp } = encoder.hyperparameters;
  const fills = headDim === undefined || Number(heads) * Number(headDim) === width;
  return (
    isClassic(encoder) && mlp === undefined && norm === "pre" && positions === "rotary" && causal !== "true" && fills
  );
}

/** Angles per position of each pair of a head's values: a buffer of the class, which its checkpoints have. */
function frequencies(headDim: number): Tensor {
  const half = headDim / 2;
  return float32(
    Float32Array.from({ length: half }, (_, at) => 10000 ** (-at / half)),
    [half],
  );
}

/**
 * `EsmForMaskedLM`, `EsmForTokenClassification` with a head for each token, else `EsmModel`.
 * https://huggingface.co/docs/transformers/model_doc/esm
 */
export function esmLayout({ encoder, params, ids, predictsTokens, head }: LanguageFacts): LanguageLayout {
  const at = lookup(params);
  const number = (key: string) => Number(encoder.hyperparameters[key]);
  const [width, depth, heads] = [number("width"), number("depth"), number("heads")];
  const isLanguageModel = predictsTokens && !head;
  const perToken = head?.task === "token-classification";
  const model = isLanguageModel ? "EsmForMaskedLM" : perToken ? "EsmForTokenClassification" : "EsmModel";
  const prefix = isLanguageModel || perToken ? "esm." : "";
  const { norm, layer, attention } = renamed(at);
  const blocks = Array.from({ length: depth }, (_, block): [string, Tensor][] => {
    const [from, to] = [`encoder.blocks.${block}`, `${prefix}encoder.layer.${block}`];
    return [
      ...attention(`${to}.attention.self`, `${from}.attention.qkv`),
      [`${to}.attention.self.rotary_embeddings.inv_freq`, frequencies(width / heads)],
      ...BLOCK_LAYERS.flatMap(([path, name]) => layer(`${to}.${name}`, `${from}.${path}`)),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${to}.${name}`, `${from}.${path}`)),
    ];
  }).flat();
  const dropout = number("dropout");
  return {
    config: {
      model_type: "esm",
      architectures: [head && !perToken ? "EsmForSequenceClassification" : model],
      vocab_size: number("vocabulary"),
      hidden_size: width,
      num_hidden_layers: depth,
      num_attention_heads: heads,
      intermediate_size: Math.round(width * number("mlpRatio")),
      hidden_act: "gelu",
      layer_norm_eps: number("epsilon"),
      max_position_embeddings: number("length"),
      position_embedding_type: "rotary",
      emb_layer_norm_before: false,
      // ESM-2 scales embeddings by the share that is masked; these models were trained without.
      token_dropout: false,
      is_folding_model: false,
      hidden_dropout_prob: dropout,
      attention_probs_dropout_prob: dropout,
      initializer_range: 0.02,
      pad_token_id: ids.pad,
      mask_token_id: proteinVocabulary(8).mask,
      tie_word_embeddings: true,
    },
    tensors: [
      [`${prefix}embeddings.word_embeddings.weight`, at("encoder.words")],
      ...blocks,
      ...norm(`${prefix}encoder.emb_layer_norm_after`, "encoder.norm"),
      ...(isLanguageModel
        ? [
            ...layer("lm_head.dense", "head.transform"),
            ...norm("lm_head.layer_norm", "head.norm"),
            ["lm_head.bias", at("head.bias")] as const,
          ]
        : []),
      ...(head?.linear
        ? ([
            ["classifier.weight", head.linear.weight],
            ["classifier.bias", head.linear.bias],
          ] as const)
        : []),
    ],
    note:
      head && !perToken
        ? "`model.safetensors` has the names of Hugging Face's `EsmModel`; its class with a head reads the first token through a further layer, which this head does not have: use the ONNX file."
        : `\`model.safetensors\` has the names of Hugging Face's \`${model}\`; it has no contact head.`,
  };
}
