import * as z from "zod";
import { np, scalar } from "../../../array/index.ts";
import { sides } from "../../../data/sides.ts";
import { sharedSpace } from "../../../encoders/abilities.ts";
import { method } from "../../../methods/method.ts";
import { inBatchAccuracy } from "../../../objectives/contrastive/in-batch-contrast.ts";
import { siglip as siglipLoss } from "../../../objectives/contrastive/siglip.ts";
import { smallPairs } from "./small.ts";
import { viewOfPair, viewsOption } from "./views.ts";

/**
 * SigLIP: of each image and each caption of a batch, whether they belong together; no softmax over the batch. Zhai et al. 2023,
 * https://arxiv.org/abs/2303.15343. Differs from the paper: of several captions one is drawn at every step; the optimiser is AdamW
 * instead of Adafactor; the paper's learning rate, 1e-3 for batches of 32,768, is that for batches of 256.
 */
export const siglip = method({
  name: "siglip",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2303.15343",
  summary: "for each image and each caption, whether they belong together",
  needs: [sides, sharedSpace],
  options: z.object({
    temperature: z.number().positive().default(0.1).describe("temperature at the start; it is learned"),
    bias: z.number().default(-10).describe("added to the logits at the start; it is learned"),
    views: viewsOption,
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-4, beta2: 0.95, batchSize: 32_768 },
  presets: { small: smallPairs },
  defaultEncoder: "towers",

  build({ encoder, modality, options }) {
    return {
      views: (sample, rng) => viewOfPair(modality, sample, rng, options),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        logitScale: scalar(Math.log(1 / options.temperature)),
        logitBias: scalar(options.bias),
      }),
      loss(params, batch) {
        const [images, texts] = np.split(encoder.apply(params.encoder, batch), 2, 1);
        const scale = np.exp(params.logitScale);
        return {
          loss: siglipLoss(images!, texts!, { scale, bias: params.logitBias }),
          metrics: { accuracy: inBatchAccuracy(images!, texts!), scale },
        };
      },
      matching: {
        probability: "sigmoid",
        logits: (params, cosines) => np.add(np.multiply(cosines, np.exp(params.logitScale)), params.logitBias),
      },
    };
  },
});
