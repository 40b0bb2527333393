import * as z from "zod";
import { type Array, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { columnTokens } from "../layers/column-tokens.ts";
import { dropout } from "../layers/functions/dropout.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { tokens } from "./abilities.ts";
import { columnInputs, columnSizes } from "./columns-input.ts";
import { type EncodeOptions, encoder, type Inputs } from "./encoder.ts";

/**
 * FT-Transformer: every column of a table is a token, in front of which stands `[CLS]`.
 * Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959
 *
 * Reads `values` and `codes`, `[batch, columns]` each. The representation is `[CLS]` after the last norm. Parameters: `cls`
 * `[1, width]`, `columns.{weight,table}`, `positions` `[columns, width]` (the paper's bias of each column, which a mask leaves),
 * `blocks.N.…`, `norm`. Differs from the paper: GELU, not ReGLU; the first block has its first norm, too; one share of dropout, also
 * of the tokens that enter the first block.
 */
export const ftTransformer = encoder({
  name: "ft-transformer",
  paper: "https://arxiv.org/abs/2106.11959",
  reads: { values: 1, codes: 1 },
  abilities: [tokens],
  options: z.object({
    width: bounds.width().default(192).describe("width of a token"),
    depth: bounds.depth().default(3).describe("number of blocks"),
    heads: bounds.width().default(8).describe("attention heads"),
    mlpRatio: bounds
      .ratio()
      .default(4 / 3)
      .describe("hidden width of the feed-forward part over the width"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of activations dropped in training"),
  }),

  build({ width, depth, heads, mlpRatio, dropout: rate }, specs) {
    const sizes = columnSizes(specs, "encoder ft-transformer");
    if (width % heads !== 0)
      throw new UserError(`a width of ${width} cannot be split into ${heads} heads; choose heads that divide it`);
    const embed = columnTokens(sizes, width);
    const blocks = globalThis.Array.from({ length: depth }, () =>
      transformerBlock({ width, heads, mlpRatio, dropout: rate, epsilon: 1e-5 }),
    );
    const norm = layerNorm(width, 1e-5);
    // The authors' bound.
    const bound = 1 / Math.sqrt(width);
    const init = (rng: Rng) => ({
      cls: rng.split("cls").uniforms([1, width], -bound, bound),
      columns: embed.init(rng.split("columns"), bound),
      positions: rng.split("positions").uniforms([sizes.length, width], -bound, bound),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
      norm: norm.init(),
    });
    type FtParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** `[batch, 1 + columns, width]` */
    const embedded = (params: FtParams, inputs: Inputs, { keep, masked }: EncodeOptions): Array => {
      if (keep) throw new Error("ft-transformer: tokens cannot be dropped; mask them");
      const { values, codes } = columnInputs(inputs, "ft-transformer");
      const all = embed.apply(params.columns, values, codes);
      const at = masked && np.expandDims(masked.at, 2);
      const seen = at ? np.add(np.multiply(np.subtract(1, at), all), np.multiply(at, masked.token)) : all;
      const batch = codes.shape[0]!;
      const cls = np.broadcastTo(np.expandDims(params.cls, 0), [batch, 1, width]);
      return dropout(np.concatenate([cls, np.add(seen, params.positions)], 1), rate);
    };
    const outputs = (params: FtParams, inputs: Inputs, options: EncodeOptions = {}): Array[] => {
      let x = embedded(params, inputs, options);
      return blocks.map((block, index) => {
        x = block.apply(params.blocks[index]!, x, { bias: options.attentionBias });
        return x;
      });
    };
    const encode = (params: FtParams, inputs: Inputs, options?: EncodeOptions): Array =>
      norm.apply(params.norm, outputs(params, inputs, options).at(-1)!);

    return {
      name: "ft-transformer",
      embedDim: width,
      init,
      apply: (params: FtParams, inputs: Inputs) =>
        np.reshape(np.split(encode(params, inputs), [1], 1)[0]!, [-1, width]),
      hidden: (params: FtParams, inputs: Inputs) => encode(params, inputs),
      tokens: { count: sizes.length, width, prefix: 1, encode, blocks: outputs },
      hyperparameters: { width, depth, heads, mlpRatio, dropout: rate, columns: sizes.length },
    };
  },
});
