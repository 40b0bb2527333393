import * as z from "zod";
import { type Array, filled, lax, np, type Rng, type TensorSpec, type Traced } from "../array/index.ts";
import type { Offered } from "../data/ability.ts";
import * as bounds from "../foundation/bounds.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { relu } from "../layers/functions/relu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { type Wiring, wiring } from "../layers/message-passing.ts";
import { batchNorm } from "../layers/norms/batch-norm.ts";
import { nodes } from "./abilities.ts";
import { type EncodeOptions, type Encoder, encoder, type Inputs, type NodeLayer } from "./encoder.ts";
import { graphInput, graphTensors, nodeEmbedding, POOLINGS, readOut } from "./graph-input.ts";

/** x where it is positive, `slope` · x elsewhere. He et al. 2015, https://arxiv.org/abs/1502.01852; one slope for all channels. */
const prelu = (x: Array, slope: Array): Array => np.subtract(relu(x), np.multiply(slope, relu(np.negative(x))));

/**
 * Sums over neighbours and the node itself, each divided by √(degree + 1) of both: D̂^(−1/2) (A + I) D̂^(−1/2) x.
 * @param degrees `[batch, N, 1]`, in the whole graph
 */
const propagate = (x: Array, { sum }: Wiring, degrees: Array): Array => {
  const share = lax.stopGradient(np.reciprocal(np.sqrt(np.add(degrees, 1))));
  return np.multiply(sum(np.multiply(x, share)), share);
};

/** Numbers of neighbours in the whole graph, `[batch, N, 1]`. */
const degreesOf = ({ degrees }: Inputs, connected: Wiring): Array =>
  degrees ? np.expandDims(degrees, 2) : connected.degrees;

/** A layer without activation, from `width` to `dim`. */
function decoder(edgeSizes: readonly number[], width: number, dim: number): NodeLayer {
  const bound = Math.sqrt(6 / (width + dim));
  const init = (rng: Rng) => ({ weight: rng.uniforms([width, dim], -bound, bound), bias: filled([dim], 0) });
  return {
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, vectors: Array, inputs: Inputs): Array {
      const connected = wiring(graphTensors(inputs, "gcn").edges, vectors.shape[1]!, edgeSizes);
      const moved = propagate(np.matmul(vectors, params.weight), connected, degreesOf(inputs, connected));
      return np.add(moved, params.bias);
    },
  };
}

const options = z.object({
  width: bounds.width().default(512).describe("width of a node's vector and of the representation"),
  depth: bounds.depth().default(2).describe("number of layers: how many edges away a node sees"),
  activation: z.enum(["prelu", "relu"]).default("prelu").describe("after each layer, the last one too"),
  norm: z.enum(["none", "batch"]).default("none").describe("before each activation: batch as BGRL, or none"),
  pooling: z.enum(POOLINGS).default("mean").describe("how the nodes' vectors become a whole graph's"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of each layer's inputs dropped in training, from the second on"),
});

function build(
  settings: z.infer<typeof options>,
  specs: Readonly<Record<string, TensorSpec>>,
): Encoder & Offered<typeof nodes> {
  const { width, depth, activation, norm: normName, pooling, dropout: rate } = settings;
  const input = graphInput(specs, "encoder gcn");
  const embedding = nodeEmbedding(input, width);
  const norm = batchNorm(width);
  const xavier = Math.sqrt(6 / (2 * width));
  const init = (rng: Rng) => ({
    embedding: embedding.init(rng.split("embedding")),
    layers: globalThis.Array.from({ length: depth }, (_, index) => ({
      ...(index > 0 && { weight: rng.split("layer", index).uniforms([width, width], -xavier, xavier) }),
      bias: filled([width], 0),
      ...(normName === "batch" && { norm: norm.init() }),
      ...(activation === "prelu" && { slope: filled([1], 0.25) }),
    })),
  });
  type GcnParams = Traced<ParamsOf<{ init: typeof init }>>;

  const encode = (params: GcnParams, inputs: Inputs, options?: Pick<EncodeOptions, "masked">): Array => {
    const { nodes: codes, edges, present } = graphTensors(inputs, "gcn");
    const count = codes.shape[1]!;
    const connected = wiring(edges, count, input.edgeSizes);
    const degrees = degreesOf(inputs, connected);
    const weights = np.reshape(present, [-1]);
    const vectors = params.layers.reduce(
      (x: Array, own) => {
        const { weight, bias, slope } = own;
        const changed = weight ? np.matmul(dropout(x, rate), weight) : x;
        const moved = np.add(propagate(changed, connected, degrees), bias);
        const rows = np.reshape(moved, [-1, width]);
        const standard = own.norm ? np.reshape(norm.apply(own.norm, rows, { weights }), moved.shape) : moved;
        return slope ? prelu(standard, slope) : relu(standard);
      },
      embedding.apply(params.embedding, inputs, options),
    );
    return np.multiply(vectors, np.expandDims(present, 2));
  };
  const pool = (vectors: Array, inputs: Inputs): Array =>
    readOut(vectors, inputs, graphTensors(inputs, "gcn").present, pooling);

  return {
    name: "gcn",
    embedDim: width,
    init,
    apply: (params: GcnParams, inputs: Inputs) => pool(encode(params, inputs), inputs),
    hidden: (params: GcnParams, inputs: Inputs) => encode(params, inputs),
    nodes: {
      ...{ width, encode, pool, depth },
      deep: (depth) => build({ ...settings, depth }, specs),
      decoder: (dim) => decoder(input.edgeSizes, width, dim),
    },
    hyperparameters: { width, depth, activation, norm: normName, pooling, dropout: rate },
  };
}

/**
 * Graph convolutional network. Kipf and Welling 2017, https://arxiv.org/abs/1609.02907. By default 2 layers of 512 with PReLU, as
 * DGI, BGRL and GraphMAE use it for citation graphs.
 *
 * Reads `nodes`, `edges` (whose attributes it does not see), and if they are there `values`, `readout` and `degrees`: see
 * `data/graph.ts`. Of a part of a graph, `degrees` float32 `[N]` are those in the whole graph, without which nodes at the part's
 * rim would weigh too much. The first layer is linear in a node's numbers and one-hot codes. Parameters: `embedding.{table,weight}`
 * (the first layer's weights), `layers.N.weight` `[width, width]` from the second on, and of each `layers.N.{bias,slope,norm}`.
 */
export const gcn = encoder({
  name: "gcn",
  paper: "https://arxiv.org/abs/1609.02907",
  reads: { nodes: 2, edges: 2 },
  abilities: [nodes],
  options,
  build,
});
