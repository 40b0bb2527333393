import * as z from "zod";
import { np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { lejepa as lejepaLoss } from "../objectives/non-contrastive/lejepa.ts";
import { sigreg } from "../objectives/non-contrastive/sigreg.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * LeJEPA: every view predicts the mean of a sample's views, and SIGReg keeps embeddings an isotropic Gaussian by their
 * projections onto random directions; no teacher, no stop-gradient. Balestriero & LeCun 2025, https://arxiv.org/abs/2511.08544.
 * Differs from the paper: views of one size, as in the released example
 * (https://github.com/rbalestr-lab/lejepa, MINIMAL.md), whose defaults these are; its 256 directions per step are drawn
 * one per sample of the batch; no drop-path by default (there 0.1).
 */
export const lejepa = method({
  name: "lejepa",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2511.08544",
  summary: "predict the mean of a sample's views while embeddings stay an isotropic Gaussian",
  needs: [augment],
  options: z.object({
    lambda: z.number().min(0).max(1).default(0.02).describe("weight of SIGReg, the Gaussian regularisation"),
    views: bounds.repeats().min(2).default(4).describe("views of each sample"),
    slicesPerSample: bounds.repeats().default(1).describe("random directions per sample of the batch"),
    hiddenDim: bounds.width().default(2048).describe("width of the projector's hidden layers"),
    projectionDim: bounds.width().default(16).describe("width of the embeddings that the loss compares"),
  }),
  recipe: {
    optimizer: "adamw",
    baseLearningRate: 2e-3,
    weightDecay: 0.05,
    batchSize: 256,
    warmup: 1 / 800,
    finalLearningRate: 0.5,
  },
  modalityOptions: { cropScale: [0.08, 1], jitter: 1, blur: 0.5, solarize: 0.2 },
  presets: {
    small: {
      summary: "two views without blur, a projector of 512; batches of 128",
      ...withoutBlur,
      options: { views: 2, slicesPerSample: 2, hiddenDim: 512, projectionDim: 64 },
      training: { ...smallTraining, weightDecay: 0.05 },
    },
  },

  build({ encoder, modality, options }) {
    const { lambda, slicesPerSample, hiddenDim, projectionDim } = options;
    const network = embedding(encoder, mlp([encoder.embedDim, hiddenDim, hiddenDim, projectionDim]));
    return {
      views: (sample, rng) => ({
        views: globalThis.Array.from({ length: options.views }, (_, view) =>
          modality.tensors(modality.augment(sample, rng, view)),
        ),
        slices: rng.split("slices").normals([slicesPerSample, projectionDim]),
      }),
      init: (rng) => network.init(rng),
      loss(params, { views, slices }) {
        const directions = np.reshape(slices, [-1, projectionDim]);
        // All views in one batch, so that BatchNorm sees them together, as in the authors' example.
        const z = np.split(network.apply(params, concatenateInputs(views)), options.views, 0);
        return {
          loss: lejepaLoss(z, directions, { lambda }),
          metrics: { sigreg: sigreg(z[0]!, directions), deviation: embeddingDeviation(z[0]!) },
        };
      },
    };
  },
});
