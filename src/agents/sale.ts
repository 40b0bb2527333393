import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import { actionSize } from "../environments/space.ts";
import * as bounds from "../foundation/bounds.ts";
import { elu } from "../layers/functions/elu.ts";
import { companion, type Embeddings } from "./agent.ts";
import { avgL1Norm, denseStack } from "./parts/dense.ts";
import { joined, observationAt, observationSize, stepOf } from "./parts/windows.ts";

/**
 * SALE, state–action learned embeddings: z(s) and z(s, a) such that z(s, a) is the next state's z. Critic and actor read them
 * beside state and action, from a copy that stays fixed for some updates, so that their inputs do not shift under them.
 * Fujimoto et al. 2023, https://arxiv.org/abs/2306.02451. Differs from the paper: of TD7 this is the embedding; LAP and the
 * clipping of target values are options of td3, and there are no checkpoints of the policy and no behaviour cloning.
 */
export const sale = companion({
  name: "sale",
  paper: "https://arxiv.org/abs/2306.02451",
  summary: "embeddings of state and action that predict the next state's, for critic and actor to read",
  options: z.object({
    width: bounds.width().default(256).describe("width of the embeddings"),
    hidden: bounds.width().default(256).describe("width of the hidden layers"),
    every: z.int().positive().default(250).describe("updates for which critic and actor read the same embeddings"),
  }),
  offers: ({ width, every }) => ({ features: { width, every } }),

  build({ observation, action, options: { width, hidden, every } }) {
    const state = denseStack([observationSize(observation), hidden, hidden, width], elu);
    const pair = denseStack([width + actionSize(action), hidden, hidden, width], elu);
    const init = (rng: Rng) => ({ state: state.init(rng.split("state")), pair: pair.init(rng.split("state-action")) });
    const embeddings = (params: Traced<ReturnType<typeof init>>): Embeddings => ({
      state: (seen) => avgL1Norm(state.apply(params.state, joined(seen))),
      pair: (zs: Array, taken: Array) => pair.apply(params.pair, np.concatenate([zs, taken], 1)),
    });
    return {
      length: 1,
      init: (rng) => init(rng),
      initMemory: (_rng, params) => ({ fixed: params, target: params }),
      loss(params, windows) {
        const { state: zs, pair: zsa } = embeddings(params);
        const predicted = zsa(zs(observationAt(windows, 0)), stepOf(windows.action, 0));
        const next = lax.stopGradient(zs(observationAt(windows, 1)));
        return { loss: np.mean(np.square(np.subtract(predicted, next))) };
      },
      copies: { every, copy: (params, { fixed }) => ({ target: fixed, fixed: params }) },
      features: ({ fixed, target }) => ({ now: embeddings(fixed), target: embeddings(target) }),
    };
  },
});
