import * as z from "zod";
import { np, type Tensor } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { attributeColumns, categories, commonest } from "./parts/graphs/attributes.ts";
import { nodeColumn, ones, placesOf, someOf } from "./parts/graphs/nodes.ts";
import { smallMasked } from "./parts/presets.ts";

/**
 * Attribute masking: the attributes of some nodes are hidden, and predicted from their surroundings.
 * Hu et al. 2020, https://arxiv.org/abs/1905.12265. As in the authors' code (https://github.com/snap-stanford/pretrain-gnns), a
 * learned vector takes the place of all of a hidden node's attributes, one node more than the share is hidden, only the type of
 * atom is predicted, and edges stay as they are. Differs from it: in packed samples the share is of all graphs in one together.
 *
 * The metric `commonest` is the accuracy of always naming the commonest value, which is the first thing to beat.
 */
export const attributeMasking = method({
  name: "attribute-masking",
  family: "masked",
  paper: "https://arxiv.org/abs/1905.12265",
  summary: "predict the hidden attributes of nodes, such as the types of atoms, from their surroundings",
  needs: [graphs, nodes],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the nodes whose attributes are hidden"),
    columns: attributeColumns(),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 256 },
  presets: {
    small: {
      ...smallMasked,
      summary: "batches of 128; the gradient is clipped",
    },
  },
  defaultEncoder: "gin",

  build({ encoder, modality, options: { maskRatio, columns } }) {
    const { width, encode } = encoder.nodes;
    const heads = categories("attribute-masking", modality.graphs, columns).map(({ column, size }) => ({
      column,
      layer: linear(width, size),
    }));
    return {
      views(sample, rng) {
        const graph = modality.tensors(sample);
        const places = placesOf(graph);
        return { graph, at: ones(someOf(places, rng, maskRatio, 1), graph.nodes!.shape[0]!) };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("mask").truncatedNormal([width], 0.02),
        heads: heads.map(({ layer }, at): { weight: Tensor; bias: Tensor } => layer.init(rng.split("head", at))),
      }),
      loss(params, { graph, at }) {
        const hidden = encode(params.encoder, graph, { masked: { at, token: params.maskToken } });
        const rows = np.reshape(hidden, [-1, width]);
        const weights = np.reshape(at, [-1]);
        const predicted = heads.map(({ column, layer }, head) => {
          const labels = np.reshape(nodeColumn(graph, column), [-1]);
          const logits = layer.apply(params.heads[head]!, rows);
          return {
            loss: crossEntropy(logits, labels, { weights }),
            accuracy: accuracy(logits, labels, { weights }),
            commonest: commonest(labels, logits.shape[1]!, weights),
          };
        });
        const mean = (of: "accuracy" | "commonest") =>
          np.multiply(
            predicted.map((one) => one[of]).reduce((sum, one) => np.add(sum, one)),
            1 / heads.length,
          );
        return {
          loss: predicted.map(({ loss }) => loss).reduce((sum, loss) => np.add(sum, loss)),
          metrics: { accuracy: mean("accuracy"), commonest: mean("commonest") },
        };
      },
    };
  },
});
