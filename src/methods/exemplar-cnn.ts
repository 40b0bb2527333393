import * as z from "zod";
import { float32, int32, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { smallTraining } from "./parts/presets.ts";

/**
 * Exemplar-CNN: every sample is a class of its own, which its distorted views are to be told by.
 * Dosovitskiy et al. 2014, https://arxiv.org/abs/1406.6909. Differs from the paper: all samples are classes by default
 * (the paper's best numbers of classes are 8,000 to 32,000), the whole picture is distorted by the modality's own
 * augmentation rather than patches of it by the paper's, no dropout, and the learning rate falls by a cosine.
 */
export const exemplarCnn = method({
  name: "exemplar-cnn",
  family: "clustering",
  paper: "https://arxiv.org/abs/1406.6909",
  summary: "tell every sample, however distorted, from all others",
  needs: [augment],
  options: z.object({
    classes: z
      .int()
      .min(2)
      .optional()
      .describe("samples, evenly spread, that are classes; the others are passed over; all by default"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.02, weightDecay: 5e-4, batchSize: 128 },
  presets: {
    small: {
      summary: "AdamW, batches of 128",
      training: smallTraining,
    },
  },

  build({ encoder, modality, options, samples }) {
    const classes = Math.min(options.classes ?? samples, samples);
    const head = linear(encoder.embedDim, classes);
    return {
      views(sample, rng, { index }) {
        // Class c is the first sample of the c-th of as many equal parts of the data.
        const exemplar = Math.ceil((index * classes) / samples);
        const isClass = exemplar < classes && Math.floor((exemplar * samples) / classes) === index;
        return {
          view: modality.tensors(modality.augment(sample, rng)),
          exemplar: int32([isClass ? exemplar : 0], []),
          isClass: float32([isClass ? 1 : 0], []),
        };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { view, exemplar, isClass }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, view));
        // The mean over the exemplars that a batch has on average: one with few of them counts less, one with none nothing.
        const share = np.multiply(np.mean(isClass), samples / classes);
        return {
          loss: np.multiply(crossEntropy(logits, exemplar, { weights: isClass }), share),
          metrics: { accuracy: np.multiply(accuracy(logits, exemplar, { weights: isClass }), share) },
        };
      },
    };
  },
});
