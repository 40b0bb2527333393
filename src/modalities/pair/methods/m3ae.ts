import * as z from "zod";
import { float32, int32, np } from "../../../array/index.ts";
import { sides } from "../../../data/sides.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { randomPlaces, shareOf } from "../../../methods/parts/masks.ts";
import { smallMasked } from "../../../methods/parts/presets.ts";
import { maskTokens, rowsOfTokens, slotsFor } from "../../../methods/parts/token-masks.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";
import { jointTokens } from "../abilities.ts";
import { drawnPairs } from "./drawn.ts";
import { jointAutoencoder } from "./joint-autoencoder.ts";

/**
 * M3AE: one Transformer sees a quarter of an image's patches and a quarter of its caption's words; a small decoder predicts
 * the others, pixels by their squared error and words by cross-entropy. Geng et al. 2022, https://arxiv.org/abs/2205.14204,
 * https://github.com/young-geng/m3ae_public. As in that code, target patches are not normalised (`--normalize-target` is
 * MAE's), and each caption counts alike, however long. Differs from the paper: no class token; the caption's first and last
 * token are always seen, and the share of its words is exact, where padding is masked along in the code; no training on texts
 * alone.
 */
export const m3ae = method({
  name: "m3ae",
  family: "masked",
  paper: "https://arxiv.org/abs/2205.14204",
  summary: "reconstruct masked patches of an image and masked words of its caption from what is left of both",
  needs: [sides, jointTokens],
  options: z.object({
    imageMaskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the patches that are masked"),
    textMaskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the caption's tokens that are masked"),
    textWeight: z
      .number()
      .min(0)
      .max(1000)
      .default(0.5)
      .describe("weight of the words' loss; that of the patches is 1"),
    decoderWidth: bounds.width().default(512).describe("width of the decoder"),
    decoderDepth: bounds.depth().default(8).describe("blocks of the decoder"),
    decoderHeads: bounds.width().default(16).describe("attention heads of the decoder"),
    normalizeTarget: z.boolean().default(false).describe("normalise each target patch by its own mean and deviation"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1.5e-4, weightDecay: 0.05, beta2: 0.95, batchSize: 4096 },
  presets: {
    small: {
      summary: "a decoder of 2 blocks, half of the words masked; batches of 128",
      ...smallMasked,
      options: { textMaskRatio: 0.5, decoderWidth: 128, decoderDepth: 2, decoderHeads: 4 },
      training: { ...smallMasked.training, learningRate: 1.5e-3 },
    },
  },
  defaultEncoder: "joint",

  build({ encoder, modality, options }) {
    const { vocabulary, maskToken, draw } = drawnPairs(modality.sides, "m3ae");
    const model = jointAutoencoder(encoder, { ...options, name: "m3ae", maskToken });
    const { patches, words, decode } = model;
    const kept = shareOf(patches.count, 1 - options.imageMaskRatio);
    const slots = slotsFor(vocabulary.length, options.textMaskRatio);
    const room = mostSeen(vocabulary.length, options.textMaskRatio, slots);
    const tokens = linear(options.decoderWidth, words.vocabulary);
    return {
      views(sample, rng) {
        const { image, caption } = draw(sample, rng);
        const { ids, targets } = maskTokens(caption, vocabulary, rng, {
          ...{ ratio: options.textMaskRatio, wholeWords: false, slots },
        });
        const hidden = new Set([...targets.places.data].filter((_, slot) => targets.weights.data[slot] === 1));
        const seen = [...ids.keys()].filter((place) => !hidden.has(place));
        return {
          pair: { ...image, ...vocabulary.encode(ids) },
          keep: int32(randomPlaces(rng, patches.count, kept), [kept]),
          seen: {
            places: int32(
              Int32Array.from({ length: room }, (_, at) => seen[at] ?? 0),
              [room],
            ),
            used: float32(
              Float32Array.from({ length: room }, (_, at) => Number(at < seen.length)),
              [room],
            ),
          },
          targets,
        };
      },
      init: (rng) => ({ ...model.init(rng), tokens: tokens.init(rng.split("tokens")) }),
      loss(params, { pair, keep, seen, targets }) {
        const states = decode(params, pair, { patches: { places: keep }, words: seen });
        const image = model.loss(params, pair, states.patches, model.others(keep));
        const logits = tokens.apply(params.tokens, rowsOfTokens(states.words, targets.places));
        const [labels, each] = [np.reshape(targets.tokens, [-1]), np.reshape(targets.weights, [-1])];
        const inCaption = np.maximum(np.sum(targets.weights, 1, { keepdims: true }), 1);
        const weights = np.reshape(np.multiply(targets.weights, np.reciprocal(inCaption)), [-1]);
        const text = crossEntropy(logits, labels, { weights });
        return {
          loss: np.add(image, np.multiply(text, options.textWeight)),
          metrics: { image, text, accuracy: accuracy(logits, labels, { weights: each }) },
        };
      },
      look(params, { pair, keep, seen }) {
        const states = decode(params, pair, { patches: { places: keep }, words: seen });
        return model.pictures(params, pair, states.patches, model.others(keep));
      },
      tokenLogits: (params, inputs) =>
        tokens.apply(params.tokens, decode(params, inputs, { words: model.written(inputs) }).words),
      restore: (params, inputs, hidden) => model.restore(params, inputs, hidden),
    };
  },
});

/** Most tokens of a caption that are seen, the first and the last included. */
function mostSeen(length: number, ratio: number, slots: number): number {
  const seen = globalThis.Array.from({ length: length - 1 }, (_, count) =>
    count === 0 ? 0 : count - Math.min(slots, Math.max(1, Math.round(count * ratio))),
  );
  return 2 + Math.max(...seen);
}
