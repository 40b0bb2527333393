import * as z from "zod";
import { constant, int32 } from "../../../array/index.ts";
import { perturb } from "../../../data/views.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { smallSchedule } from "../../../methods/parts/presets.ts";
import { concatenateInputs } from "../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";
import { rotate } from "../abilities.ts";

const QUARTERS = [0, 1, 2, 3] as const;

/**
 * Rotation prediction: predict by how many quarter turns an image was rotated. A batch has every image in all four
 * orientations.
 * Gidaris et al. 2018, https://arxiv.org/abs/1803.07728. Differs from the paper: a crop and flip (as in its CIFAR-10
 * experiments) with the modality's settings; biases and norms are not decayed. The recipe is that of
 * CIFAR-10 in https://github.com/gidariss/FeatureLearningRotNet.
 */
export const rotation = method({
  name: "rotation",
  family: "predictive",
  paper: "https://arxiv.org/abs/1803.07728",
  summary: "predict by how many quarter turns an image was rotated",
  needs: [perturb, rotate],
  options: z.object({}),
  recipe: {
    ...{ optimizer: "sgd", nesterov: true, baseLearningRate: 0.2, weightDecay: 5e-4, batchSize: 128 },
    ...{ warmup: 0, schedule: "step", milestones: [60 / 200, 120 / 200, 160 / 200], drop: 0.2 },
  },
  presets: {
    small: {
      summary: "batches of 64",
      training: { ...smallSchedule, optimizer: "sgd", nesterov: false, batchSize: 64, learningRate: 0.05 },
    },
  },

  build({ encoder, modality }) {
    const head = linear(encoder.embedDim, QUARTERS.length);
    return {
      views(sample, rng) {
        const upright = modality.perturb(sample, rng);
        return { turned: QUARTERS.map((quarters) => modality.tensors(modality.rotate(upright, quarters))) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { turned }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, concatenateInputs(turned)));
        const samples = logits.shape[0]! / QUARTERS.length;
        const turns = QUARTERS.flatMap((quarters) => globalThis.Array<number>(samples).fill(quarters));
        const labels = constant(int32(turns, [turns.length]));
        return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
      },
    };
  },
});
