import * as z from "zod";
import { lax, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { negativeCosine } from "../objectives/non-contrastive/negative-cosine.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { cosineMomentum, momentumUpdate } from "./parts/teacher.ts";
import { byolImages, twoViews } from "./parts/views.ts";

/**
 * BYOL: the online network predicts the target network's projection of the other view; the target network is a moving
 * average of the online network.
 * Grill et al. 2020, https://arxiv.org/abs/2006.07733. Differs from the paper: none; as in the released code
 * (https://github.com/google-deepmind/deepmind-research/tree/master/byol) the two directions are added, the last layers
 * have no bias, and BatchNorm sees each view separately.
 *
 * The preset `bgrl` is BGRL, Thakoor et al. 2021, https://arxiv.org/abs/2102.06514, on the nodes of a graph. Differs from the paper: there is
 * a projector, where BGRL predicts the target's representation itself; its heads have BatchNorm and ReLU, not PReLU.
 */
export const byol = method({
  name: "byol",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2006.07733",
  summary: "predict a moving average network's embedding of the other view; no negatives",
  needs: [augment],
  options: z.object({
    momentum: z.number().min(0).max(1).default(0.996).describe("momentum of the target network (τ); rises to 1"),
    hiddenDim: bounds.width().default(4096).describe("width of the hidden layers of projector and predictor"),
    projectionDim: bounds.width().default(256).describe("width of the embeddings that the loss compares"),
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.2, weightDecay: 1.5e-6, batchSize: 4096 },
  modalityOptions: byolImages,
  presets: {
    bgrl: {
      summary: "nodes of two views of a graph, with other edges and features missing (BGRL)",
      encoder: "gcn",
      encoderOptions: { norm: "batch" },
      options: { momentum: 0.99, hiddenDim: 512 },
      modalityOptions: { dropEdges: [0.3, 0.2], hideColumns: [0.3, 0.4] },
      training: { optimizer: "adamw", learningRate: 5e-4, weightDecay: 1e-5 },
      lightViews: true,
    },
    small: {
      summary: "heads of 512, a faster target network, no blur; AdamW, batches of 128",
      ...withoutBlur,
      options: { momentum: 0.98, hiddenDim: 512, projectionDim: 128 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options }) {
    const { momentum, hiddenDim, projectionDim } = options;
    const projector = mlp([encoder.embedDim, hiddenDim, projectionDim], { output: "nothing" });
    const predictor = mlp([projectionDim, hiddenDim, projectionDim], { output: "nothing" });
    const network = embedding(encoder, projector);
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => ({ ...network.init(rng), predictor: predictor.init(rng.split("predictor")) }),
      initMemory: (_rng, params) => ({ target: network.of(params) }),
      loss(params, { first, second }, { target }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        const [p0, p1] = [predictor.apply(params.predictor, z0), predictor.apply(params.predictor, z1)];
        const [t0, t1] = [first, second].map((view) => lax.stopGradient(network.apply(target, view)));
        // ‖p − t‖² of unit vectors is 2 − 2 cos; the two directions together start at 4 and end at 0.
        const cosines = np.add(negativeCosine(p0, t1!), negativeCosine(p1, t0!));
        return {
          loss: np.add(np.multiply(cosines, 2), 4),
          metrics: { cosine: np.multiply(cosines, -0.5), deviation: embeddingDeviation(z0) },
        };
      },
      afterStep: (params, { target }, { progress }) => ({
        target: momentumUpdate(target, network.of(params), cosineMomentum(progress, { start: momentum }), {
          statistics: "own",
        }),
      }),
    };
  },
});
