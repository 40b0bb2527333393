import * as z from "zod";
import { type Array, float32, np, type Traced } from "../../../array/index.ts";
import type { TensorRecord } from "../../../data/modality.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { mlp } from "../../../layers/heads/mlp.ts";
import { method } from "../../../methods/method.ts";
import { balancedAccuracy, binaryCrossEntropy } from "../../../objectives/supervised/binary-cross-entropy.ts";
import { outcome } from "../abilities.ts";

/**
 * Collision prediction: from what the robot sees and the next `horizon` actions of a plan, whether the plan ends in a collision.
 * The targets are the robot's own collisions while it drives at random; it acts by the plan that it fears least. Learning from
 * crashes is Gandhi et al. 2017 (https://arxiv.org/abs/1704.05588); predicting them for a plan of actions is Kahn et al. 2018 (GCG,
 * https://arxiv.org/abs/1709.10489) and 2020 (BADGR, https://arxiv.org/abs/2002.05700).
 *
 * Differs from the papers: Gandhi labels images alone, near a crash or not; Kahn predicts the probability after each action of the
 * plan by a recurrent net. Here one logit of the whole plan comes from a perceptron over the encoder's vector and the plan. It
 * has to have ReLUs: a linear one cannot say that a turn is good or bad depending on what is on that side. Any encoder.
 */
export const collision = method({
  name: "collision",
  family: "predictive",
  paper: "https://arxiv.org/abs/1709.10489",
  summary: "predict whether a plan of actions ends in a collision, from the robot's own crashes",
  needs: [outcome],
  options: z.object({
    hidden: bounds
      .width()
      .default(64)
      .describe("width of the perceptron's first hidden layer; the second has half of it"),
    symmetric: z
      .boolean()
      .default(false)
      .describe(
        "left and right are alike, as of a robot that only steers: what is seen, from left to right, is mirrored and actions are negated, at random in views, and both ways to judge a plan",
      ),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 2e-3, weightDecay: 0.01, batchSize: 256 },
  modalityOptions: { horizon: 10 },
  presets: {
    small: {
      summary: "AdamW, batches of 256",
      lightViews: true,
      training: { optimizer: "adamw", batchSize: 256, learningRate: 2e-3, weightDecay: 0.01 },
    },
  },

  build({ encoder, modality: { outcome: outcomes }, options: { hidden, symmetric } }) {
    const head = mlp([encoder.embedDim + outcomes.planSize, hidden, Math.max(1, Math.floor(hidden / 2)), 1]);
    type Weights = { encoder: ReturnType<typeof encoder.init>; head: ReturnType<typeof head.init> };
    /** That the plan ends in a collision, `[plans]`. */
    const logits = (params: Traced<Weights>, inputs: Inputs, plans: Array): Array => {
      const seen = encoder.apply(params.encoder, inputs);
      const rows = plans.shape[0]!;
      const each = np.broadcastTo(seen, [rows, encoder.embedDim]);
      return np.reshape(head.apply(params.head, np.concatenate([each, plans], 1)), [rows]);
    };
    return {
      views(sample, rng) {
        const { inputs, plan, failed } = outcomes.of(sample, rng);
        const isMirrored = symmetric && rng.chance(0.5);
        return {
          inputs: isMirrored ? mirrored(inputs) : inputs,
          plan: isMirrored ? { ...plan, data: plan.data.map((value) => -value) } : plan,
          failed: float32([failed], []),
        };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { inputs, plan, failed }) {
        const scores = logits(params, inputs, plan);
        const accuracy = balancedAccuracy({ scores, weights: failed }, { scores, weights: np.subtract(1, failed) });
        return { loss: binaryCrossEntropy(scores, failed), metrics: { balancedAccuracy: accuracy } };
      },
      succeeds(params, inputs, plans) {
        const one = logits(params, inputs, plans);
        if (!symmetric) return np.negative(one);
        const flipped = Object.entries(inputs).map(([name, values]) => [name, np.flip(values, [-1])]);
        const other = logits(params, Object.fromEntries(flipped), np.negative(plans));
        return np.multiply(np.add(one, other), -0.5);
      },
    };
  },
});

/** What is seen, with its last axis turned round: rays or columns from right to left. */
const mirrored = (inputs: TensorRecord): TensorRecord =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      const width = tensor.shape.at(-1) ?? 1;
      const data = tensor.data.map((_, at, all) => all[at - (at % width) + (width - 1 - (at % width))]!);
      return [name, { ...tensor, data }];
    }),
  );
