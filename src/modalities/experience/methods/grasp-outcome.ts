import * as z from "zod";
import { type Array, float32, np, type Traced } from "../../../array/index.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import { UserError } from "../../../foundation/errors.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { balancedAccuracy, binaryCrossEntropy } from "../../../objectives/supervised/binary-cross-entropy.ts";
import { outcome } from "../abilities.ts";

/**
 * Grasp outcome: predict from the patch of an image around a grasp, turned to the gripper, whether the grasp will hold. The
 * targets are the robot's own tries; it acts by the candidate with the highest logit. Pinto & Gupta 2015,
 * https://arxiv.org/abs/1509.06825
 *
 * Differs from the paper: the patch is turned by the grasp's angle before the encoder sees it, and one logit is predicted,
 * where the paper predicts 18, one for each angle of an unturned patch, and trains that of the angle that was tried. So all
 * angles share what is learned; the paper turns patches at random as an augmentation, here they are mirrored in the gripper's two
 * axes of symmetry (the modality's `mirror`). Any encoder instead of an AlexNet that ImageNet's labels had trained; the cross-entropy
 * is the paper's, of each grasp that was tried. A second stage is `collect --with` this run, as in the paper.
 */
export const graspOutcome = method({
  name: "grasp-outcome",
  family: "predictive",
  paper: "https://arxiv.org/abs/1509.06825",
  summary: "predict whether a grasp will hold from the patch around it, from the robot's own tries",
  needs: [outcome],
  options: z.object({
    symmetric: z
      .boolean()
      .default(false)
      .describe("judge a grasp by the mean logit of its patch and of the three that mirrors make of it"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, batchSize: 128 },
  // 112 mm of the table, where the gripper opens 68 mm.
  modalityOptions: { patch: 24, imageSize: 24, shift: 0.5 },
  presets: {
    small: {
      summary: "a ResNet-8 of width 16, AdamW, 50 epochs of batches of 64, the weights' running average",
      lightViews: true,
      encoder: "resnet",
      encoderOptions: { layers: "8", width: 16, stem: "stride2" },
      training: { optimizer: "adamw", epochs: 50, batchSize: 64, learningRate: 2e-3, weightDecay: 0.01, ema: 0.99 },
    },
  },

  build({ encoder, modality, options: { symmetric } }) {
    if (!modality.outcome.perPlan)
      throw new UserError(
        "grasp-outcome: reads the part of an image around a grasp; --patch says how large, in pixels",
      );
    const head = linear(encoder.embedDim, 1);
    type Weights = { encoder: ReturnType<typeof encoder.init>; head: ReturnType<typeof head.init> };
    /** `[batch]` */
    const logits = (params: Traced<Weights>, inputs: Inputs): Array => {
      const output = head.apply(params.head, encoder.apply(params.encoder, inputs));
      return np.reshape(output, [output.shape[0]!]);
    };
    return {
      views(sample, rng) {
        const { inputs, succeeded } = modality.outcome.of(sample, rng);
        return { inputs, succeeded: float32([succeeded], []) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { inputs, succeeded }) {
        const scores = logits(params, inputs);
        const accuracy = balancedAccuracy(
          { scores, weights: succeeded },
          { scores, weights: np.subtract(1, succeeded) },
        );
        return { loss: binaryCrossEntropy(scores, succeeded), metrics: { balancedAccuracy: accuracy } };
      },
      succeeds(params, inputs) {
        const { pixels } = inputs;
        if (!symmetric || !pixels) return logits(params, inputs);
        const mirrored = [[], [-1], [-2], [-2, -1]].map((axes) =>
          logits(params, { ...inputs, pixels: axes.length === 0 ? pixels : np.flip(pixels, axes) }),
        );
        return np.multiply(
          mirrored.reduce((sum, one) => np.add(sum, one)),
          1 / mirrored.length,
        );
      },
    };
  },
});
