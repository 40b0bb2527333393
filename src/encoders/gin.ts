import * as z from "zod";
import { type Array, np, type Rng, type TensorSpec, type Traced } from "../array/index.ts";
import type { Offered } from "../data/ability.ts";
import * as bounds from "../foundation/bounds.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { relu } from "../layers/functions/relu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { edgeMessages, wiring } from "../layers/message-passing.ts";
import { batchNorm } from "../layers/norms/batch-norm.ts";
import { nodes } from "./abilities.ts";
import { type EncodeOptions, type Encoder, encoder, type Inputs, type NodeLayer } from "./encoder.ts";
import { graphInput, graphTensors, nodeEmbedding, POOLINGS, readOut } from "./graph-input.ts";

/** A linear layer that starts as PyTorch's: uniform within 1 / √input. */
const torchLinear = (input: number, output: number) => {
  const bound = 1 / Math.sqrt(input);
  return {
    init: (rng: Rng) => ({
      weight: rng.split("weight").uniforms([output, input], -bound, bound),
      bias: rng.split("bias").uniforms([output], -bound, bound),
    }),
    apply: linear(input, output).apply,
  };
};

/**
 * One layer: messages, a perceptron `width → 2 · width → width`, and a norm over the nodes that are there. The second linear layer
 * has no bias, which the norm would take away.
 */
function layer(edgeSizes: readonly number[], width: number) {
  const messages = edgeMessages(edgeSizes, width);
  const up = torchLinear(width, 2 * width);
  const down = torchLinear(2 * width, width);
  const norm = batchNorm(width);
  const init = (rng: Rng) => ({
    edges: messages.init(rng.split("edges")),
    up: up.init(rng.split("up")),
    down: { weight: down.init(rng.split("down")).weight },
    norm: norm.init(),
  });
  return { init, messages, up, down, norm };
}

/** A layer's messages and perceptron, `width → 2 · width → dim`, as the decoder of GraphMAE for molecules. */
function decoder(edgeSizes: readonly number[], width: number, dim: number): NodeLayer {
  const messages = edgeMessages(edgeSizes, width);
  const [up, down] = [torchLinear(width, 2 * width), torchLinear(2 * width, dim)];
  const init = (rng: Rng) => ({
    edges: messages.init(rng.split("edges")),
    up: up.init(rng.split("up")),
    down: down.init(rng.split("down")),
  });
  return {
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, vectors: Array, inputs: Inputs): Array {
      const connected = wiring(graphTensors(inputs, "gin").edges, vectors.shape[1]!, edgeSizes);
      return down.apply(params.down, relu(up.apply(params.up, messages.apply(params.edges, vectors, connected))));
    },
  };
}

const options = z.object({
  width: bounds.width().default(300).describe("width of a node's vector and of the representation"),
  depth: bounds.depth().default(5).describe("number of layers: how many edges away a node sees"),
  pooling: z.enum(POOLINGS).default("mean").describe("how the nodes' vectors become the graph's"),
  jumping: z
    .enum(["last", "concat"])
    .default("last")
    .describe("which layers' nodes are pooled: the last one's, or all layers', side by side"),
  dropout: z.number().min(0).lt(1).default(0).describe("share of each layer's outputs dropped in training"),
});

function build(
  settings: z.infer<typeof options>,
  specs: Readonly<Record<string, TensorSpec>>,
): Encoder & Offered<typeof nodes> {
  const { width, depth, pooling, jumping, dropout: rate } = settings;
  const input = graphInput(specs, "encoder gin");
  const embedding = nodeEmbedding(input, width);
  const layers = globalThis.Array.from({ length: depth }, () => layer(input.edgeSizes, width));
  const init = (rng: Rng) => ({
    embedding: embedding.init(rng.split("embedding")),
    layers: layers.map((each, index) => each.init(rng.split("layer", index))),
  });
  type GinParams = Traced<ParamsOf<{ init: typeof init }>>;

  /** Every layer's nodes, `[batch, N, width]`, 0 for padding. */
  const outputs = (params: GinParams, inputs: Inputs, options?: Pick<EncodeOptions, "masked">): Array[] => {
    const { nodes: codes, edges, present } = graphTensors(inputs, "gin");
    const [batch, count] = codes.shape as [number, number, number];
    const connected = wiring(edges, count, input.edgeSizes);
    const weights = np.reshape(present, [-1]);
    let x = embedding.apply(params.embedding, inputs, options);
    return layers.map(({ messages, up, down, norm }, index) => {
      const own = params.layers[index]!;
      const inner = relu(up.apply(own.up, messages.apply(own.edges, x, connected)));
      const rows = np.reshape(down.apply(own.down, inner), [-1, width]);
      const standard = np.reshape(norm.apply(own.norm, rows, { weights }), [batch, count, width]);
      x = dropout(index < depth - 1 ? relu(standard) : standard, rate);
      return np.multiply(x, np.expandDims(present, 2));
    });
  };
  const encode = (params: GinParams, inputs: Inputs, options?: Pick<EncodeOptions, "masked">): Array =>
    outputs(params, inputs, options).at(-1)!;
  const pool = (vectors: Array, inputs: Inputs): Array =>
    readOut(vectors, inputs, graphTensors(inputs, "gin").present, pooling);

  return {
    name: "gin",
    embedDim: jumping === "concat" ? depth * width : width,
    init,
    apply(params: GinParams, inputs: Inputs): Array {
      const all = outputs(params, inputs);
      const read = jumping === "concat" ? all : all.slice(-1);
      return np.concatenate(
        read.map((vectors) => pool(vectors, inputs)),
        1,
      );
    },
    hidden: (params: GinParams, inputs: Inputs) => encode(params, inputs),
    nodes: {
      ...{ width, encode, pool, depth },
      // Contexts are compared with the nodes of the last layer.
      deep: (depth) => build({ ...settings, depth, jumping: "last" }, specs),
      decoder: (dim) => decoder(input.edgeSizes, width, dim),
    },
    hyperparameters: { width, depth, pooling, jumping, dropout: rate },
  };
}

/**
 * Graph isomorphism network. Xu et al. 2019, https://arxiv.org/abs/1810.00826, with edge attributes as Hu et al. 2020
 * (pretrain-gnns), https://arxiv.org/abs/1905.12265: 5 layers of width 300, whose defaults these are.
 *
 * Reads `nodes` and `edges`, and if they are there `values` and `readout`: see `data/graph.ts`. A node starts as the sum of its
 * columns' embeddings and a linear layer of its numbers; the last layer's vectors are pooled ("JK last"), and have no ReLU. With
 * `jumping` concat the representation has all layers' (Xu et al. 2018, https://arxiv.org/abs/1806.03536), as InfoGraph and GraphCL
 * read social and chemical graphs; methods that learn from nodes still see the last layer's.
 * Parameters: `embedding.{table,weight}`, `layers.N.{edges.table,up.{weight,bias},down.weight,norm}`. Differs from the
 * authors' code: no bias between the perceptron and the norm, which takes it away.
 */
export const gin = encoder({
  name: "gin",
  paper: "https://arxiv.org/abs/1905.12265",
  reads: { nodes: 2, edges: 2 },
  abilities: [nodes],
  options,
  build,
});
