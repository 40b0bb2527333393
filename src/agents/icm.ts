import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { relu } from "../layers/functions/relu.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { companion } from "./agent.ts";
import { actionVector, actionWidth, choices } from "./parts/actions.ts";
import { linearHe } from "./parts/linear-he.ts";
import { trunk } from "./parts/trunk.ts";
import { observationAt, stepOf } from "./parts/windows.ts";

/**
 * ICM, intrinsic curiosity: features from which the action between two observations can be predicted, a model that predicts the
 * next features from the features and the action, and its error as a bonus.
 * Pathak et al. 2017, https://arxiv.org/abs/1705.05363. Differs from the paper: off-policy, with a value of the bonus of its
 * own, divided by its running deviation as RND's is; ReLU in place of ELU; He's weights.
 */
export const icm = companion({
  name: "icm",
  paper: "https://arxiv.org/abs/1705.05363",
  summary: "a bonus for what surprises: the error of a forward model in features that predict the action",
  options: z.object({
    width: bounds.width().default(128).describe("width of the features and the hidden layers"),
    forward: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe("weight of the forward model, of the inverse one the rest (β)"),
  }),
  offers: () => ({ hasBonus: true }),

  build({ observation, action: space, options: { width, forward: beta } }) {
    const actions = actionWidth(space);
    const features = trunk(observation, width);
    const network = (input: number, output: number) => {
      const [hidden, last] = [linearHe(input, width, Math.SQRT2), linearHe(width, output)];
      const init = (rng: Rng) => ({ hidden: hidden.init(rng.split("hidden")), last: last.init(rng.split("last")) });
      return {
        init,
        apply: (params: Traced<ReturnType<typeof init>>, ...inputs: readonly Array[]): Array =>
          last.apply(params.last, relu(hidden.apply(params.hidden, np.concatenate([...inputs], 1)))),
      };
    };
    const inverse = network(2 * width, actions);
    const forward = network(width + actions, width);
    /** Half the squared distance between predicted and actual features, `[batch]`. */
    const surprise = (predicted: Array, actual: Array): Array =>
      np.multiply(np.sum(np.square(np.subtract(predicted, actual)), -1), 0.5);

    return {
      length: 1,
      init: (rng) => ({
        features: features.init(rng.split("features")),
        inverse: inverse.init(rng.split("inverse")),
        forward: forward.init(rng.split("forward")),
      }),
      loss(params, windows) {
        const [before, after] = [0, 1].map((step) => features.apply(params.features, observationAt(windows, step)));
        const taken = stepOf(windows.action, 0);
        const predictedAction = inverse.apply(params.inverse, before!, after!);
        const inverseLoss =
          space.kind === "discrete"
            ? crossEntropy(predictedAction, choices(taken))
            : np.mean(np.sum(np.square(np.subtract(predictedAction, taken)), -1));
        const predicted = forward.apply(params.forward, before!, actionVector(space, taken));
        // As in the authors' code, the features learn from both losses.
        const forwardLoss = np.mean(surprise(predicted, after!));
        return {
          loss: np.add(np.multiply(inverseLoss, 1 - beta), np.multiply(forwardLoss, beta)),
          metrics: {
            inverse: inverseLoss,
            forward: forwardLoss,
            ...(space.kind === "discrete" ? { accuracy: accuracy(predictedAction, choices(taken)) } : {}),
          },
        };
      },
      bonus(params, _memory, windows) {
        const [before, after] = [0, 1].map((step) => features.apply(params.features, observationAt(windows, step)));
        const taken = actionVector(space, stepOf(windows.action, 0));
        return { bonus: lax.stopGradient(surprise(forward.apply(params.forward, before!, taken), after!)) };
      },
    };
  },
});
