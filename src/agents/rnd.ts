import * as z from "zod";
import { type Array, filled, lax, np, type Rng, scalar, type Tensor, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { companion, type Seen, type Windows } from "./agent.ts";
import { actionVector } from "./parts/actions.ts";
import { linearHe } from "./parts/linear-he.ts";
import { trunk } from "./parts/trunk.ts";
import { observationAt, stepOf } from "./parts/windows.ts";

/** Standardised observations are clipped to ± this. */
const CLIP = 5;

/**
 * RND, random network distillation: what a fixed random network makes of an observation is predicted, and the error, which is
 * large where little was seen, is a bonus. Observations are standardised by their running statistics and clipped; the bonus is
 * that of fresh steps, and the loop divides it by the running deviation of its discounted sum.
 * Burda et al. 2018, https://arxiv.org/abs/1810.12894. Differs from the paper: the agent is off-policy, so the predictor learns
 * from the replay, of all samples; He's normal weights in place of orthogonal ones; fewer and narrower layers.
 *
 * The bonus is of the observation after the step. With `--of choice` it is of the observation before it and the choice: the
 * networks have outputs for each choice, and those of the choice that was made are learned. So it is known how new a choice is
 * before it is made, and an agent that asks for it (dqn) prefers choices that it never made, where a value alone says nothing
 * of them: OPIQ, Rashid et al. 2020, https://arxiv.org/abs/2002.12174, with this error in place of its counts.
 */
export const rnd = companion({
  name: "rnd",
  paper: "https://arxiv.org/abs/1810.12894",
  summary: "a bonus for what is new: the error of predicting a random network's output",
  options: z.object({
    width: bounds.width().default(128).describe("width of the hidden layers"),
    outputs: bounds.width().default(64).describe("numbers of the random network to predict"),
    of: z
      .enum(["observation", "choice"])
      .default("observation")
      .describe("what is new: the observation after a step, or the choice in the one before it"),
  }),
  offers: ({ of }) => ({ hasBonus: true, hasNovelty: of === "choice" }),

  build({ observation, action: space, options: { width, outputs, of } }) {
    if (of === "choice" && space.kind !== "discrete")
      throw new UserError("rnd --of choice wants an environment with choices; use --of observation");
    const isOfChoice = of === "choice" && space.kind === "discrete";
    const blocks = isOfChoice ? space.count : 1;
    // Of standardised observations: they have no bounds to scale by.
    const standard = Object.fromEntries(
      Object.entries(observation).map(([name, box]) => [name, { ...box, low: -Infinity, high: Infinity }]),
    );
    const network = (depth: number) => {
      const [body, head] = [trunk(standard, width, depth), linearHe(width, blocks * outputs)];
      const init = (rng: Rng) => ({ trunk: body.init(rng.split("trunk")), head: head.init(rng.split("head")) });
      return {
        init,
        apply: (params: Traced<ReturnType<typeof init>>, seen: Seen): Array =>
          head.apply(params.head, body.apply(params.trunk, seen)),
      };
    };
    const [random, predictor] = [network(1), network(2)];
    type Memory = {
      readonly random: ReturnType<typeof random.init>;
      readonly statistics: Statistics<Tensor>;
      /** Of the discounted sum of bonuses, as the loop has them. */
      readonly scale: Scale<Tensor>;
    };
    /** The mean squared error of each row's choices, `[batch, choices]`; of one where they are alike. */
    const errors = (params: Traced<ReturnType<typeof predictor.init>>, memory: Traced<Memory>, seen: Seen): Array => {
      const input = standardised(seen, memory.statistics);
      const target = lax.stopGradient(random.apply(memory.random, input));
      const squares = np.square(np.subtract(predictor.apply(params, input), target));
      return np.mean(np.reshape(squares, [-1, blocks, outputs]), -1);
    };
    /** What is judged, and which of its errors count, `[batch, choices]`. */
    const seenIn = (windows: Windows) => observationAt(windows, isOfChoice ? 0 : 1);
    const ofTaken = (all: Array, windows: Windows): Array =>
      isOfChoice ? np.sum(np.multiply(all, actionVector(space, stepOf(windows.action, 0))), -1) : np.reshape(all, [-1]);

    return {
      length: 1,
      init: (rng) => ({ predictor: predictor.init(rng.split("predictor")) }),
      initMemory: (rng): Memory => ({
        random: random.init(rng.split("random")),
        statistics: {
          count: scalar(0),
          of: Object.fromEntries(
            Object.entries(observation).map(([name, { shape }]) => [
              name,
              { mean: filled(shape, 0), squares: filled(shape, 0) },
            ]),
          ),
        },
        scale: { sum: scalar(0), count: scalar(0), mean: scalar(0), squares: scalar(0) },
      }),
      loss: (params, windows, memory) => ({
        loss: np.mean(ofTaken(errors(params.predictor, memory, seenIn(windows)), windows)),
      }),
      bonus(params, memory, windows) {
        const seen = seenIn(windows);
        const statistics = withBatch(memory.statistics, seen);
        const bonus = ofTaken(errors(params.predictor, { ...memory, statistics }, seen), windows);
        return { bonus, memory: { statistics, scale: withBonus(memory.scale, np.mean(bonus)) } };
      },
      novelty(params, memory, seen) {
        const { count, squares } = memory.scale;
        const variance = np.multiply(squares, np.reciprocal(np.maximum(count, 1)));
        return np.multiply(errors(params.predictor, memory, seen), np.reciprocal(np.sqrt(np.add(variance, 1e-8))));
      },
    };
  },
});

/** The running discounted sum of bonuses, and of its values the number, the mean and the sum of squared deviations. */
type Scale<Leaf> = { readonly sum: Leaf; readonly count: Leaf; readonly mean: Leaf; readonly squares: Leaf };

function withBonus(before: Scale<Array>, bonus: Array): Scale<Array> {
  const sum = np.add(np.multiply(before.sum, 0.99), bonus);
  const count = np.add(before.count, 1);
  const change = np.subtract(sum, before.mean);
  const mean = np.add(before.mean, np.multiply(change, np.reciprocal(count)));
  return { sum, count, mean, squares: np.add(before.squares, np.multiply(change, np.subtract(sum, mean))) };
}

/** Of the observations so far: how many, and by name their mean and the sum of squared deviations from it. */
type Statistics<Leaf> = {
  readonly count: Leaf;
  readonly of: Readonly<Record<string, { readonly mean: Leaf; readonly squares: Leaf }>>;
};

/** With a batch of observations. Chan et al. 1983, https://doi.org/10.1080/00031305.1983.10483115 */
function withBatch({ count, of }: Statistics<Array>, seen: Seen): Statistics<Array> {
  const rows = Object.values(seen)[0]!.shape[0]!;
  const total = np.add(count, rows);
  const share = np.multiply(np.reciprocal(total), rows);
  const changed = Object.entries(of).map(([name, { mean, squares }]) => {
    const values = seen[name]!;
    const theirs = np.mean(values, 0);
    const change = np.subtract(theirs, mean);
    const within = np.sum(np.square(np.subtract(values, theirs)), 0);
    const between = np.multiply(np.square(change), np.multiply(count, share));
    return [
      name,
      { mean: np.add(mean, np.multiply(change, share)), squares: np.add(squares, np.add(within, between)) },
    ] as const;
  });
  return { count: total, of: Object.fromEntries(changed) };
}

function standardised(seen: Seen, { count, of }: Statistics<Array>): Seen {
  return Object.fromEntries(
    Object.entries(seen).map(([name, values]) => {
      const { mean, squares } = of[name]!;
      const variance = np.multiply(squares, np.reciprocal(np.maximum(count, 1)));
      const each = np.multiply(np.subtract(values, mean), np.reciprocal(np.sqrt(np.add(variance, 1e-8))));
      return [name, np.clip(each, -CLIP, CLIP)];
    }),
  );
}
