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
 * Sohn et al. 2020, https://arxiv.org/abs/2001.07685. Images: crop-free shifts and flips as weak views, RandAugment with random
 * magnitudes and cutout as strong ones, as in https://github.com/google-research/fixmatch. Differs from the paper: labelled and
 * unlabelled samples come in one shuffled stream, with labelled ones repeated up to the share they have in the paper's
 * batches (one in eight), instead of in two batches of fixed sizes; the unlabelled samples are those without a label, the
 * labelled ones not among them; the rate falls by half a cosine to where the paper's 7/16 of one ends, and shifts are
 * up to 150/331 of a side (0.3 there).
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
  recipe: {
    ...{ optimizer: "sgd", nesterov: true, weightDecay: 5e-4, batchSize: 512 },
    // 0.03 with 64 labelled and 448 unlabelled samples.
    ...{ baseLearningRate: 0.015, warmup: 0, finalLearningRate: Math.cos((7 * Math.PI) / 16) },
  },
  modalityOptions: {
    ...{ shift: 0.125, randAugment: 2, randMagnitude: [3, 27], randProbability: 0.5, cutout: 0.5 },
  },

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
