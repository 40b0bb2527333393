import * as z from "zod";
import { type Array, np, scalar } from "../../../array/index.ts";
import { sides } from "../../../data/sides.ts";
import { sharedSpace } from "../../../encoders/abilities.ts";
import { method } from "../../../methods/method.ts";
import { clip as clipLoss } from "../../../objectives/contrastive/clip.ts";
import { inBatchAccuracy } from "../../../objectives/contrastive/in-batch-contrast.ts";
import { smallPairs } from "./small.ts";
import { viewOfPair, viewsOption } from "./views.ts";

/** The scale of the logits never exceeds 100, as in the paper. */
export const MOST_LOGIT_SCALE = Math.log(100);

/**
 * CLIP: an image and its caption agree, and do not with those of other samples; the temperature is learned. Radford et al. 2021,
 * https://arxiv.org/abs/2103.00020. Differs from the paper: of several captions one is drawn at every step, and no batch holds
 * two samples of what the data say is the same; the paper's learning rate, 5e-4 for batches of 32,768, is that for batches of
 * 256; a temperature that has reached its limit stays there, where the paper's may leave it.
 *
 * LiT (Zhai et al. 2021, https://arxiv.org/abs/2111.07991) is this method on the encoder of a finished run, which is not trained:
 * `--image-from runs/photos --freeze image`. The layer from it into the shared space is trained, as in LiT's code with `img_head`.
 */
export const clip = method({
  name: "clip",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2103.00020",
  summary: "an image agrees with its caption and not with others' captions",
  needs: [sides, sharedSpace],
  options: z.object({
    temperature: z.number().positive().default(0.07).describe("temperature at the start; it is learned"),
    views: viewsOption,
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 0.2, beta2: 0.98, batchSize: 32_768 },
  presets: { small: smallPairs },
  defaultEncoder: "towers",

  build({ encoder, modality, options }) {
    const scaleOf = (logitScale: Array) => np.exp(np.minimum(logitScale, MOST_LOGIT_SCALE));
    return {
      views: (sample, rng) => viewOfPair(modality, sample, rng, options),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        logitScale: scalar(Math.log(1 / options.temperature)),
      }),
      loss(params, batch) {
        const [images, texts] = np.split(encoder.apply(params.encoder, batch), 2, 1);
        const scale = scaleOf(params.logitScale);
        return {
          loss: clipLoss(images!, texts!, { scale }),
          metrics: { accuracy: inBatchAccuracy(images!, texts!), scale },
        };
      },
      matching: {
        probability: "softmax",
        logits: (params, cosines) => np.multiply(cosines, scaleOf(params.logitScale)),
      },
    };
  },
});
