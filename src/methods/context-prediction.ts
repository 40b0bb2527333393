import * as z from "zod";
import { type Array, np } from "../array/index.ts";
import { graphs } from "../data/graph.ts";
import { nodes } from "../encoders/abilities.ts";
import { UserError } from "../foundation/errors.ts";
import { contextAccuracy, contextPrediction as contextLoss } from "../objectives/contrastive/context-prediction.ts";
import { method } from "./method.ts";
import { meanOver } from "./parts/graphs/nodes.ts";
import { surroundings } from "./parts/graphs/surroundings.ts";
import { smallGraphs } from "./parts/presets.ts";

const hops = () => z.int().nonnegative().max(512);

/**
 * Context prediction: the neighbourhood of a node, of K hops, and its context, the ring between r₁ and r₂ hops, are told to be of
 * one node, or of different ones. Hu et al. 2020, https://arxiv.org/abs/1905.12265, as in the authors' code
 * (https://github.com/snap-stanford/pretrain-gnns, "cbow"): the node's vector in its neighbourhood against the mean of the
 * vectors that a second network gives the ring's nodes within K hops; negatives are the contexts of the next samples. K is the
 * encoder's depth, r₁ = K − 1, r₂ = K + 2, and the second network has r₂ − r₁ layers.
 *
 * One node of a sample is drawn in each epoch. Samples in which nothing is farther from it than r₁ have no context, and do not count:
 * the metric `contexts` is the share of those that have one.
 */
export const contextPrediction = method({
  name: "context-prediction",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1905.12265",
  summary: "tell whether a neighbourhood and a ring of nodes around it belong together",
  needs: [graphs, nodes],
  options: z.object({
    neighborhood: hops().optional().describe("hops of the neighbourhood (K); by default the encoder's depth"),
    innerHops: hops().optional().describe("hops that the context leaves out (r₁); by default one less than K"),
    contextHops: hops().min(1).default(3).describe("hops from there to the end of the context (r₂ − r₁)"),
    negatives: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe("contexts of others that each neighbourhood is compared with"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 256 },
  presets: { small: smallGraphs },
  defaultEncoder: "gin",

  build({ encoder, modality, options }) {
    const { depth, deep, encode } = encoder.nodes;
    const outer = options.neighborhood ?? depth;
    const inner = options.innerHops ?? Math.max(0, outer - 1);
    if (inner >= outer)
      throw new UserError(
        `context-prediction: a neighbourhood of ${outer} hops and a context beyond ${inner} hops have no node in common; make --inner-hops less than --neighborhood`,
      );
    const contextEncoder = deep(options.contextHops);
    const limits = { neighborhood: outer, inner, outer: inner + options.contextHops };
    return {
      views: (sample, rng) => surroundings(modality, sample, rng, limits),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        contextEncoder: contextEncoder.init(rng.split("context")),
      }),
      loss(params, { neighborhood, context, shared }) {
        if (shared.shape[0]! <= options.negatives)
          throw new UserError(
            `context-prediction: a batch of ${shared.shape[0]} has no ${options.negatives} other contexts to compare with; use larger batches, and of one large graph each node as a sample (--samples nodes)`,
          );
        // The node that all is around is the first.
        const [center] = np.split(encode(params.encoder, neighborhood), [1], 1);
        const around = contextEncoder.nodes.encode(params.contextEncoder, context);
        const mean = meanOver(around, shared);
        const vector: Array = np.reshape(center!, mean.shape);
        const settings = { there: np.where(np.greater(np.sum(shared, 1), 0), 1, 0), negatives: options.negatives };
        return {
          loss: contextLoss(vector, mean, settings),
          metrics: { accuracy: contextAccuracy(vector, mean, settings), contexts: np.mean(settings.there) },
        };
      },
    };
  },
});
