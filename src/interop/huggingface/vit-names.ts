import { float32, sizeOf, type Tensor } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";
import { lookup, renamed } from "./pieces.ts";

/** Parts of later models, by the name of the hyperparameter that tells of them. */
const PARTS: Readonly<Record<string, string>> = {
  registers: "has registers",
  layerScale: "has LayerScale",
  mlp: "has other feed-forward layers",
  keyBias: "has no bias of keys",
  preNorm: "has a norm before its first block",
};

/** What an encoder has that ViT, AST and VideoMAE have not, in words; undefined if there is nothing. */
export function unusualPart({ hyperparameters }: Encoder): string | undefined {
  if (hyperparameters.positions === "rotary") return "has rotary positions";
  return Object.entries(PARTS).find(([key]) => key in hyperparameters)?.[1];
}

/** What the configurations of ViT, AST and VideoMAE have in common, and whether heads were pruned, which none of them can say. */
export function vitConfig({ hyperparameters }: Encoder) {
  const number = (key: string) => Number(hyperparameters[key]);
  const [width, depth, heads, prefix] = [number("width"), number("depth"), number("heads"), number("prefix")];
  return {
    ...{ width, depth, prefix },
    isPruned: "headDim" in hyperparameters && heads * number("headDim") !== width,
    config: {
      hidden_size: width,
      num_hidden_layers: depth,
      num_attention_heads: heads,
      intermediate_size: Math.round(width * number("mlpRatio")),
      hidden_act: "gelu",
      layer_norm_eps: Number(hyperparameters.epsilon ?? 1e-6),
      qkv_bias: true,
      hidden_dropout_prob: 0,
      attention_probs_dropout_prob: 0,
      initializer_range: 0.02,
    },
  };
}

/**
 * `[width, cells × channels]` → `[width, channels, ...extents]`, the weight of the same patch convolution.
 * @param extents of a patch, whose cells are in row-major order
 */
export function toConvolution({ data, shape }: Tensor, extents: readonly number[]): Tensor {
  const [width = 0, patchDim = 0] = shape;
  const cells = sizeOf(extents);
  const channels = patchDim / cells;
  const values = new Float32Array(data.length);
  for (let out = 0; out < width; out++)
    for (let cell = 0; cell < cells; cell++)
      for (let channel = 0; channel < channels; channel++)
        values[(out * channels + channel) * cells + cell] = data[out * patchDim + cell * channels + channel]!;
  return float32(values, [width, channels, ...extents]);
}

/**
 * Position embeddings `[1, prefix + patches, width]`: the parameters, or zeros for the tokens in front of the patches.
 * @param fixed of the patches, where they are no parameters
 */
export function positionEmbeddings(params: InitialParams, fixed: Tensor | undefined, prefix: number): Tensor {
  const { data, shape } = fixed ?? lookup(params)("positions");
  const [, width = 1] = shape;
  const front = fixed ? prefix * width : 0;
  const values = new Float32Array(front + data.length);
  values.set(data, front);
  return float32(values, [1, values.length / width, width]);
}

/** The blocks and the last norm of a ViT under the names that ViT, DeiT and AST share. @param at of a parameter by its path */
export function vitBlocks(at: (path: string) => Tensor, depth: number): [name: string, tensor: Tensor][] {
  const { layer, norm, attention } = renamed(at);
  const blocks = Array.from({ length: depth }, (_, block) => {
    const from = `blocks.${block}`;
    const to = `encoder.layer.${block}`;
    return [
      ...attention(`${to}.attention.attention`, `${from}.attention.qkv`),
      ...layer(`${to}.attention.output.dense`, `${from}.attention.output`),
      ...layer(`${to}.intermediate.dense`, `${from}.up`),
      ...layer(`${to}.output.dense`, `${from}.down`),
      ...norm(`${to}.layernorm_before`, `${from}.norm1`),
      ...norm(`${to}.layernorm_after`, `${from}.norm2`),
    ];
  });
  return [...blocks.flat(), ...norm("layernorm", "norm")];
}
