import * as z from "zod";
import { float32, int32, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { smallTraining } from "./parts/presets.ts";

/**
 * Exemplar-CNN: every sample is its own class, to which its augmented views are classified.
 * Dosovitskiy et al. 2014, https://arxiv.org/abs/1406.6909. Differs from the paper: all samples are classes by default
 * (the paper's best numbers of classes are 8,000 to 32,000), whole images are augmented by the modality instead of
 * patches by the paper's distortions, no dropout, and the learning rate has cosine decay.
 */
export const exemplarCnn = method({
  name: "exemplar-cnn",
  family: "clustering",
  paper: "https://arxiv.org/abs/1406.6909",
  summary: "classify augmented views by the sample they come from",
  needs: [augment],
  options: z.object({
    classes: bounds
      .count()
      .min(2)
      .optional()
      .describe("number of samples, evenly spread, that are classes; the others are ignored; all by default"),
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
        // Class c is the first sample of the c-th of `classes` equal parts of the data.
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
        // A mean over the expected number of exemplars in a batch: a batch with few of them counts less.
        const share = np.multiply(np.mean(isClass), samples / classes);
        return {
          loss: np.multiply(crossEntropy(logits, exemplar, { weights: isClass }), share),
          metrics: { accuracy: np.multiply(accuracy(logits, exemplar, { weights: isClass }), share) },
        };
      },
    };
  },
});
