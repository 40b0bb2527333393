import * as z from "zod";
import { type Array, lax, np, type Rng, scalar, type Traced, tree } from "../array/index.ts";
import { actionSize } from "../environments/space.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { type Arrays, type ControlContext, control, type FixedEmbeddings, type Seen } from "./agent.ts";
import { actor, twinCritics } from "./parts/actor-critic.ts";
import { movingAverage } from "./parts/moving-average.ts";
import { joined, nStepBonus, nStepReturn, observationAt, observationSize, stepOf } from "./parts/windows.ts";

/**
 * TD3: two critics, of whose targets the smaller counts; targets smoothed by noise on the action; an actor that is trained half
 * as often. Fujimoto et al. 2018, https://arxiv.org/abs/1802.09477. Widths, batch and rates are those of the authors' code
 * (https://github.com/sfujim/TD3). Differs from it: critic and actor are one loss of one step, so the actor climbs the critic
 * as it was before the step.
 *
 * With a companion that offers embeddings (sale), critic and actor read them as in TD7 (https://arxiv.org/abs/2306.02451), and
 * what else TD7 changes is on: targets are hard copies, made when the embeddings' are; target values are clipped to the range
 * seen before the last copy; replay by LAP (https://arxiv.org/abs/2007.06049) with the Huber loss; the actor climbs the mean of
 * both critics. With one that pays a bonus there is a second value, of the bonus, that does not end with the episode
 * (https://arxiv.org/abs/1810.12894).
 */
export const td3 = control({
  name: "td3",
  paper: "https://arxiv.org/abs/1802.09477",
  summary: "continuous actions: two critics, smoothed targets, a delayed actor",
  options: z.object({
    width: bounds.width().default(256).describe("width of the hidden layers of actor and critics"),
    discount: z.number().min(0).max(1).default(0.99).describe("discount of what follows (γ)"),
    actorEvery: z.int().positive().default(2).describe("updates of the critics for one of the actor (d)"),
    explorationNoise: z.number().min(0).default(0.1).describe("deviation of the noise on actions while learning"),
    targetNoise: z.number().min(0).default(0.2).describe("deviation of the noise on the targets' actions (σ)"),
    noiseClip: z.number().min(0).default(0.5).describe("limit of that noise (c)"),
    targetRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.005)
      .describe("share of the networks in their targets, at each update of the actor (τ); without embeddings"),
    lap: z
      .enum(["auto", "on", "off"])
      .default("auto")
      .describe("replay in proportion to the error, with the Huber loss (LAP); auto: with embeddings"),
    lapPower: z.number().min(0).max(1).default(0.4).describe("exponent of the error in a priority (α)"),
    bonusWeight: z.number().min(0).default(1).describe("factor of the value of a companion's bonus for the actor"),
    bonusDiscount: z.number().min(0).max(1).default(0.99).describe("discount of the bonus"),
  }),
  recipe: { learningRate: 3e-4, batchSize: 256, warmupSteps: 10_000, updateEvery: 1 },

  build({ observation, action: space, options, offers: { features: offered, hasBonus = false } }) {
    if (space.kind !== "box")
      throw new UserError(`td3 acts by numbers, and this environment has ${space.count} choices; use dqn`);
    const [states, size, embedding] = [observationSize(observation), actionSize(space), offered?.width ?? 0];
    const policy = actor(states, size, options.width, embedding);
    const critics = twinCritics(states, size, options.width, embedding, hasBonus ? 2 : 1);
    const isLap = options.lap === "on" || (options.lap === "auto" && offered !== undefined);

    const init = (rng: Rng) => ({
      critic: critics.init(rng.split("critic")),
      actor: policy.init(rng.split("actor")),
    });
    type Networks = Traced<ReturnType<typeof init>>;
    type Targets = { readonly target: Networks };
    /** What the networks read: the state's vector, and the fixed embeddings, if there are any. */
    const look = (seen: Seen, embeddings: FixedEmbeddings["now"] | undefined) => {
      const [state, zs] = [joined(seen), embeddings?.state(seen)];
      return {
        act: ({ actor: params }: Pick<Networks, "actor">) => policy.apply(params, state, zs ? [zs] : []),
        values: ({ critic }: Pick<Networks, "critic">, action: Array) =>
          critics.apply(critic, state, action, zs && embeddings ? [embeddings.pair(zs, action), zs] : []),
      };
    };

    return {
      length: 1,
      normals: size,
      hasPriorities: isLap,
      delayed: { branch: "actor", every: options.actorEvery },
      init: (rng) => init(rng),
      initMemory: (_rng, params) => ({
        target: params,
        // Of target values: seen so far, and what they are clipped to.
        range: { low: scalar(1e8), high: scalar(-1e8), least: scalar(0), most: scalar(0) },
      }),
      loss(params, windows, { target, range }, { features, normals, trainsDelayed }) {
        const noise = np.clip(np.multiply(normals(), options.targetNoise), -options.noiseClip, options.noiseClip);
        /** The smaller of the targets' two values of what follows, `[batch, values]`. */
        const follow = (seen: Seen): Array => {
          const next = look(seen, features?.target);
          const [one, two] = next.values(target, np.clip(np.add(next.act(target), noise), -1, 1));
          return np.minimum(one, two);
        };
        const column = (values: Array, at = 0) => (hasBonus ? stepOf(values, at) : np.reshape(values, [-1]));
        const { sum, discount } = nStepReturn(windows, options.discount, 1);
        const followed = column(follow(observationAt(windows, 1)));
        const clipped = offered ? np.clip(followed, range.least, range.most) : followed;
        const goals = [np.add(sum, np.multiply(discount, clipped))];
        if (hasBonus) {
          const bonus = nStepBonus(windows, options.bonusDiscount, 1);
          goals.push(np.add(bonus.sum, np.multiply(bonus.discount, column(follow(windows.onward), 1))));
        }
        const goal = lax.stopGradient(np.stack(goals, 1));

        const now = look(observationAt(windows, 0), features?.now);
        const [one, two] = now.values(params, stepOf(windows.action, 0));
        const [first, second] = [np.abs(np.subtract(one, goal)), np.abs(np.subtract(two, goal))];
        const cost = isLap ? huber : np.square;
        // Means over the batch, summed over the critics and their values.
        const loss = np.sum(np.mean(np.add(cost(first), cost(second)), 0));
        const largest = lax.stopGradient(np.max(np.maximum(first, second), -1));
        const metrics = { criticLoss: loss, value: np.mean(column(one)) };
        const result = {
          ...(offered ? { memory: { range: widened(range, goals[0]!) } } : {}),
          ...(isLap ? { priority: np.power(np.maximum(largest, 1), options.lapPower) } : {}),
        };
        if (!trainsDelayed) return { loss, metrics, ...result };

        const action = now.act(params);
        const fixed = { critic: tree.map<Array, Array>(params.critic, lax.stopGradient) as Networks["critic"] };
        const climbed = now.values(fixed, action).slice(0, offered ? 2 : 1);
        const worth = climbed.map((values) =>
          hasBonus
            ? np.add(np.mean(column(values)), np.multiply(np.mean(column(values, 1)), options.bonusWeight))
            : np.mean(values),
        );
        const actorLoss = np.multiply(
          worth.reduce((sum, value) => np.add(sum, value)),
          -1 / worth.length,
        );
        return { loss: np.add(loss, actorLoss), metrics: { ...metrics, actorLoss }, ...result };
      },
      ...(offered
        ? {
            copies: {
              every: offered.every,
              copy: (params: Networks, { range }: { readonly range: Range<Array> }) => ({
                target: params,
                range: { ...range, least: range.low, most: range.high },
              }),
            },
          }
        : {
            afterStep: (params: Networks, { target }: Targets, { trainsDelayed }: Delay): Arrays =>
              trainsDelayed ? { target: movingAverage(target, params, 1 - options.targetRate) } : {},
          }),
      act: (params, _memory, seen, { features } = {}) => look(seen, features?.now).act(params),
      choose: (outputs, exploration) =>
        exploration
          ? outputs.map((value) =>
              Math.max(-1, Math.min(1, value + exploration.rng.normal(0, options.explorationNoise))),
            )
          : outputs.slice(),
    };
  },
});

/** Half the square of errors below 1, above the error itself: what LAP's priorities ask for, https://arxiv.org/abs/2007.06049 */
const huber = (error: Array): Array => np.where(np.less(error, 1), np.multiply(np.square(error), 0.5), error);

type Delay = Pick<ControlContext, "trainsDelayed">;

/** Of target values, scalars: the range seen, and the range they are clipped to. */
type Range<Leaf> = {
  readonly low: Leaf;
  readonly high: Leaf;
  readonly least: Leaf;
  readonly most: Leaf;
};

const widened = (range: Range<Array>, goals: Array): Range<Array> => ({
  ...range,
  low: np.minimum(range.low, np.min(goals)),
  high: np.maximum(range.high, np.max(goals)),
});
