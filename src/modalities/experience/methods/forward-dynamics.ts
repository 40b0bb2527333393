import * as z from "zod";
import { np } from "../../../array/index.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { mlp } from "../../../layers/heads/mlp.ts";
import { method } from "../../../methods/method.ts";
import { smallTraining } from "../../../methods/parts/presets.ts";
import { transition } from "../abilities.ts";
import { featuresOf, inverseModel, vectorOf, widthOf } from "./parts/dynamics.ts";

/**
 * Forward dynamics: predict the features of the next observation from those of this one and the action; so that they are not
 * all the same, the action must be predictable from both. The curiosity module of Pathak et al. 2017,
 * https://arxiv.org/abs/1705.05363, without the curiosity: loss (1 − β) L_I + β L_F, with L_F = ½ ‖φ̂(s′) − φ(s′)‖². Both
 * losses reach the features, as in the authors' code (https://github.com/pathak22/noreward-rl).
 *
 * Differs from the paper: any encoder; one hidden layer with BatchNorm in both models; actions in numbers are possible, with a
 * squared error, and several between the two observations (`--horizon`).
 */
export const forwardDynamics = method({
  name: "forward-dynamics",
  family: "predictive",
  paper: "https://arxiv.org/abs/1705.05363",
  summary: "predict the features of the next observation from this one and the action, and the action from both",
  needs: [transition],
  options: z.object({
    forward: z
      .number()
      .min(0)
      .lt(1)
      .default(0.2)
      .describe("weight of the forward model's loss, of the inverse model's the rest (β)"),
    hiddenDim: bounds.width().default(256).describe("width of the hidden layer of both models"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-4, batchSize: 128 },
  modalityOptions: { ends: false },
  presets: { small: { summary: "batches of 128", lightViews: true, training: smallTraining } },

  build({ encoder, modality, options: { forward: beta, hiddenDim } }) {
    const { embedDim } = encoder;
    const inverse = inverseModel(modality.transition, embedDim, hiddenDim);
    const forward = mlp([embedDim + widthOf(modality.transition), hiddenDim, embedDim]);
    return {
      views(sample, rng) {
        const { before, action, after } = modality.transition.of(sample, rng);
        return { before, action, after };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        inverse: inverse.init(rng.split("inverse")),
        forward: forward.init(rng.split("forward")),
      }),
      loss(params, { before, action, after }) {
        const [here, next] = featuresOf(encoder, params.encoder, { before, after });
        const inverseLoss = inverse.loss(params.inverse, [here, next], action);
        const done = vectorOf(modality.transition, action);
        const predicted = forward.apply(params.forward, np.concatenate([here, done], 1));
        const surprise = np.sum(np.square(np.subtract(predicted, next)), -1);
        const forwardLoss = np.multiply(np.mean(surprise), 0.5);
        return {
          loss: np.add(np.multiply(inverseLoss.loss, 1 - beta), np.multiply(forwardLoss, beta)),
          metrics: { inverse: inverseLoss.loss, forward: forwardLoss, ...inverseLoss.metrics },
        };
      },
    };
  },
});
