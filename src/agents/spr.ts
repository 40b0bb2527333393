import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { relu } from "../layers/functions/relu.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { type Arrays, companion, type Host, type Seen } from "./agent.ts";
import { actionVector, actionWidth } from "./parts/actions.ts";
import { linearHe } from "./parts/linear-he.ts";
import { movingAverage } from "./parts/moving-average.ts";
import { observationAt, stepOf } from "./parts/windows.ts";

/**
 * SPR, self-predictive representations: from the agent's latent of an observation and the actions that follow, predict the
 * latents of the next K observations, of a copy of the agent that is a moving average; by cosine, after a projection and, on the
 * predicting side, a prediction.
 * Schwarzer et al. 2020, https://arxiv.org/abs/2007.05929. Its weight beside the reward is 2 in the paper: `dqn+spr:2`. Differs
 * from the paper: latents are vectors, so the transition model is of linear layers; they are scaled to 0 … 1 for this loss alone,
 * not for the values; the projection is not shared with the values' head; images are not augmented.
 */
export const spr = companion({
  name: "spr",
  paper: "https://arxiv.org/abs/2007.05929",
  summary: "predict the latents of the next observations from the actions",
  options: z.object({
    steps: z.int().min(1).max(50).default(5).describe("observations predicted ahead (K)"),
    width: bounds.width().default(64).describe("width of the transition model and of what the loss compares"),
    momentum: z.number().min(0).max(1).default(0.99).describe("momentum of the copy (τ); 0 makes it the agent itself"),
  }),

  build({ action: space, options: { steps, width, momentum }, trunk }) {
    const latent = trunk.width;
    const layers = {
      hidden: linearHe(latent + actionWidth(space), width, Math.SQRT2),
      next: linearHe(width, latent),
      project: linearHe(latent, width),
      predict: linearHe(width, width),
    };
    const init = (rng: Rng) => ({
      hidden: layers.hidden.init(rng.split("hidden")),
      next: layers.next.init(rng.split("next")),
      project: layers.project.init(rng.split("project")),
      predict: layers.predict.init(rng.split("predict")),
    });
    const transition = (params: Traced<ReturnType<typeof init>>, z: Array, action: Array): Array => {
      const hidden = relu(layers.hidden.apply(params.hidden, np.concatenate([z, action], 1)));
      return toUnit(layers.next.apply(params.next, hidden));
    };

    return {
      length: steps,
      init: (rng) => init(rng),
      initMemory: (_rng, { project }, control: Host) => ({ control, project }),
      loss(params, windows, memory, { encode }) {
        const [batch = 1] = windows.reward.shape;
        let z = toUnit(encode(observationAt(windows, 0)));
        const latents = globalThis.Array.from({ length: steps }, (_, step) => {
          z = transition(params, z, actionVector(space, stepOf(windows.action, step)));
          return z;
        });
        const predicted = layers.predict.apply(
          params.predict,
          layers.project.apply(params.project, np.reshape(np.stack(latents, 1), [batch * steps, latent])),
        );
        const later = toUnit(encode(laterObservations(windows.observation, steps), memory.control as Arrays));
        const target = lax.stopGradient(layers.project.apply(memory.project, later));
        const cosines = np.sum(np.multiply(normalize(predicted), normalize(target)), -1);
        // After an episode's end there is nothing to predict.
        const [valid] = np.split(windows.valid, [steps], 1);
        const each = np.multiply(np.reshape(cosines, [batch, steps]), valid!);
        return {
          loss: np.multiply(np.sum(each), -1 / batch),
          metrics: { cosine: np.multiply(np.sum(each), np.reciprocal(np.sum(valid!))) },
        };
      },
      afterStep: ({ project }, memory, control) => ({
        control: movingAverage(memory.control as Arrays, control, momentum),
        project: movingAverage(memory.project, project, momentum),
      }),
    };
  },
});

/** Each row from its least to its largest value, 0 … 1; MuZero's scaling, https://arxiv.org/abs/1911.08265 */
function toUnit(z: Array): Array {
  const [least, most] = [np.min(z, -1, { keepdims: true }), np.max(z, -1, { keepdims: true })];
  return np.multiply(np.subtract(z, least), np.reciprocal(np.add(np.subtract(most, least), 1e-5)));
}

/** The observations after the first, up to `steps`, one below the other: `[batch · steps, …shape]`. */
const laterObservations = (observation: Seen, steps: number): Seen =>
  Object.fromEntries(
    Object.entries(observation).map(([name, values]) => {
      const [batch = 1, length = 1, ...shape] = values.shape;
      const later = np.split(values, length > steps + 1 ? [1, steps + 1] : [1], 1)[1]!;
      return [name, np.reshape(later, [batch * steps, ...shape])];
    }),
  );
