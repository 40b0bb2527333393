import * as z from "zod";
import { np } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { UserError } from "../foundation/errors.ts";
import { oneHot } from "../layers/functions/one-hot.ts";
import { linearNoBias } from "../layers/linear.ts";
import { scaledCosine } from "../objectives/restoration/scaled-cosine.ts";
import { method } from "./method.ts";
import { attributeColumns, categories } from "./parts/graphs/attributes.ts";
import { nodeColumn, ones, placesOf, someOf, withAttributes } from "./parts/graphs/nodes.ts";
import { smallGraphs } from "./parts/presets.ts";

/**
 * GraphMAE: the attributes of half of the nodes are hidden, and a decoder of one layer restores them from the vectors of the
 * other nodes. Hou et al. 2022, https://arxiv.org/abs/2205.10803. As in the authors' code (https://github.com/THUDM/GraphMAE): a
 * learned vector takes the place of a hidden node's attributes, some hidden nodes have another node's attributes instead; before
 * the decoder the vectors of all hidden nodes are 0 ("re-mask"); the loss is the scaled cosine error of the hidden nodes. The
 * target is a node's numbers, and the one-hot codes of its `columns`.
 *
 * Defaults are those of Cora, the preset `molecules` has those of molecules. Differs from the paper: the decoder's layer is of the
 * encoder's kind, here never an attention network; no dropout of features unless the encoder has `--dropout`.
 */
export const graphMae = method({
  name: "graph-mae",
  family: "masked",
  paper: "https://arxiv.org/abs/2205.10803",
  summary: "restore the hidden attributes of half of the nodes of a graph",
  needs: [graphs, nodes],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.5).describe("share of the nodes whose attributes are hidden"),
    replaceRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe("share of the hidden nodes that have another node's attributes"),
    gamma: z
      .int()
      .min(1)
      .max(16)
      .default(3)
      .describe("power of the cosine error; larger ones look at the worst nodes (γ)"),
    columns: attributeColumns(),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 2e-4, batchSize: 256 },
  presets: {
    small: smallGraphs,
    molecules: {
      summary: "a quarter of the atoms is hidden, none replaced, the error is not scaled",
      options: { maskRatio: 0.25, replaceRatio: 0, gamma: 1 },
      training: { learningRate: 1e-3, weightDecay: 0, batchSize: 256 },
      lightViews: true,
    },
  },
  defaultEncoder: "gin",

  build({ encoder, modality, options }) {
    const { width, encode } = encoder.nodes;
    const { valueDim } = modality.graphs;
    const columns = categories("graph-mae", modality.graphs, options.columns, valueDim > 0);
    const dim = columns.reduce((sum, { size }) => sum + size, valueDim);
    if (dim < 2)
      throw new UserError(
        "graph-mae: nodes have one number and no category, and a single number has no direction to predict; use another method",
      );
    const project = linearNoBias(width, width);
    const decoder = encoder.nodes.decoder(dim);
    return {
      views(sample, rng) {
        const graph = modality.tensors(sample);
        const places = placesOf(graph);
        const hidden = someOf(places, rng, options.maskRatio);
        const replaced = hidden.slice(0, Math.floor(options.replaceRatio * hidden.length));
        const others = new Map(replaced.map((place) => [place, places[rng.integer(0, places.length - 1)]!]));
        const count = graph.nodes!.shape[0]!;
        return {
          graph,
          seen: withAttributes(graph, others),
          hidden: ones(hidden, count),
          masked: ones(hidden.slice(replaced.length), count),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("mask").truncatedNormal([width], 0.02),
        project: project.init(rng.split("project")),
        decoder: decoder.init(rng.split("decoder")),
      }),
      loss(params, { graph, seen, hidden, masked }) {
        const vectors = encode(params.encoder, seen, { masked: { at: masked, token: params.maskToken } });
        const others = np.subtract(1, np.expandDims(hidden, 2));
        const latent = np.multiply(project.apply(params.project, vectors), others);
        const restored = decoder.apply(params.decoder, latent, graph);
        const codes = columns.map(({ column, size }) => oneHot(nodeColumn(graph, column), size));
        const target = np.concatenate(valueDim > 0 ? [graph.values!, ...codes] : codes, 2);
        return {
          loss: scaledCosine(restored, target, { gamma: options.gamma, weights: hidden }),
          metrics: { cosine: np.subtract(1, scaledCosine(restored, target, { gamma: 1, weights: hidden })) },
        };
      },
    };
  },
});
