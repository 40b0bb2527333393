import * as z from "zod";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { vicreg as vicregLoss } from "../objectives/non-contrastive/vicreg.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { byolImages, twoViews } from "./parts/views.ts";

const weight = (value: number) => z.number().nonnegative().default(value);

/**
 * VICReg: two views' embeddings are near each other (invariance), every feature varies (variance), and features are
 * uncorrelated (covariance).
 * Bardes et al. 2021, https://arxiv.org/abs/2105.04906. Recipe, views and loss are those of the
 * released code, https://github.com/facebookresearch/vicreg. Differs from it: none.
 */
export const vicreg = method({
  name: "vicreg",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2105.04906",
  summary: "bring two views together while features keep their variance and stay uncorrelated",
  needs: [augment],
  options: z.object({
    invariance: weight(25).describe("weight of the distance between the views (λ)"),
    variance: weight(25).describe("weight of the penalty on features that vary too little (μ)"),
    covariance: weight(1).describe("weight of the covariances between features (ν)"),
    projectionDim: bounds.width().default(8192).describe("width of the projector's three layers"),
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.2, weightDecay: 1e-6, batchSize: 2048, finalLearningRate: 1e-3 },
  modalityOptions: byolImages,
  presets: {
    small: {
      summary: "a projector of 512, no blur; AdamW, batches of 128",
      ...withoutBlur,
      options: { projectionDim: 512 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options }) {
    const { projectionDim, invariance, variance, covariance } = options;
    const widths = [encoder.embedDim, projectionDim, projectionDim, projectionDim];
    const network = embedding(encoder, mlp(widths, { output: "nothing" }));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        return {
          loss: vicregLoss(z0, z1, { invariance, variance, covariance }),
          metrics: { deviation: embeddingDeviation(z0) },
        };
      },
    };
  },
});
