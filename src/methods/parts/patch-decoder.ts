import { type Array, constant, type Rng, type Traced } from "../../array/index.ts";
import type { ParamsOf } from "../../layers/layer.ts";
import { linear } from "../../layers/linear.ts";
import { layerNorm } from "../../layers/norms/layer-norm.ts";
import { refuseWidth, sinCosPositions } from "../../layers/transformer/positions.ts";
import { transformerBlock } from "../../layers/transformer/transformer.ts";
import type { Grid } from "./masks.ts";

export interface PatchDecoderOptions {
  /** The method's name, for errors. */
  readonly name: string;
  readonly grid: Grid;
  /** Width of the input tokens. */
  readonly input: number;
  /** Width, blocks and heads of the decoder. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Values per output token. */
  readonly output: number;
}

/**
 * A narrow Transformer after the encoder: MAE's decoder, I-JEPA's predictor, the VQ-VAE's decoder. A method projects the
 * encoded tokens, puts them and mask tokens in their places, adds positions, and decodes.
 * @throws UserError when the width fits neither the heads nor the sine–cosine positions
 */
export function patchDecoder({ name, grid, input, width, depth, heads, output }: PatchDecoderOptions) {
  refuseWidth(`${name}: a decoder width`, width, heads);
  const project = linear(input, width);
  const blocks = globalThis.Array.from({ length: depth }, () => transformerBlock({ width, heads, mlpRatio: 4 }));
  const norm = layerNorm(width);
  const predict = linear(width, output);
  const init = (rng: Rng) => ({
    project: project.init(rng.split("project")),
    maskToken: rng.split("maskToken").truncatedNormal([1, width], 0.02),
    blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
    norm: norm.init(),
    predict: predict.init(rng.split("predict")),
  });
  type DecoderParams = Traced<ParamsOf<{ init: typeof init }>>;
  return {
    init,
    /** Fixed positions of the grid, `[patches, width]`. */
    positions: (): Array => constant(sinCosPositions(grid, width)),
    /** `[batch, tokens, input]` → `[batch, tokens, width]`. */
    project: (params: Pick<DecoderParams, "project">, tokens: Array): Array => project.apply(params.project, tokens),
    /** `[batch, tokens, width]`, positions added → `[batch, tokens, output]`. */
    decode(params: Pick<DecoderParams, "blocks" | "norm" | "predict">, placed: Array): Array {
      const decoded = blocks.reduce((x, block, index) => block.apply(params.blocks[index]!, x), placed);
      return predict.apply(params.predict, norm.apply(params.norm, decoded));
    },
  };
}

/** Default width of a decoder: about two thirds of the encoder's, and a multiple of 4 and of the heads. */
export const decoderWidthFor = (width: number, heads: number): number =>
  Math.max(1, Math.round(width / (6 * heads))) * 4 * heads;
