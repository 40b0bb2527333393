import * as z from "zod";
import { np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import { mlp } from "../layers/mlp.ts";
import { dclw as dclwLoss } from "../objectives/dclw.ts";
import { embeddingDeviation } from "../objectives/deviation.ts";
import { normalize } from "../objectives/normalize.ts";
import { contrastiveAccuracy } from "../objectives/nt-xent.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { twoViews } from "./parts/views.ts";

/**
 * DCLW: DCL that pulls harder on the pairs that are far apart.
 * Yeh et al. 2021, https://arxiv.org/abs/2110.06848. Differs from the
 * paper: as DCL; the weights are differentiated too, as in the code.
 */
export const dclw = method({
  name: "dclw",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2110.06848",
  summary: "DCL that pulls harder on pairs of views that are far apart",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.1).describe("sharpness of the similarity; lower is sharper"),
    sigma: z.number().positive().default(0.5).describe("spread of the weights of the pairs"),
    projectionDim: z.int().positive().default(128).describe("width of the space the loss compares in"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 1e-4, batchSize: 256 },
  presets: { small: { summary: "AdamW, batches of 128", training: smallTraining } },

  build({ encoder, modality, options: { projectionDim, ...weights } }) {
    const network = embedding(encoder, mlp([encoder.embedDim, encoder.embedDim, projectionDim]));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const [z0, z1] = [normalize(network.apply(params, first)), normalize(network.apply(params, second))];
        return {
          loss: np.add(dclwLoss(z0, z1, weights), dclwLoss(z1, z0, weights)),
          metrics: { accuracy: contrastiveAccuracy(z0, z1), deviation: embeddingDeviation(z0) },
        };
      },
    };
  },
});
