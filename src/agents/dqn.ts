import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { oneHot } from "../layers/functions/one-hot.ts";
import { smoothL1 } from "../objectives/restoration/smooth-l1.ts";
import { control, type Seen } from "./agent.ts";
import { choices } from "./parts/actions.ts";
import { linearHe } from "./parts/linear-he.ts";
import { trunk } from "./parts/trunk.ts";
import { nStepBonus, nStepReturn, observationAt, stepOf } from "./parts/windows.ts";

/**
 * DQN: the value of each choice is regressed on the reward and the value of the best choice that follows, of a network that is
 * copied from time to time. Mnih et al. 2015, https://doi.org/10.1038/nature14236. Double: the online network chooses what
 * follows, the copy says what it is worth; van Hasselt et al. 2015, https://arxiv.org/abs/1509.06461. With `nSteps` rewards
 * before that value. Differs from Mnih et al.: Adam in place of RMSProp; widths, rates and the age of the copy are those of
 * bsuite's agent for small worlds (https://arxiv.org/abs/1908.03568), where theirs are for millions of frames.
 *
 * With a companion that pays a bonus there is a second value of each choice, of the bonus, that does not end with the episode
 * (Burda et al. 2018, https://arxiv.org/abs/1810.12894): choices while learning, and in both targets, are those of the highest
 * weighted sum; in evaluation the reward alone decides. If the companion knows how new a choice is before it is made, that is
 * added to the bonus's values, as in OPIQ (Rashid et al. 2020, https://arxiv.org/abs/2002.12174).
 */
export const dqn = control({
  name: "dqn",
  paper: "https://doi.org/10.1038/nature14236",
  summary: "a value for each choice, from the best that follows; double, with returns of several steps",
  options: z.object({
    width: bounds.width().default(64).describe("width of the hidden layers"),
    discount: z.number().min(0).max(1).default(0.99).describe("discount of what follows (γ)"),
    nSteps: z.int().min(1).max(100).default(1).describe("rewards summed before the value of what follows (n)"),
    double: z.boolean().default(true).describe("the online network chooses what follows, its copy values it"),
    copyEvery: z.int().positive().default(4).describe("updates between two copies of the network for the targets"),
    epsilon: z.number().min(0).max(1).default(0.05).describe("probability of a random choice while learning (ε)"),
    epsilonSteps: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("share of all steps in which that probability falls from 1"),
    bonusWeight: z.number().min(0).default(1).describe("factor of the value of a companion's bonus in choices"),
    bonusDiscount: z.number().min(0).max(1).default(0.99).describe("discount of the bonus"),
    optimism: z
      .number()
      .min(0)
      .default(10)
      .describe("factor of how new a choice is in its bonus's value (OPIQ's C), with rnd --of choice"),
  }),
  recipe: { learningRate: 1e-3, batchSize: 32, warmupSteps: 100, updateEvery: 1 },

  build({ observation, action: space, options, offers: { features, hasBonus = false } }) {
    if (space.kind !== "discrete") throw new UserError("dqn acts by choices, and this environment by numbers; use td3");
    if (features) throw new UserError("dqn reads no embeddings beside the observation; use td3");
    const { count } = space;
    const { nSteps, bonusWeight } = options;
    const body = trunk(observation, options.width);
    // Values start near 0, so that chance prefers none of the choices by much.
    const head = linearHe(options.width, hasBonus ? 2 * count : count, 0.1);
    const init = (rng: Rng) => ({ trunk: body.init(rng.split("trunk")), head: head.init(rng.split("head")) });
    type Network = Traced<ReturnType<typeof init>>;

    /** Values of each choice, `[batch, count]`: of the reward, then perhaps of the bonus. */
    const valuesOf = (params: Network, seen: Seen): readonly Array[] => {
      const all = head.apply(params.head, body.apply(params.trunk, seen));
      return hasBonus ? np.split(all, 2, 1) : [all];
    };
    /** The same, where a choice that was seldom made is worth more. */
    const hopeful = ([ofReward, ofBonus]: readonly Array[], newness: Array | undefined): readonly Array[] =>
      ofBonus && newness
        ? [ofReward!, np.add(ofBonus, np.multiply(newness, options.optimism))]
        : [ofReward!, ...(ofBonus ? [ofBonus] : [])];
    const preference = ([ofReward, ofBonus]: readonly Array[]): Array =>
      ofBonus ? np.add(ofReward!, np.multiply(ofBonus, bonusWeight)) : ofReward!;
    /** The value of each row's choice, `[batch]`. @param chosen one-hot, `[batch, count]` */
    const at = (values: Array, chosen: Array): Array => np.sum(np.multiply(values, chosen), -1);

    return {
      length: nSteps,
      init: (rng) => init(rng),
      initMemory: (_rng, params) => ({ target: params }),
      loss(params, windows, { target }, { novelty }) {
        /** What follows is worth, in the copy's values. */
        const follow = (seen: Seen, which: number): Array => {
          const newness = novelty?.(seen);
          const values = hopeful(valuesOf(target, seen), newness);
          const judged = preference(options.double ? hopeful(valuesOf(params, seen), newness) : values);
          return at(values[which]!, oneHot(np.argmax(lax.stopGradient(judged), -1), count));
        };
        const goalOf = ({ sum, discount }: ReturnType<typeof nStepReturn>, value: Array) =>
          lax.stopGradient(np.add(sum, np.multiply(discount, value)));
        const ofReward = nStepReturn(windows, options.discount, nSteps);
        const goals = [goalOf(ofReward, follow(observationAt(windows, nSteps), 0))];
        if (hasBonus) goals.push(goalOf(nStepBonus(windows, options.bonusDiscount, nSteps), follow(windows.onward, 1)));

        const taken = oneHot(choices(stepOf(windows.action, 0)), count);
        const predicted = valuesOf(params, observationAt(windows, 0)).map((values) => at(values, taken));
        // The errors' derivatives are clipped to ±1, which is Huber's loss.
        const losses = predicted.map((values, which) => smoothL1(values, goals[which]!, { beta: 1 }));
        const [first, second] = predicted.map((values) => np.mean(values));
        return {
          loss: losses.reduce((sum, loss) => np.add(sum, loss)),
          metrics: { value: first!, ...(second ? { bonusValue: second } : {}) },
        };
      },
      copies: { every: options.copyEvery, copy: (params) => ({ target: params }) },
      act: (params, _memory, seen, { novelty } = {}) =>
        np.concatenate([...hopeful(valuesOf(params, seen), novelty?.(seen))], 1),
      choose(values, exploration) {
        if (!exploration) return Float32Array.of(best(values.subarray(0, count)));
        const { rng, step, steps } = exploration;
        const fallen = options.epsilonSteps === 0 ? 1 : Math.min(1, step / (options.epsilonSteps * steps));
        if (rng.chance(1 - fallen * (1 - options.epsilon))) return Float32Array.of(rng.integer(0, count - 1));
        const sums = hasBonus
          ? globalThis.Array.from({ length: count }, (_, each) => values[each]! + bonusWeight * values[count + each]!)
          : values;
        return Float32Array.of(best(sums));
      },
      encode: ({ trunk: params }, seen) => body.apply(params, seen),
      width: options.width,
    };
  },
});

/** The index of the largest. */
const best = (values: ArrayLike<number>): number => {
  let at = 0;
  for (let other = 1; other < values.length; other++) if (values[other]! > values[at]!) at = other;
  return at;
};
