import * as z from "zod";
import { type Array, int32, np } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { perturb, type Sample } from "../data/views.ts";
import { latents as latentAbility } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { gumbelCodebook } from "../layers/gumbel-codebook.ts";
import { linear } from "../layers/linear.ts";
import { codebookDiversity } from "../objectives/clustering/codebook-diversity.ts";
import { wav2vec2 as contrast, wav2vec2Accuracy } from "../objectives/contrastive/wav2vec2.ts";
import { codebookUsage } from "../objectives/restoration/vector-quantization.ts";
import { method } from "./method.ts";
import { shareOf } from "./parts/masks.ts";
import { smallMasked } from "./parts/presets.ts";
import { drawDistractors, gridOf, shareOfSpans, spanMask } from "./parts/span-masks.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";

/** Share of the training after which the temperature is at its end: about 277,000 of the paper's 400,000 updates. */
const ANNEALED = 0.69;

/** Exponential, as a factor at every update: 2 · 0.999995^update in the paper. */
function annealed(progress: Array, { start, end }: { start: number; end: number }): Array {
  const share = np.minimum(np.multiply(progress, 1 / ANNEALED), 1);
  return np.multiply(np.exp(np.multiply(share, Math.log(end / start))), start);
}

/**
 * wav2vec 2.0: spans of local features are masked, and the context at each masked place is to identify the quantised feature
 * that was there among those of other masked places. Baevski et al. 2020, https://arxiv.org/abs/2006.11477; the recipe is
 * that of the base model in https://github.com/facebookresearch/fairseq/tree/main/examples/wav2vec.
 *
 * Differs from the paper: the number of masked places is the same for every sample, the one that is expected, and a span is
 * at most a fifth of the sample; no penalty on the size of features and no smaller gradient for the convolutions, which
 * the paper has for its smaller data set only; no dropout and no layer drop. On patches of several axes (spectrograms,
 * images), blocks are masked instead of spans, and what is quantised is the patches' embeddings.
 */
export const wav2vec2 = method({
  name: "wav2vec2",
  family: "masked",
  paper: "https://arxiv.org/abs/2006.11477",
  summary: "identify the quantised features of masked spans among others of the sample",
  needs: [latentAbility],
  options: z.object({
    maskProbability: z.number().gt(0).lt(1).default(0.065).describe("probability that a masked span begins at a token"),
    maskLength: bounds.repeats().default(10).describe("tokens of a span"),
    distractors: bounds.repeats().default(100).describe("features of other masked places to tell a feature from (K)"),
    temperature: z.number().positive().default(0.1).describe("temperature of the contrast (κ)"),
    groups: z.int().min(1).max(64).default(2).describe("codebooks, each for a part of a quantised feature (G)"),
    codes: bounds.count().min(2).default(320).describe("codes of each codebook (V)"),
    codeDim: bounds.width().default(256).describe("width of a quantised feature, a multiple of the codebooks"),
    projectionDim: bounds.width().default(256).describe("width in which context and feature are compared"),
    gumbelStart: z.number().positive().default(2).describe("temperature of the choice of codes at the start (τ)"),
    gumbelEnd: z.number().positive().default(0.5).describe("the same at the end; exponential in between"),
    diversity: z.number().nonnegative().default(0.1).describe("weight of the diversity of codes (α)"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 3.5e-4, weightDecay: 0.01, beta2: 0.98, batchSize: 256 },
  presets: {
    small: {
      summary: "2 codebooks of 32, spans of 4 tokens; batches of 64",
      ...smallMasked,
      options: { codes: 32, codeDim: 64, projectionDim: 64, maskProbability: 0.15, maskLength: 4 },
      training: { ...smallMasked.training, batchSize: 64 },
    },
  },
  defaultEncoder: "wave",

  build({ encoder, modality, options }) {
    const { latents: tokens } = encoder;
    const { groups, codes, codeDim, distractors, projectionDim, maskLength } = options;
    const grid = gridOf(encoder, tokens);
    const hiddenCount = shareOf(tokens.count, shareOfSpans(options.maskProbability, maskLength));
    if (hiddenCount < 2)
      throw new UserError(
        `wav2vec2: an input of ${tokens.count} tokens leaves nothing to tell a masked one from; use longer windows, smaller patches or strides, or more masking`,
      );
    if (codeDim % groups !== 0)
      throw new UserError(`wav2vec2: a width of ${codeDim} cannot be split among ${groups} codebooks`);
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const quantiser = gumbelCodebook({ input: tokens.latentDim, groups, codes, codeDim });
    const ofCodes = linear(codeDim, projectionDim);
    const ofContext = linear(tokens.width, projectionDim);
    return {
      views: (sample, rng) => ({
        input: modality.tensors(perturbed(sample, rng)),
        hidden: int32(spanMask(rng, grid, hiddenCount, maskLength), [hiddenCount]),
        drawn: drawDistractors(rng, hiddenCount, distractors),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").uniforms([1, tokens.width]),
        quantiser: quantiser.init(rng.split("quantiser")),
        ofCodes: ofCodes.init(rng.split("ofCodes")),
        ofContext: ofContext.init(rng.split("ofContext")),
      }),
      loss(params, { input, hidden, drawn }, _, { progress }) {
        const features = tokens.latents(params.encoder, input);
        const masked = { at: markedAt(hidden, tokens.count), token: params.maskToken };
        const encoded = ofPatches(tokens.context(params.encoder, features, { masked }), tokens);
        const context = ofContext.apply(params.ofContext, rowsAt(encoded, hidden));

        const tau = annealed(progress, { start: options.gumbelStart, end: options.gumbelEnd });
        const { code, chosen, shares } = quantiser.apply(params.quantiser, rowsAt(features, hidden), tau);
        const targets = ofCodes.apply(params.ofCodes, code);
        const perPlace = np.reshape(chosen, [-1, hiddenCount, groups * codes]);
        const { temperature } = options;
        const contrastive = contrast(context, targets, drawn, { temperature, chosen: perPlace });
        const diversity = codebookDiversity(shares);
        return {
          loss: np.add(contrastive, np.multiply(diversity, options.diversity)),
          metrics: {
            contrastive,
            diversity,
            accuracy: wav2vec2Accuracy(context, targets, drawn, perPlace),
            codebookUsage: codebookUsage(np.reshape(chosen, [-1, groups * codes])),
          },
        };
      },
    };
  },
});
