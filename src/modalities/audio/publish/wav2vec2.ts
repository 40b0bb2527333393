import { filled, float32, type Tensor } from "../../../array/index.ts";
import type { LayoutOf } from "../../../interop/huggingface/layout.ts";
import { lookup, renamed } from "../../../interop/huggingface/pieces.ts";

const numbers = (value: number | string | undefined): number[] => String(value).split(",").map(Number);

/**
 * The encoder `wave` as `Wav2Vec2Model`, or with a classifier as `Wav2Vec2ForSequenceClassification`; undefined for what
 * that class cannot be: one that sees only the past.
 * https://huggingface.co/docs/transformers/model_doc/wav2vec2
 */
export const wav2vec2Layout: LayoutOf = ({ name, hyperparameters }) => {
  if (name !== "wave" || hyperparameters.causal === "true" || hyperparameters.channels !== 1) return undefined;
  const number = (key: string) => Number(hyperparameters[key]);
  const [width, depth, convWidth] = [number("width"), number("depth"), number("convWidth")];
  const kernels = numbers(hyperparameters.kernels);
  return {
    config: {
      model_type: "wav2vec2",
      hidden_size: width,
      num_hidden_layers: depth,
      num_attention_heads: number("heads"),
      intermediate_size: Math.round(width * number("mlpRatio")),
      hidden_act: "gelu",
      layer_norm_eps: 1e-5,
      feat_extract_norm: "group",
      feat_extract_activation: "gelu",
      conv_dim: kernels.map(() => convWidth),
      conv_kernel: kernels,
      conv_stride: numbers(hyperparameters.strides),
      conv_bias: false,
      num_feat_extract_layers: kernels.length,
      num_conv_pos_embeddings: number("positionKernel"),
      num_conv_pos_embedding_groups: number("positionGroups"),
      do_stable_layer_norm: false,
      classifier_proj_size: width,
      use_weighted_layer_sum: false,
      hidden_dropout: 0,
      activation_dropout: 0,
      attention_dropout: 0,
      feat_proj_dropout: 0,
      final_dropout: 0,
      layerdrop: 0,
      apply_spec_augment: false,
      initializer_range: 0.02,
    },
    model: "Wav2Vec2Model",
    classifier: {
      model: "Wav2Vec2ForSequenceClassification",
      prefix: "wav2vec2.",
      layer: "classifier",
      // That class has a layer before the mean over time, which here is the identity.
      tensors: () => [
        ["projector.weight", identity(width)],
        ["projector.bias", filled([width], 0)],
      ],
    },
    note: (model) =>
      `\`model.safetensors\` has the names of Hugging Face's \`${model}\`${model === "Wav2Vec2Model" ? "; the representation is `last_hidden_state.mean(1)`" : ""}.`,
    tensors(params) {
      const at = lookup(params);
      const { layer, norm, attention } = renamed(at);
      const blocks = Array.from({ length: depth }, (_, block): [string, Tensor][] => {
        const [from, to] = [`blocks.${block}`, `encoder.layers.${block}`];
        return [
          ...attention(`${to}.attention`, `${from}.attention.qkv`, ["q_proj", "k_proj", "v_proj"]),
          ...layer(`${to}.attention.out_proj`, `${from}.attention.output`),
          ...norm(`${to}.layer_norm`, `${from}.norm1`),
          ...layer(`${to}.feed_forward.intermediate_dense`, `${from}.up`),
          ...layer(`${to}.feed_forward.output_dense`, `${from}.down`),
          ...norm(`${to}.final_layer_norm`, `${from}.norm2`),
        ];
      });
      const position = at("positions.weight");
      return [
        // Masks are the method's, not the encoder's.
        ["masked_spec_embed", filled([width], 0)],
        ...kernels.map((_, conv): [string, Tensor] => [
          `feature_extractor.conv_layers.${conv}.conv.weight`,
          at(`convs.${conv}.weight`),
        ]),
        ...norm("feature_extractor.conv_layers.0.layer_norm", "groupNorm"),
        ...norm("feature_projection.layer_norm", "featureNorm"),
        ...layer("feature_projection.projection", "project"),
        ["encoder.pos_conv_embed.conv.weight_g", lengths(position)],
        ["encoder.pos_conv_embed.conv.weight_v", position],
        ["encoder.pos_conv_embed.conv.bias", at("positions.bias")],
        ...norm("encoder.layer_norm", "norm"),
        ...blocks.flat(),
      ];
    },
  };
};

/** PyTorch's weight norm over the last axis: the length of all weights at each place of the kernel, `[1, 1, kernel]`. */
function lengths({ data, shape }: Tensor): Tensor {
  const kernel = shape.at(-1) ?? 1;
  const squares = new Float64Array(kernel);
  for (let at = 0; at < data.length; at++) squares[at % kernel]! += data[at]! ** 2;
  return float32(Float32Array.from(squares, Math.sqrt), [1, 1, kernel]);
}

function identity(width: number): Tensor {
  const values = new Float32Array(width * width);
  for (let at = 0; at < width; at++) values[at * width + at] = 1;
  return float32(values, [width, width]);
}
