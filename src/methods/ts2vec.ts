import * as z from "zod";
import { constant, float32, lax, np, type Rng } from "../array/index.ts";
import { type Segment, segments } from "../data/time.ts";
import { tokens } from "../encoders/abilities.ts";
import { UserError } from "../foundation/errors.ts";
import { hierarchicalContrast } from "../objectives/contrastive/hierarchical-contrast.ts";
import { contrastiveAccuracy } from "../objectives/contrastive/nt-xent.ts";
import { method } from "./method.ts";
import { timeSteps } from "./parts/time-steps.ts";
import { concatenateInputs } from "./parts/views.ts";

/** AdamW at a constant rate; the average over about a hundred steps. */
const paperTraining = {
  ...{ optimizer: "adamw", batchSize: 8, learningRate: 1e-3, schedule: "constant", weightDecay: 0.01 },
  ...{ warmupEpochs: 0, ema: 0.99, epochs: 40 },
} as const;

/** Most steps that are compared with each other: memory grows with their square. */
const MOST_COMPARED = 1024;

/**
 * TS2Vec: two overlapping segments of a sample, each with half of its steps hidden, agree step by step where they overlap,
 * at every scale in time. Yue et al. 2021, https://arxiv.org/abs/2106.10466
 *
 * The recipe is the paper's, with 200 steps for data of up to 100,000 values and else 600: choose `--epochs` accordingly;
 * its encoder is `dilated`, which the preset `series` chooses. Hidden
 * steps are 0 after the encoder's first layer; tokens of several axes are averaged to one a step. Differs from the paper:
 * the lengths of segment and overlap are fixed at the means of its random ones, as a compiled step has one shape; only
 * their place is random. The published weights are an equal average over all steps, and here `--ema`'s. Where more than
 * 1,024 steps overlap, those of finer levels are compared with other samples only (the authors' `temporal_unit`).
 */
export const ts2vec = method({
  name: "ts2vec",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2106.10466",
  summary: "two overlapping segments agree step by step, at every scale in time",
  needs: [segments, tokens],
  options: z.object({
    extent: z.number().gt(0).max(1).default(0.625).describe("length of a segment, over the encoder's input"),
    overlap: z.number().gt(0).max(1).default(0.5).describe("length that both segments show, over the encoder's input"),
    hidden: z.number().min(0).lt(1).default(0.5).describe("probability that a step of a segment is hidden"),
    alpha: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("weight of the contrast with other samples against that with other steps"),
    temporalUnit: z
      .int()
      .min(0)
      .max(30)
      .optional()
      .describe("first level at which steps are compared with each other; each is the maximum of 2 to the power of it"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 0.032, weightDecay: 0.01, batchSize: 8 },
  presets: {
    series: {
      summary: "the paper's: dilated convolutions, batches of 8 at a constant rate of 0.001, averaged weights",
      encoder: "dilated",
      lightViews: true,
      training: paperTraining,
    },
    small: {
      summary: "batches of 8 at a constant rate of 0.001, averaged weights",
      lightViews: true,
      training: paperTraining,
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options: { extent, overlap, hidden, alpha, temporalUnit } }) {
    const steps = timeSteps(encoder, modality, "ts2vec");
    const long = Math.min(Math.floor(steps.parts), Math.max(2, Math.round(extent * steps.parts)));
    const shift = Math.max(0, long - Math.max(1, Math.round(overlap * steps.parts)));
    if (overlap > extent || long + shift > steps.parts + 1e-9)
      throw new UserError(
        `ts2vec: two segments of ${extent} that share ${overlap} do not fit into an input; choose --overlap between 2 · extent − 1 and --extent`,
      );
    const cut = { count: 2, extent: long / steps.parts, grid: steps.parts } as const;
    const gap = -(long - shift) / steps.parts;
    const places = steps.places(long);
    if (places <= shift)
      throw new UserError(`ts2vec: an input of ${Math.floor(steps.parts)} steps is too short for overlapping segments`);

    const view = ({ segment }: Segment, rng: Rng) => ({
      input: modality.tensors(segment),
      hidden: float32(
        Float32Array.from({ length: places }, () => (rng.chance(hidden) ? 1 : 0)),
        [places],
      ),
    });
    return {
      views(sample, rng) {
        const [first, second] = modality.segments(sample, rng, { ...cut, gap: [gap, gap] });
        if (!first || !second) throw new Error("ts2vec: fewer than two segments");
        return { first: view(first, rng), second: view(second, rng) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")) }),
      loss(params, { first, second }) {
        const inputs = concatenateInputs([first.input, second.input]);
        const at = np.concatenate([first.hidden, second.hidden], 0);
        const masked = { at, token: constant(float32([0], [1])) };
        const [one, other] = np.split(steps.apply(params.encoder, inputs, { masked }), 2, 0);
        const count = one!.shape[1]!;
        // The steps of both contexts: the last ones of the first segment, the first ones of the second.
        const late = shift === 0 ? one! : np.split(one!, [shift], 1)[1]!;
        const early = shift === 0 ? other! : np.split(other!, [count - shift], 1)[0]!;
        const unit = Math.max(0, Math.ceil(Math.log2((count - shift) / MOST_COMPARED)));
        const whole = [np.max(lax.stopGradient(late), 1), np.max(lax.stopGradient(early), 1)] as const;
        return {
          loss: hierarchicalContrast(late, early, { alpha, temporalUnit: temporalUnit ?? unit }),
          metrics: { accuracy: contrastiveAccuracy(...whole) },
        };
      },
    };
  },
});
