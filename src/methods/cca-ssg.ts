import * as z from "zod";
import { augment } from "../data/views.ts";
import { ccaSsg as ccaSsgLoss } from "../objectives/non-contrastive/cca-ssg.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { byolImages, twoViews } from "./parts/views.ts";

/**
 * CCA-SSG: each feature of one view correlates with the same feature of the other view, and with no other of its own view.
 * Zhang et al. 2021, https://arxiv.org/abs/2106.12484. It is Barlow Twins without a projector, with a linear invariance, and
 * decorrelated within views instead of across them. The paper has the nodes of one graph; here any samples with two views.
 * Differs from the paper: features are standardised with BatchNorm's epsilon, so that one that is always 0 does no harm;
 * the encoder `gcn` ends in an activation, the authors' (https://github.com/hengruizhang98/CCA-SSG) in a linear layer.
 */
export const ccaSsg = method({
  name: "cca-ssg",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2106.12484",
  summary: "make two views' features correlate one by one, and each view's features not with each other; no projector",
  needs: [augment],
  options: z.object({
    lambda: z.number().positive().default(1e-3).describe("weight of the correlations between features of a view (λ)"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 256 },
  modalityOptions: { ...byolImages, dropEdges: 0.2, hideColumns: 0.2 },
  presets: { small: { summary: "no blur; batches of 128", ...withoutBlur, training: smallTraining } },

  build({ encoder, modality, options: { lambda } }) {
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")) }),
      loss(params, { first, second }) {
        const [z0, z1] = [encoder.apply(params.encoder, first), encoder.apply(params.encoder, second)];
        return { loss: ccaSsgLoss(z0, z1, { lambda }), metrics: { deviation: embeddingDeviation(z0) } };
      },
    };
  },
});
