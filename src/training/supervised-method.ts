import { z } from "zod";
import { int32 } from "../array/index.ts";
import { linear } from "../layers/linear.ts";
import { method } from "../methods/method.ts";
import { accuracy, crossEntropy } from "../objectives/cross-entropy.ts";

/**
 * Ordinary classification: a linear head on the encoder, light augmentation, cross-entropy. It lives here and not among
 * the methods because it needs labels; evaluation trains it from scratch to show what the labels alone can do.
 */
export const supervised = method({
  name: "supervised",
  family: "predictive",
  paper: "https://arxiv.org/abs/1512.03385",
  summary: "classification by labels: the baseline, not a way to learn without them",
  needs: ["perturb"],
  options: z.object({ classes: z.int().min(2) }),
  recipe: { optimizer: "adamw", baseLearningRate: 2e-3, weightDecay: 0.05, batchSize: 128 },
  build({ encoder, modality, options: { classes } }) {
    const head = linear(encoder.embedDim, classes);
    return {
      views: (sample, rng, { label }) => ({
        view: modality.tensors(modality.perturb(sample, rng)),
        label: int32([label], []),
      }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { view, label }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, view));
        return { loss: crossEntropy(logits, label), metrics: { accuracy: accuracy(logits, label) } };
      },
    };
  },
});
