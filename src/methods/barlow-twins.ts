import { z } from "zod";
import { mlp } from "../layers/mlp.ts";
import { barlowTwins as barlowTwinsLoss } from "../objectives/barlow-twins.ts";
import { embeddingDeviation } from "../objectives/deviation.ts";
import { embedding } from "./embedding.ts";
import { method } from "./method.ts";
import { smallResnet, smallTraining, smallViews } from "./presets.ts";
import { unequalViewOptions, unequalViews } from "./views.ts";

/**
 * Barlow Twins: each feature of one view correlates with the same feature of the other view and with no other.
 * Zbontar et al. 2021, https://arxiv.org/abs/2103.03230. Differs from the paper: biases and norms learn at the rate of
 * the weights, where the released code (https://github.com/facebookresearch/barlowtwins) gives them 0.0048.
 */
export const barlowTwins = method({
  name: "barlow-twins",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2103.03230",
  summary: "make two views' features correlate one by one and not with each other",
  needs: ["crop"],
  options: z.object({
    lambda: z.number().positive().default(0.0051).describe("weight of the correlations between different features"),
    projectionDim: z.int().positive().default(8192).describe("width of the projector's three layers"),
    ...unequalViewOptions,
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.2, weightDecay: 1e-6, batchSize: 2048 },
  presets: {
    small: {
      summary: "ResNet-10, AdamW, batches of 128, a projector of 512, no blur",
      ...smallResnet,
      options: { ...smallViews, projectionDim: 512 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options }) {
    const { lambda, projectionDim } = options;
    const widths = [encoder.embedDim, projectionDim, projectionDim, projectionDim];
    const network = embedding(encoder, mlp(widths, { output: "nothing" }));
    return {
      views: (sample, rng) => unequalViews(modality, options, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        return { loss: barlowTwinsLoss(z0, z1, { lambda }), metrics: { deviation: embeddingDeviation(z0) } };
      },
    };
  },
});
