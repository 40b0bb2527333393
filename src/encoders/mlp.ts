import * as z from "zod";
import { type Array, filled, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { columnTokens } from "../layers/column-tokens.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { relu } from "../layers/functions/relu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { columnInputs, columnSizes } from "./columns-input.ts";
import { encoder, type Inputs } from "./encoder.ts";

/**
 * Multilayer perceptron over the columns of a table. Its defaults are SCARF's encoder (Bahri et al. 2021,
 * https://arxiv.org/abs/2106.15147): 4 layers of 256 with ReLU.
 *
 * Reads `values` and `codes`, `[batch, columns]` each. The first layer is a linear one of the numbers, of whether they
 * are there, and of one-hot categories. The representation is the
 * last layer's output. Parameters: `columns.{weight,table}`, `bias`, `layers.N.{weight,bias}`. Weights start with He's deviation.
 */
export const mlp = encoder({
  name: "mlp",
  paper: "https://arxiv.org/abs/2106.15147",
  reads: { values: 1, codes: 1 },
  abilities: [],
  options: z.object({
    width: bounds.width().default(256).describe("width of the layers and of the representation"),
    depth: bounds.depth().default(4).describe("number of layers"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of each layer's outputs dropped in training"),
  }),

  build({ width, depth, dropout: rate }, specs) {
    const sizes = columnSizes(specs, "encoder mlp");
    const first = columnTokens(sizes, width);
    const layer = linear(width, width);
    const init = (rng: Rng) => ({
      // A value and a row of each column are added: uniform numbers of deviation √(1 / columns).
      columns: first.init(rng.split("columns"), Math.sqrt(3 / sizes.length)),
      bias: filled([width], 0),
      layers: globalThis.Array.from({ length: depth - 1 }, (_, index) => ({
        weight: rng.split("layer", index).normals([width, width], Math.sqrt(2 / width)),
        bias: filled([width], 0),
      })),
    });
    type MlpParams = Traced<ParamsOf<{ init: typeof init }>>;
    const apply = (params: MlpParams, inputs: Inputs): Array => {
      const { values, codes } = columnInputs(inputs, "mlp");
      let x = relu(np.add(first.sum(params.columns, values, codes), params.bias));
      for (const weights of params.layers) x = relu(layer.apply(weights, dropout(x, rate)));
      return dropout(x, rate);
    };
    return {
      name: "mlp",
      embedDim: width,
      init,
      apply,
      hidden: apply,
      hyperparameters: { width, depth, dropout: rate, columns: sizes.length },
    };
  },
});
