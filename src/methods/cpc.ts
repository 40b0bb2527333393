import * as z from "zod";
import { type Array, constant, int32, np, sizeOf } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { segments } from "../data/time.ts";
import { perturb, type Sample } from "../data/views.ts";
import { latents as latentAbility } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { cpcAccuracy, cpc as infoNce } from "../objectives/contrastive/cpc.ts";
import { method } from "./method.ts";
import { smallMasked } from "./parts/presets.ts";
import { gridOf } from "./parts/span-masks.ts";
import { rowsAt } from "./parts/tokens.ts";

/** Added to the attention of what a token must not see. */
const NEVER = -1e9;

/**
 * Contrastive predictive coding: from the context of what came before, predict the local features 1 to K steps ahead, well
 * enough to tell each from those of other moments and samples. Van den Oord et al. 2018, https://arxiv.org/abs/1807.03748
 *
 * Steps go along the last axis of a series or a spectrogram, along the first of an image (rows, from the top, as in the paper's
 * section 3.3) or a video. `anchors` contexts are drawn from each sample; the features that follow those of the whole
 * batch are each other's negatives, those of the same sample included (the paper's "mixed speaker").
 *
 * Differs from the paper: the context is a causal Transformer's, not a GRU's; patches do not overlap, and their local
 * features are linear. An encoder of patches attends to both sides within a prefix of random length, as in AIM
 * (https://arxiv.org/abs/2401.08541), so that it can be used without a mask afterwards.
 */
export const cpc = method({
  name: "cpc",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1807.03748",
  summary: "predict the local features of the next steps, among those of other moments and samples",
  needs: [latentAbility],
  options: z.object({
    steps: bounds.repeats().default(12).describe("steps ahead that are predicted (K); at most half of the input"),
    anchors: bounds.repeats().default(16).describe("contexts of each sample that predictions are made from"),
    axis: z
      .enum(["first", "last"])
      .optional()
      .describe("axis along which steps go; by default first, but last for spectrograms"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 8e-4, weightDecay: 0, batchSize: 64 },
  presets: {
    small: {
      summary: "6 steps; batches of 64",
      ...smallMasked,
      options: { steps: 6 },
      training: { ...smallMasked.training, batchSize: 64 },
    },
  },
  defaultEncoder: "wave",
  encoderOptions: { causal: true },

  build({ encoder, modality, options }) {
    const { latents: tokens } = encoder;
    const { latentDim, causal, count } = tokens;
    const grid = gridOf(encoder, tokens);
    if (!causal && tokens.windows)
      throw new UserError("cpc: predicts what comes next, but the encoder sees it already; add --causal");
    if (tokens.prefix) throw new UserError("cpc: a class token would see what is predicted; use --pooling mean");
    const isSpectrogram = grid.length === 2 && offerOf(modality, segments) !== undefined;
    const axis = (options.axis ?? (isSpectrogram ? "last" : "first")) === "last" ? grid.length - 1 : 0;
    const length = grid[axis]!;
    const stride = sizeOf(grid.slice(axis + 1));
    const { anchors } = options;
    const steps = Math.min(options.steps, Math.floor(length / 2));
    if (steps < 1)
      throw new UserError("cpc: an input of a single step has no next one; use longer windows, or smaller patches");
    const stepOf = (place: number) => Math.floor(place / stride) % length;
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const predictor = linear(tokens.width, steps * latentDim);

    /** Which token sees which, `[batch, 1, count, count]`. @param prefix int32 `[batch, 1]`, steps that all see */
    const attentionBias = (prefix: Array): Array => {
      const step = constant(
        int32(
          Int32Array.from({ length: count }, (_, place) => stepOf(place)),
          [count],
        ),
      );
      const [query, key] = [np.reshape(step, [1, 1, count, 1]), np.reshape(step, [1, 1, 1, count])];
      const isSeen = np.logicalOr(np.lessEqual(key, query), np.less(key, np.reshape(prefix, [-1, 1, 1, 1])));
      return np.where(isSeen, 0, NEVER);
    };
    return {
      views(sample, rng) {
        const last = length - steps - 1;
        const prefix = causal ? 1 : rng.integer(1, last + 1);
        // Tokens with enough steps after them, none before the prefix's last.
        const candidates = Int32Array.from({ length: count }, (_, place) => place).filter(
          (place) => stepOf(place) >= prefix - 1 && stepOf(place) <= last,
        );
        const drawn = Int32Array.from({ length: anchors }, () => candidates[rng.integer(0, candidates.length - 1)]!);
        return {
          input: modality.tensors(perturbed(sample, rng)),
          prefix: int32([prefix], [1]),
          anchors: int32(drawn, [anchors]),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        predictor: predictor.init(rng.split("predictor")),
      }),
      loss(params, { input, prefix, anchors: places }) {
        const [batch] = places.shape as [number];
        const features = tokens.latents(params.encoder, input);
        const seen = causal ? {} : { attentionBias: attentionBias(prefix) };
        const context = rowsAt(tokens.context(params.encoder, features, seen), places);

        /** `[batch, anchors, steps, latentDim]` → `[steps, batch × anchors, latentDim]`. */
        const byStep = (x: Array) =>
          np.reshape(np.transpose(np.reshape(x, [batch * anchors, steps, latentDim]), [1, 0, 2]), [
            steps,
            batch * anchors,
            latentDim,
          ]);
        const ahead = np.multiply(np.arange(1, steps + 1), stride);
        const later = np.reshape(np.add(np.expandDims(places, 2), ahead), [batch, anchors * steps]);
        const predictions = byStep(predictor.apply(params.predictor, context));
        const candidates = byStep(rowsAt(features, later));
        const sample = np.multiply(np.reshape(np.arange(batch), [batch, 1]), count);
        const unique = { places: np.reshape(np.add(places, sample), [-1]) };
        return {
          loss: infoNce(predictions, candidates, unique),
          metrics: { accuracy: cpcAccuracy(predictions, candidates, unique) },
        };
      },
    };
  },
});
