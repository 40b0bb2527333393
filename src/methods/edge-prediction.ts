import * as z from "zod";
import { np } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { nodesAt } from "../encoders/graph-input.ts";
import * as bounds from "../foundation/bounds.ts";
import { linearNoBias } from "../layers/linear.ts";
import { balancedAccuracy, binaryCrossEntropy } from "../objectives/supervised/binary-cross-entropy.ts";
import { method } from "./method.ts";
import { drawPairs } from "./parts/graphs/edges.ts";
import { smallGraphs } from "./parts/presets.ts";

/**
 * Edge prediction: whether two nodes are connected, by the product of their vectors. The graph autoencoder of Kipf & Welling 2016,
 * https://arxiv.org/abs/1611.07308, with as many pairs without an edge as with one, as the edge prediction of Hu et al. 2020
 * (https://github.com/snap-stanford/pretrain-gnns); the mean binary cross-entropy of each of the two is added.
 *
 * The autoencoder's last layer is linear. An encoder that ends in an activation has vectors whose products are nearly all positive:
 * give it a linear layer of its own with `--projection-dim`, as `small` does. In both papers the encoder sees the edges that it predicts, as
 * here by default; with `--hide-ratio` only a share is predicted, and
 * hidden from it. Differs from them: pairs without an edge are within a connected part, so that packed graphs are not told apart.
 */
export const edgePrediction = method({
  name: "edge-prediction",
  family: "predictive",
  paper: "https://arxiv.org/abs/1611.07308",
  summary: "predict which nodes of a graph are connected",
  needs: [graphs, nodes],
  options: z.object({
    hideRatio: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("share of the edges that are hidden and predicted; 0 predicts all and hides none"),
    projectionDim: bounds
      .width()
      .optional()
      .describe("width of a linear layer before the product; by default none: the nodes' vectors themselves"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 256 },
  presets: {
    small: {
      ...smallGraphs,
      summary: "15 % of the edges are hidden; a linear layer of 64; batches of 128; the gradient is clipped",
      options: { hideRatio: 0.15, projectionDim: 64 },
    },
  },
  defaultEncoder: "gin",

  build({ encoder, modality, options: { hideRatio, projectionDim } }) {
    const { width, encode } = encoder.nodes;
    const head = projectionDim ? linearNoBias(width, projectionDim) : undefined;
    return {
      views: (sample, rng) => drawPairs(modality.tensors(sample), rng, hideRatio),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        ...(head && { head: head.init(rng.split("head")) }),
      }),
      loss(params, { graph, connected, apart }) {
        const encoded = encode(params.encoder, graph);
        const vectors = head && params.head ? head.apply(params.head, encoded) : encoded;
        const scored = ({ from, to, there }: typeof connected) => ({
          scores: np.sum(np.multiply(nodesAt(vectors, from), nodesAt(vectors, to)), -1),
          weights: there,
        });
        const [positive, negative] = [scored(connected), scored(apart)];
        const loss = np.add(
          binaryCrossEntropy(positive.scores, 1, positive),
          binaryCrossEntropy(negative.scores, 0, negative),
        );
        return { loss, metrics: { accuracy: balancedAccuracy(positive, negative) } };
      },
    };
  },
});
