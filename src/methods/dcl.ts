import * as z from "zod";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { dcl as dclLoss } from "../objectives/contrastive/dcl.ts";
import { dclw as dclwLoss } from "../objectives/contrastive/dclw.ts";
import { contrastiveAccuracy } from "../objectives/contrastive/nt-xent.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { twoViews } from "./parts/views.ts";

/**
 * DCL: SimCLR whose loss leaves the positive pair out of the denominator, so that small batches work too; and DCLW,
 * which also weights pairs that are far apart more strongly. Yeh et al. 2021, https://arxiv.org/abs/2110.06848. Differs
 * from the paper: the loss is a mean over all rows (a sum there), and DCLW's weights are differentiated too, as in a third
 * party's code (https://github.com/raminnakhli/Decoupled-Contrastive-Learning), to which the authors' paper does not refer.
 * Images are augmented as SimCLR's on ImageNet. No code of the authors was found: recipe and warm-up could not be compared.
 */
export const dcl = method({
  name: "dcl",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2110.06848",
  summary: "SimCLR with the positive pair left out of the denominator, for small batches",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.1).describe("temperature of the similarities; lower is sharper"),
    weighted: z.boolean().default(false).describe("DCLW: weight pairs of views that are far apart more strongly"),
    sigma: z.number().positive().default(0.5).describe("weighted: temperature of the pair weights (σ)"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings that the loss compares"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 1e-4, batchSize: 256 },
  modalityOptions: { cropScale: [0.08, 1], jitter: 1 },
  presets: { small: { summary: "AdamW, batches of 128", training: smallTraining } },

  build({ encoder, modality, options: { temperature, weighted, sigma, projectionDim } }) {
    const network = embedding(encoder, mlp([encoder.embedDim, encoder.embedDim, projectionDim]));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        return {
          loss: weighted ? dclwLoss(z0, z1, { temperature, sigma }) : dclLoss(z0, z1, { temperature }),
          metrics: { accuracy: contrastiveAccuracy(z0, z1), deviation: embeddingDeviation(z0) },
        };
      },
    };
  },
});
