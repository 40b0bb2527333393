import * as z from "zod";
import { type Array, int32, np, type Rng, type Traced } from "../array/index.ts";
import { distortions } from "../data/time.ts";
import { perturb, type Sample } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { linear } from "../layers/linear.ts";
import { transformerBlock } from "../layers/transformer/transformer.ts";
import { futureContrast } from "../objectives/contrastive/future-contrast.ts";
import { contrastiveAccuracy, ntXent } from "../objectives/contrastive/nt-xent.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { averagedCount, averageSteps, timeSteps } from "./parts/time-steps.ts";
import { rowsAt } from "./parts/tokens.ts";

/**
 * TS-TCC: from the past of a weakly changed view, predict the future of a strongly changed one and the reverse; and the
 * contexts of both views agree. Eldele et al. 2021, https://arxiv.org/abs/2106.14112
 *
 * A Transformer without positions reads the steps up to a random moment into a context vector; linear layers predict the
 * next steps of the other view, told from those of other samples; a projection of both contexts is compared by NT-Xent. Sizes
 * and weights are those of the authors' code. Differs from the paper: the moment is drawn for each sample, not for each
 * batch; views and encoder are those of the kind of data (the paper: scaling against permutation and jitter; three 1-D
 * convolutions); more than `mostSteps` steps are averaged; a cosine-decayed rate.
 */
export const tsTcc = method({
  name: "ts-tcc",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2106.14112",
  summary: "predict the future of a strongly changed view from a weakly changed one, and the reverse",
  needs: [distortions, perturb],
  options: z.object({
    weak: z
      .array(z.string())
      .max(16)
      .optional()
      .describe("distortions of the weak view, one after the other; by default a lightly changed view"),
    strong: z
      .array(z.string())
      .max(16)
      .optional()
      .describe("distortions of the strong view, one after the other; by default the kind of data's"),
    future: z.number().gt(0).lt(1).default(0.4).describe("share of the steps that is predicted"),
    mostSteps: z
      .int()
      .min(2)
      .max(1024)
      .default(64)
      .describe("longer sequences of steps are averaged to at most so many"),
    temperature: z.number().positive().default(0.2).describe("temperature of the contexts' similarities"),
    contextDim: bounds.width().default(100).describe("width of the Transformer that reads the past"),
    contextDepth: bounds.depth().default(4).describe("blocks of that Transformer"),
    contextHeads: bounds.width().default(4).describe("its attention heads"),
    contextHiddenDim: bounds.width().default(64).describe("hidden width of its feed-forward layers"),
    hiddenDim: bounds.width().default(64).describe("hidden width of the projector"),
    projectionDim: bounds.width().default(32).describe("width of the embeddings that are compared"),
    temporalWeight: z.number().nonnegative().default(1).describe("weight of predicting the future"),
    contextualWeight: z.number().nonnegative().default(0.7).describe("weight of comparing the contexts"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 6e-4, weightDecay: 3e-4, beta2: 0.99, batchSize: 128 },
  presets: {
    small: {
      summary: "the paper's 40 epochs and rate, in batches of 64",
      lightViews: true,
      training: { optimizer: "adamw", batchSize: 64, learningRate: 1e-3, weightDecay: 3e-4, epochs: 40 },
    },
  },

  build({ encoder, modality, options }) {
    const { names, strong = [], distort } = modality.distortions;
    const unknown = [...(options.weak ?? []), ...(options.strong ?? [])].find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new UserError(`ts-tcc: no distortion "${unknown}"; this data has ${names.join(", ")}`);
    const real = names.filter((name) => name !== "none");
    const steps = timeSteps(encoder, modality, "ts-tcc");
    const count = averagedCount(steps.count, options.mostSteps);
    const ahead = Math.max(1, Math.floor(options.future * count));
    if (count <= ahead)
      throw new UserError(
        `ts-tcc: ${count} step${count === 1 ? "" : "s"} of time leave no past to predict from; use a longer input or smaller patches`,
      );
    const { contextDim: dim, contextDepth, contextHeads: heads, contextHiddenDim } = options;
    if (dim % heads !== 0)
      throw new UserError(`ts-tcc: a width of ${dim} cannot be split into ${heads} heads; choose heads that divide it`);

    const embed = linear(steps.width, dim);
    const block = { width: dim, heads, mlpRatio: contextHiddenDim / dim, epsilon: 1e-5, dropout: 0.1 };
    const blocks = globalThis.Array.from({ length: contextDepth }, () => transformerBlock(block));
    const predictor = linear(dim, ahead * steps.width);
    const projector = mlp([dim, options.hiddenDim, options.projectionDim]);
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      embed: embed.init(rng.split("embed")),
      contextToken: rng.split("contextToken").normals([1, 1, dim]),
      blocks: blocks.map((one, index) => one.init(rng.split("block", index))),
      predictor: predictor.init(rng.split("predictor")),
      projector: projector.init(rng.split("projector")),
    });
    /** The context vector, `[batch, dim]`, of the steps up to `moment`. */
    const contextOf = (params: Traced<ReturnType<typeof init>>, z: Array, moment: Array): Array => {
      const batch = z.shape[0]!;
      const front = np.broadcastTo(params.contextToken, [batch, 1, dim]);
      const isLater = np.greater(
        np.reshape(np.arange(count + 1), [1, 1, 1, -1]),
        np.reshape(np.add(moment, 1), [-1, 1, 1, 1]),
      );
      const bias = np.where(isLater, -1e9, 0);
      let x = np.concatenate([front, embed.apply(params.embed, z)], 1);
      for (const [index, one] of blocks.entries()) x = one.apply(params.blocks[index]!, x, { bias });
      return np.reshape(np.split(x, [1], 1)[0]!, [batch, dim]);
    };
    const changed = (sample: Sample, rng: Rng, by: readonly string[]) =>
      by.reduce((view, name) => distort(view, rng, name), sample);

    return {
      views(sample, rng) {
        const weak = options.weak ? changed(sample, rng, options.weak) : modality.perturb(sample, rng);
        const chosen = options.strong ?? (strong.length > 0 ? strong : [real[rng.integer(0, real.length - 1)]!]);
        return {
          weak: modality.tensors(weak),
          strong: modality.tensors(changed(sample, rng, chosen)),
          moment: int32([rng.integer(0, count - ahead - 1)], []),
        };
      },
      init: (rng) => init(rng),
      loss(params, { weak, strong, moment }) {
        const [z0, z1] = [weak, strong].map((view) =>
          normalize(averageSteps(steps.apply(params.encoder, view), options.mostSteps)),
        ) as [Array, Array];
        const places = np.add(np.reshape(moment, [-1, 1]), np.add(np.arange(ahead), 1));
        const [c0, c1] = [z0, z1].map((z) => contextOf(params, z, moment)) as [Array, Array];
        const [predicted0, predicted1] = [c0, c1].map((context) =>
          np.reshape(predictor.apply(params.predictor, context), [-1, ahead, steps.width]),
        ) as [Array, Array];
        const temporal = np.add(
          futureContrast(predicted0, rowsAt(z1, places)),
          futureContrast(predicted1, rowsAt(z0, places)),
        );
        const [p0, p1] = [c0, c1].map((context) => projector.apply(params.projector, context)) as [Array, Array];
        const contextual = ntXent(p0, p1, { temperature: options.temperature });
        return {
          loss: np.add(
            np.multiply(temporal, options.temporalWeight),
            np.multiply(contextual, options.contextualWeight),
          ),
          metrics: { temporal, contextual, accuracy: contrastiveAccuracy(p0, p1) },
        };
      },
    };
  },
});
