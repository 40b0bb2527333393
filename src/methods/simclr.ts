import * as z from "zod";
import { np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { contrastiveAccuracy, ntXent } from "../objectives/contrastive/nt-xent.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { concatenateInputs, twoViews } from "./parts/views.ts";

/**
 * SimCLR: two augmented views of one sample agree; views of different samples do not.
 * Chen et al. 2020, https://arxiv.org/abs/2002.05709. Differs from the paper: no BatchNorm after the projector's last
 * layer, which the released code (https://github.com/google-research/simclr) has; temperature, crops and colour
 * jitter are those of its CIFAR-10 experiments (on ImageNet: 0.1, from 0.08 of the area, and twice as strong).
 */
export const simclr = method({
  name: "simclr",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2002.05709",
  summary: "two augmented views of a sample agree, views of different samples do not",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.5).describe("temperature of the similarities; lower is sharper"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings that the loss compares"),
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.3, weightDecay: 1e-6, batchSize: 4096 },
  presets: {
    small: {
      summary: "temperature 0.2; AdamW, batches of 128",
      options: { temperature: 0.2 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { temperature, projectionDim } }) {
    const network = embedding(encoder, mlp([encoder.embedDim, encoder.embedDim, projectionDim]));
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        // Both views in one batch, so that BatchNorm sees them together, as in the authors' code.
        const [z0, z1] = np.split(network.apply(params, concatenateInputs([first, second])), 2, 0);
        return { loss: ntXent(z0!, z1!, { temperature }), metrics: { accuracy: contrastiveAccuracy(z0!, z1!) } };
      },
    };
  },
});
