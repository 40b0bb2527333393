import * as z from "zod";
import { lax, nn, np } from "../array/index.ts";
import { augment, perturb } from "../data/views.ts";
import { linear } from "../layers/linear.ts";
import { atLabels, weightedMean } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { labelOptions, targetsOf } from "./parts/labels.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * FixMatch: a confident prediction on a weakly augmented view is the pseudo-label of a strongly augmented view.
 * Sohn et al. 2020, https://arxiv.org/abs/2001.07685. Differs from the paper: labelled and unlabelled samples come in one
 * shuffled stream, with labelled ones repeated up to the share they have in the paper's batches (one in eight), instead of
 * in two batches of fixed sizes; the unlabelled samples are those without a label.
 */
export const fixmatch = method({
  name: "fixmatch",
  family: "supervised",
  paper: "https://arxiv.org/abs/2001.07685",
  summary: "few labels, many unlabelled samples: confident predictions become pseudo-labels",
  needs: [perturb, augment],
  options: labelOptions.extend({
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.95)
      .describe("probability above which a prediction becomes a pseudo-label"),
    unlabelledWeight: z.number().nonnegative().default(1).describe("weight of the loss on pseudo-labels"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.05, batchSize: 128 },

  build({ encoder, modality, options }) {
    const { answers, of, loss, natural, naturalHead } = targetsOf(options);
    const { threshold, unlabelledWeight } = options;
    const head = linear(encoder.embedDim, Math.max(1, answers.outputs.length));
    return {
      views: (sample, rng, { label }) => ({
        weak: modality.tensors(modality.perturb(sample, rng)),
        strong: modality.tensors(modality.augment(sample, rng)),
        target: of(label),
      }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { weak, strong, target }) {
        const features = encoder.apply(params.encoder, concatenateInputs([weak, strong]));
        const [ofWeak, ofStrong] = np.split(head.apply(params.head, features), 2, 0);
        const supervised = loss(ofWeak!, target);
        const probabilities = lax.stopGradient(nn.softmax(ofWeak!, -1));
        const isUnlabelled = np.equal(target.weight, 0);
        const isSure = np.greaterEqual(np.max(probabilities, -1), threshold);
        const counts = np.where(isUnlabelled, 1, 0);
        const sure = np.where(np.logicalAnd(isUnlabelled, isSure), 1, 0);
        const perRow = np.negative(atLabels(nn.logSoftmax(ofStrong!, -1), np.argmax(probabilities, -1)));
        // The mean over all unlabelled samples, sure or not, as in the paper.
        const unsupervised = np.multiply(weightedMean(np.multiply(perRow, sure), counts), unlabelledWeight);
        return {
          loss: np.add(supervised.loss, unsupervised),
          metrics: { ...supervised.metrics, sure: weightedMean(sure, counts) },
        };
      },
      answers,
      predict: (params, inputs) => natural(head.apply(params.head, encoder.apply(params.encoder, inputs))),
      linearHead: (params) => naturalHead(params.head),
    };
  },
});
