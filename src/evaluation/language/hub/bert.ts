import { filled, type Tensor } from "../../../array/index.ts";
import type { LinearHead } from "../../../data/answers.ts";
import { lookup, renamed } from "../../../interop/huggingface/pieces.ts";
import { afterPooler, identityPooler } from "../../../interop/huggingface/pooler.ts";
import { activationOf, type LanguageFacts, type LanguageLayout } from "./layout.ts";

/** Paths of a block's layers here, and their names in BERT. */
export const BLOCK_LAYERS = [
  ["attention.output", "attention.output.dense"],
  ["up", "intermediate.dense"],
  ["down", "output.dense"],
] as const;
export const BLOCK_NORMS = [
  ["norm1", "attention.output.LayerNorm"],
  ["norm2", "output.LayerNorm"],
] as const;

/** `BertForSequenceClassification`'s layers for a linear layer on the first token. */
const classifier = (width: number, { weight, bias }: LinearHead): [string, Tensor][] => [
  ...identityPooler("bert.pooler.dense", width),
  ["classifier.weight", afterPooler(weight)],
  ["classifier.bias", bias],
];

/**
 * `BertForMaskedLM`, `BertForSequenceClassification` with a head, or `BertModel` if the method predicts no tokens.
 * https://huggingface.co/docs/transformers/model_doc/bert
 */
export function bertLayout({ encoder, params, ids, predictsTokens, head }: LanguageFacts): LanguageLayout {
  const at = lookup(params);
  const { hyperparameters } = encoder;
  const number = (key: string) => Number(hyperparameters[key]);
  const [width, depth] = [number("width"), number("depth")];
  const prefix = predictsTokens || head ? "bert." : "";
  const model = head ? "BertForSequenceClassification" : predictsTokens ? "BertForMaskedLM" : "BertModel";
  const isPooled = hyperparameters.pooling === "first";
  const names = `\`model.safetensors\` has the names of Hugging Face's \`${model}\``;
  const { norm, layer, attention } = renamed(at);
  const blocks = Array.from({ length: depth }, (_, block): [string, Tensor][] => {
    const [from, to] = [`encoder.blocks.${block}`, `${prefix}encoder.layer.${block}`];
    return [
      ...attention(`${to}.attention.self`, `${from}.attention.qkv`),
      ...BLOCK_LAYERS.flatMap(([path, name]) => layer(`${to}.${name}`, `${from}.${path}`)),
      ...BLOCK_NORMS.flatMap(([path, name]) => norm(`${to}.${name}`, `${from}.${path}`)),
    ];
  }).flat();
  const dropout = number("dropout");
  return {
    config: {
      model_type: "bert",
      architectures: [model],
      vocab_size: number("vocabulary"),
      hidden_size: width,
      num_hidden_layers: depth,
      num_attention_heads: number("heads"),
      intermediate_size: Math.round(width * number("mlpRatio")),
      hidden_act: activationOf(encoder),
      layer_norm_eps: number("epsilon"),
      max_position_embeddings: number("length"),
      position_embedding_type: "absolute",
      type_vocab_size: 2,
      hidden_dropout_prob: dropout,
      attention_probs_dropout_prob: dropout,
      initializer_range: 0.02,
      pad_token_id: ids.pad,
      tie_word_embeddings: true,
    },
    tensors: [
      [`${prefix}embeddings.word_embeddings.weight`, at("encoder.words")],
      [`${prefix}embeddings.position_embeddings.weight`, at("encoder.positions")],
      // The first segment's embedding is part of the positions.
      [`${prefix}embeddings.token_type_embeddings.weight`, filled([2, width], 0)],
      ...norm(`${prefix}embeddings.LayerNorm`, "encoder.embeddingNorm"),
      ...blocks,
      ...(predictsTokens
        ? [
            ...layer("cls.predictions.transform.dense", "head.transform"),
            ...norm("cls.predictions.transform.LayerNorm", "head.norm"),
            ["cls.predictions.bias", at("head.bias")] as const,
          ]
        : []),
      ...(head?.linear
        ? isPooled
          ? classifier(width, head.linear)
          : ([
              ["classifier.weight", head.linear.weight],
              ["classifier.bias", head.linear.bias],
            ] as const)
        : []),
    ],
    note: !head
      ? `${names}.`
      : isPooled
        ? `${names}; its pooler is the identity (small weights, then large ones), so keep it in float32.`
        : `${names}, which classifies by the first token. This model uses the mean of the tokens and has no pooler: use the ONNX file.`,
  };
}
