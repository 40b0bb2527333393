import * as z from "zod";
import { type Array, filled, int32, lax, np, type Rng } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { perturb, type Sample } from "../data/views.ts";
import { vocabulary as vocabularyAbility } from "../data/vocabulary.ts";
import { patches as patchAbility, tokens } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { linear } from "../layers/linear.ts";
import { standardize } from "../layers/norms/layer-norm.ts";
import { inEvaluation } from "../layers/scope.ts";
import { smoothL1 } from "../objectives/restoration/smooth-l1.ts";
import { method } from "./method.ts";
import { blockwiseMask, randomPlaces, shareOf } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked, smallSchedule } from "./parts/presets.ts";
import { spanMask } from "./parts/span-masks.ts";
import { linearMomentum, momentumUpdate } from "./parts/teacher.ts";
import { maskTokens, slotsFor } from "./parts/token-masks.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";

/** Each feature at mean 0 and variance 1 over the tokens of a sample, `[batch, tokens, width]`: an instance norm. */
const overTokens = (output: Array): Array => np.transpose(standardize(np.transpose(output, [0, 2, 1])), [0, 2, 1]);

/**
 * Weighted standard deviation over the rows of `[batch, places, width]`, the mean over the width: 0 means collapse.
 */
function deviationOf(targets: Array, weights: Array): Array {
  const share = np.expandDims(np.multiply(weights, np.reciprocal(np.maximum(np.sum(weights), 1e-12))), 2);
  const mean = np.sum(np.multiply(targets, share), [0, 1]);
  const variance = np.sum(np.multiply(np.square(np.subtract(targets, mean)), share), [0, 1]);
  return np.mean(np.sqrt(variance));
}

/**
 * data2vec: from a masked input, predict a momentum teacher's view of the whole input: the average of its last K blocks'
 * outputs. Baevski et al. 2022, https://arxiv.org/abs/2202.03555. One method for images, speech and texts.
 *
 * Images: targets and recipe (ViT-B, batch 2,048) are those of https://github.com/facebookresearch/data2vec_vision: each
 * block's output is layer-normalised before the average, and the average again. Differs from the paper: no relative
 * position bias in the encoder, no dropout of attention (0.05 there), colours are not jittered, and crops have
 * at least 0.2 of the area (0.08 there).
 *
 * Speech: the preset `speech` on the encoder `wave` has fairseq's settings: spans of 10 tokens, 49 % masked, 8 blocks, each
 * normalised over time (`targetNorm`) and the average not again, squared error (β 4 is hardly ever reached). Differs from the
 * paper: targets are the blocks' outputs, not those of their feed-forward layers; the momentum rises over the whole
 * training, not its first 30,000 updates; the teacher's convolutions have the same momentum as its blocks (the paper's are
 * the student's).
 *
 * Texts: special tokens and padding are never masked, and the average is not normalised again, as in
 * https://github.com/facebookresearch/fairseq/tree/main/examples/data2vec, whose settings are the preset `text` (35 %
 * masked, all by the mask token, β 4). Differs from the paper: tokens are masked one by one, not in runs of four; targets
 * are the blocks' outputs, not those of their feed-forward layers; the teacher's embeddings have the same momentum as its
 * blocks (the paper's are the student's); the mask token is not one of the vocabulary; the head is one linear layer, not
 * two.
 */
export const data2vec = method({
  name: "data2vec",
  family: "masked",
  paper: "https://arxiv.org/abs/2202.03555",
  summary: "predict a teacher's representation of the whole input from a masked one",
  needs: [tokens],
  options: z.object({
    maskRatio: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.6)
      .describe("share of the tokens that are masked; of patches in blocks"),
    maskLength: bounds
      .repeats()
      .optional()
      .describe("tokens of a masked span, on inputs of one axis; by default single tokens, or blocks of patches"),
    targetNorm: z
      .enum(["width", "time"])
      .default("width")
      .describe("normalise the teacher's outputs over the width of each token, or each feature over a sample's tokens"),
    topBlocks: bounds.depth().default(6).describe("number of last blocks averaged into the targets (K)"),
    beta: z.number().positive().default(2).describe("distance at which the loss turns from squared to linear"),
    momentum: z.number().min(0).max(1).default(0.9998).describe("momentum of the teacher at the start"),
    finalMomentum: z
      .number()
      .min(0)
      .max(1)
      .default(0.9998)
      .describe("momentum of the teacher at the end; linear in between"),
  }),
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 2.5e-4, weightDecay: 0.05, batchSize: 2048 },
    ...{ warmup: 10 / 800, finalLearningRate: 1e-5 / 2e-3, gradientClip: 3 },
  },
  encoderOptions: { dropPath: 0.25 },
  encoderRecipe: { layerScale: 1e-4 },
  presets: {
    text: {
      summary: "texts, as in the authors' code: 35 % of the tokens masked; for a few MB on two cores",
      encoder: "transformer",
      encoderOptions: { size: "mini" },
      options: { maskRatio: 0.35, topBlocks: 3, beta: 4, momentum: 0.99, finalMomentum: 0.999 },
      training: { ...smallSchedule, epochs: 20, batchSize: 64, learningRate: 1e-3, gradientClip: 1 },
    },
    speech: {
      summary: "recordings, as in the authors' code: spans masked, targets normalised over time",
      encoder: "wave",
      options: {
        ...{ maskRatio: 0.49, maskLength: 10, topBlocks: 8, targetNorm: "time", beta: 4 },
        ...{ momentum: 0.999, finalMomentum: 0.9999 },
      },
      training: { ...smallSchedule, batchSize: 256, learningRate: 5e-4, weightDecay: 0.01, gradientClip: 0 },
    },
    small: {
      summary: "the mean of 3 blocks as the target, a faster teacher; batches of 128",
      ...smallMasked,
      encoderOptions: { dropPath: 0, layerScale: 0 },
      options: { topBlocks: 3, momentum: 0.99, finalMomentum: 0.999 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { tokens } = encoder;
    const patches = offerOf(encoder, patchAbility);
    const vocabulary = offerOf(modality, vocabularyAbility);
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const { maskRatio: ratio, maskLength } = options;
    const isOverTime = options.targetNorm === "time";
    const grid = patches?.grid ?? [tokens.count];
    const slots = vocabulary ? slotsFor(vocabulary.length, ratio) : shareOf(tokens.count, ratio);
    /** The masked places of a sample; the weight is 0 for unused slots of a short text. */
    const hide = (sample: Sample, rng: Rng) => {
      if (vocabulary) {
        // Ids stay as they are: the mask token replaces their embeddings.
        const maskOptions = { ratio, slots, wholeWords: false };
        const { places, weights } = maskTokens(vocabulary.tokens(sample), vocabulary, rng, maskOptions).targets;
        return { places, weights };
      }
      const inParts = maskLength ? spanMask(rng, grid, slots, maskLength) : blockwiseMask(rng, grid, slots);
      const places = patches || maskLength ? inParts : randomPlaces(rng, tokens.count, slots);
      return { places: int32(places, [slots]), weights: filled([slots], 1) };
    };
    const head = linear(tokens.width, tokens.width);
    return {
      views(sample, rng) {
        const view = perturbed(sample, rng);
        return { input: modality.tensors(view), hidden: hide(view, rng) };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").truncatedNormal([1, tokens.embeddingWidth ?? tokens.width], 0.02),
        head: head.init(rng.split("head")),
      }),
      initMemory: (_, params) => ({ teacher: params.encoder }),
      loss(params, { input, hidden }, { teacher }) {
        const outputs = inEvaluation(() => tokens.blocks(teacher, input)).slice(-options.topBlocks);
        const normalized = (output: Array) => (isOverTime ? overTokens(output) : standardize(output));
        const [first, ...others] = outputs.map((output) => normalized(ofPatches(output, tokens)));
        const sum = others.reduce((total: Array, output) => np.add(total, output), first!);
        const average = np.multiply(sum, 1 / outputs.length);
        const everywhere = lax.stopGradient(vocabulary || isOverTime ? average : standardize(average));

        const { places, weights } = hidden;
        const at = markedAt(places, tokens.count, weights);
        const encoded = tokens.encode(params.encoder, input, { masked: { at, token: params.maskToken } });
        const prediction = head.apply(params.head, rowsAt(ofPatches(encoded, tokens), places));
        const targets = rowsAt(everywhere, places);
        return {
          loss: smoothL1(prediction, targets, { beta: options.beta, weights }),
          metrics: { targetDeviation: deviationOf(targets, weights) },
        };
      },
      afterStep: (params, { teacher }, { progress }) => ({
        teacher: momentumUpdate(
          teacher,
          params.encoder,
          linearMomentum(progress, { start: options.momentum, end: options.finalMomentum }),
        ),
      }),
      ...(patches && {
        look: (_, { input, hidden }) => ({
          masked: withPatches(patches, input, markedAt(hidden.places, patches.count), 0),
        }),
      }),
    };
  },
});
