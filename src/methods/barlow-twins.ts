import * as z from "zod";
import { np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { barlowTwins as barlowTwinsLoss } from "../objectives/non-contrastive/barlow-twins.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { byolImages, twoViews } from "./parts/views.ts";

const LOSS_SCALE = 0.024;

/**
 * Barlow Twins: each feature of one view correlates with the same feature of the other view, and with no other.
 * Zbontar et al. 2021, https://arxiv.org/abs/2103.03230. Differs from the paper: none; recipe and views are
 * those of the released code (https://github.com/facebookresearch/barlowtwins). As it first had it, the loss is scaled by
 * 0.024. Under LARS this changes only biases and norms: they learn at 0.2 · 0.024 = 0.0048, the rate that the code later
 * gave them explicitly.
 */
export const barlowTwins = method({
  name: "barlow-twins",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2103.03230",
  summary: "make two views' features correlate one by one and not with each other",
  needs: [augment],
  options: z.object({
    lambda: z.number().positive().default(0.0051).describe("weight of the correlations between different features"),
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
    const { lambda, projectionDim } = options;
    const widths = [encoder.embedDim, projectionDim, projectionDim, projectionDim];
    const network = embedding(encoder, mlp(widths, { output: "nothing" }));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        const loss = np.multiply(barlowTwinsLoss(z0, z1, { lambda }), LOSS_SCALE);
        return { loss, metrics: { deviation: embeddingDeviation(z0) } };
      },
    };
  },
});
