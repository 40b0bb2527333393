import { int32, type Tensor } from "../../../array/index.ts";
import type { HuggingFaceLayout } from "../../../interop/huggingface/layout.ts";
import { lookup, renamed } from "../../../interop/huggingface/pieces.ts";
import type { PublishedModel } from "../../../interop/publisher.ts";

/**
 * The encoder `patchtst` as `PatchTSTModel`, or with a classifier as `PatchTSTForClassification`; undefined for another
 * encoder, and for a classifier of the channels' mean, which that class does not have.
 * https://huggingface.co/docs/transformers/model_doc/patchtst
 */
export function patchtstLayout({ encoder, head }: PublishedModel): HuggingFaceLayout | undefined {
  const { name, hyperparameters } = encoder;
  if (name !== "patchtst" || (head && hyperparameters.pooling !== "channels")) return undefined;
  const number = (key: string) => Number(hyperparameters[key]);
  const [width, depth] = [number("width"), number("depth")];
  const isBatch = hyperparameters.norm === "batch";
  return {
    config: {
      model_type: "patchtst",
      num_input_channels: number("channels"),
      context_length: number("size"),
      patch_length: number("patchLength"),
      patch_stride: number("stride"),
      d_model: width,
      num_hidden_layers: depth,
      num_attention_heads: number("heads"),
      ffn_dim: Math.round(width * number("mlpRatio")),
      activation_function: "gelu",
      norm_type: isBatch ? "batchnorm" : "layernorm",
      norm_eps: 1e-5,
      pre_norm: hyperparameters.normOrder === "pre",
      scaling: hyperparameters.instanceNorm === "true" ? "std" : null,
      share_embedding: true,
      share_projection: true,
      channel_attention: false,
      use_cls_token: false,
      // Whether they were drawn so or learned: the class then keeps those of the file.
      positional_encoding_type: "random",
      pooling_type: "mean",
      do_mask_input: false,
      bias: true,
      attention_dropout: 0,
      positional_dropout: 0,
      path_dropout: 0,
      ff_dropout: 0,
      head_dropout: 0,
      init_std: 0.02,
    },
    model: "PatchTSTModel",
    classifier: { model: "PatchTSTForClassification", prefix: "model.", layer: "head.linear" },
    note: (model) => `\`model.safetensors\` has the names of Hugging Face's \`${model}\`.`,
    tensors(params) {
      const at = lookup(params);
      const { layer, norm, attention } = renamed(at);
      const normOf = (to: string, from: string): [string, Tensor][] =>
        isBatch
          ? [
              ...norm(`${to}.batchnorm`, from),
              [`${to}.batchnorm.running_mean`, at(`${from}.runningMean`)],
              [`${to}.batchnorm.running_var`, at(`${from}.runningVariance`)],
              [`${to}.batchnorm.num_batches_tracked`, int32([0], [])],
            ]
          : norm(to, from);
      const blocks = Array.from({ length: depth }, (_, block): [string, Tensor][] => {
        const [from, to] = [`blocks.${block}`, `encoder.layers.${block}`];
        return [
          ...attention(`${to}.self_attn`, `${from}.attention.qkv`, ["q_proj", "k_proj", "v_proj"]),
          ...layer(`${to}.self_attn.out_proj`, `${from}.attention.output`),
          ...normOf(`${to}.norm_sublayer1`, `${from}.norm1`),
          ...layer(`${to}.ff.0`, `${from}.up`),
          ...layer(`${to}.ff.3`, `${from}.down`),
          ...normOf(`${to}.norm_sublayer3`, `${from}.norm2`),
        ];
      });
      return [
        ...layer("encoder.embedder.input_embedding", "patch"),
        ["encoder.positional_encoder.position_enc", at("positions")],
        ...blocks.flat(),
      ];
    },
  };
}
