import * as z from "zod";
import * as bounds from "../../../foundation/bounds.ts";
import { method } from "../../../methods/method.ts";
import { smallTraining } from "../../../methods/parts/presets.ts";
import { transition } from "../abilities.ts";
import { featuresOf, inverseModel } from "./parts/dynamics.ts";

/**
 * Inverse dynamics: predict from two observations what was done between them. Features that tell it hold what the actor can
 * change, and need not hold the rest. Agrawal et al. 2016, https://arxiv.org/abs/1606.07419; also the features of
 * Pathak et al. 2017, https://arxiv.org/abs/1705.05363.
 *
 * Cross-entropy of choices, as in both papers; of actions in numbers the mean squared error over all of them, each with
 * deviation 1, where Agrawal et al. cut a poke's place, angle and length into bins. With `--horizon` k all k
 * actions are predicted. Both observations are shifted alike. Differs from the papers: any encoder; the head has one
 * hidden layer with BatchNorm.
 */
export const inverseDynamics = method({
  name: "inverse-dynamics",
  family: "predictive",
  paper: "https://arxiv.org/abs/1606.07419",
  summary: "predict from two observations the action between them",
  needs: [transition],
  options: z.object({
    hiddenDim: bounds.width().default(256).describe("width of the head's hidden layer"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-4, batchSize: 128 },
  modalityOptions: { ends: false },
  presets: { small: { summary: "batches of 128", lightViews: true, training: smallTraining } },

  build({ encoder, modality, options: { hiddenDim } }) {
    const inverse = inverseModel(modality.transition, encoder.embedDim, hiddenDim);
    return {
      views(sample, rng) {
        const { before, action, after } = modality.transition.of(sample, rng);
        return { before, action, after };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), inverse: inverse.init(rng.split("inverse")) }),
      loss(params, { before, action, after }) {
        return inverse.loss(params.inverse, featuresOf(encoder, params.encoder, { before, after }), action);
      },
    };
  },
});
