import * as z from "zod";
import { nn } from "../array/index.ts";
import { type GraphCorruption, graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { linear } from "../layers/linear.ts";
import { nodeContrast } from "../objectives/contrastive/node-contrast.ts";
import { method } from "./method.ts";
import { nodesPresent } from "./parts/graphs/nodes.ts";
import { smallGraphs } from "./parts/presets.ts";

const shares = (first: number, second: number) =>
  z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([first, second]);

/**
 * GRACE: each node of a graph agrees with itself in another view of it, and with no other node of either view.
 * Zhu et al. 2020, https://arxiv.org/abs/2006.04131. Defaults are those of Cora in the authors' code
 * (https://github.com/CRIPAC-DIG/GRACE). Differs from it: the projection ends as wide as it is inside, not as wide as the encoder (both
 * 128 there); a view lacks its share exactly, and not each edge and column with that probability; of nodes that have no numbers,
 * all attributes of a share of the nodes are hidden, not a share of the columns at all nodes; negatives are nodes of the same
 * graph also where a batch has several.
 */
export const grace = method({
  name: "grace",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2006.04131",
  summary: "the nodes of two views of a graph agree one by one, different nodes do not",
  needs: [graphs, nodes],
  options: z.object({
    temperature: z.number().positive().default(0.4).describe("temperature of the similarities; lower is sharper (τ)"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings that the loss compares"),
    removeEdges: shares(0.2, 0.4).describe("share of the edges that each view lacks"),
    maskFeatures: shares(0.3, 0.4).describe("share of the features that each view lacks"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 1e-5, batchSize: 256 },
  presets: { small: smallGraphs },
  replaces: { dropEdges: "removeEdges", hideColumns: "maskFeatures", hideNodes: "maskFeatures" },
  defaultEncoder: "gcn",

  build({ encoder, modality, options: { temperature, projectionDim, removeEdges, maskFeatures } }) {
    const { width, encode } = encoder.nodes;
    const { corrupt, valueDim } = modality.graphs;
    const [up, down] = [linear(width, projectionDim), linear(projectionDim, projectionDim)];
    const corruption = (view: 0 | 1): GraphCorruption => ({
      edges: removeEdges[view],
      ...(valueDim > 0 ? { columns: maskFeatures[view] } : { nodes: maskFeatures[view] }),
    });
    return {
      views: (sample, rng) => ({
        first: modality.tensors(corrupt(sample, rng.split("view", 0), corruption(0))),
        second: modality.tensors(corrupt(sample, rng.split("view", 1), corruption(1))),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        up: up.init(rng.split("up")),
        down: down.init(rng.split("down")),
      }),
      loss(params, { first, second }) {
        const [z0, z1] = [first, second].map((view) =>
          down.apply(params.down, nn.elu(up.apply(params.up, encode(params.encoder, view)))),
        );
        return { loss: nodeContrast(z0!, z1!, { there: nodesPresent(first), temperature }) };
      },
    };
  },
});
