import * as z from "zod";
import { type Array, filled, nn, np, type Rng } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { balancedAccuracy, binaryCrossEntropy } from "../objectives/supervised/binary-cross-entropy.ts";
import { method } from "./method.ts";
import { meanOver, nodesPresent, placesOf, requireWhole, withAttributes } from "./parts/graphs/nodes.ts";
import { smallGraphs } from "./parts/presets.ts";

/**
 * Deep Graph Infomax: the nodes of a graph are told from those of the same edges with shuffled attributes by a summary of the graph.
 * Veličković et al. 2019, https://arxiv.org/abs/1809.10341. As in the authors' code (https://github.com/PetarV-/DGI): the summary
 * is the sigmoid of the nodes' mean, the discriminator bilinear with a bias. Differs from it: training does not end when
 * the loss no longer falls; where a batch has several graphs, each is shuffled and summarised by itself.
 */
export const dgi = method({
  name: "dgi",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1809.10341",
  summary: "tell the nodes of a graph from those of a shuffled one, by a summary of the graph",
  needs: [graphs, nodes],
  options: z.object({}),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 256 },
  presets: { small: smallGraphs },
  defaultEncoder: "gcn",

  build({ encoder, modality }) {
    requireWhole("dgi", modality.graphs);
    const { width, encode } = encoder.nodes;
    // Xavier's bound, which the authors' code has for its bilinear layer.
    const bound = Math.sqrt(6 / (2 * width));
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      discriminator: {
        weight: rng.split("discriminator").uniforms([width, width], -bound, bound),
        bias: filled([1], 0),
      },
    });
    return {
      views(sample, rng) {
        const graph = modality.tensors(sample);
        const places = placesOf(graph);
        const order = rng.permutation(places.length);
        const others = new Map(places.map((place, at) => [place, places[order[at]!]!]));
        return { graph, shuffled: withAttributes(graph, others) };
      },
      init: (rng) => init(rng),
      loss(params, { graph, shuffled }) {
        const there = nodesPresent(graph);
        const real = encode(params.encoder, graph);
        const corrupted = encode(params.encoder, shuffled);
        const { weight, bias } = params.discriminator;
        const asked = np.matmul(nn.sigmoid(meanOver(real, there)), np.transpose(weight));
        const scored = (vectors: Array) => ({
          scores: np.add(np.sum(np.multiply(vectors, np.expandDims(asked, 1)), 2), bias),
          weights: there,
        });
        const [positive, negative] = [scored(real), scored(corrupted)];
        const loss = np.add(
          binaryCrossEntropy(positive.scores, 1, positive),
          binaryCrossEntropy(negative.scores, 0, negative),
        );
        return { loss: np.multiply(loss, 0.5), metrics: { accuracy: balancedAccuracy(positive, negative) } };
      },
    };
  },
});
