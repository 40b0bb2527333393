import * as z from "zod";
import { type Array, lax, nn, np } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { gelu } from "../layers/gelu.ts";
import { linear } from "../layers/linear.ts";
import { tokenHead } from "../layers/token-head.ts";
import { weightedMean } from "../objectives/cross-entropy.ts";
import { replacedTokenDetection } from "../objectives/replaced-token-detection.ts";
import { method } from "./method.ts";
import { smallLanguage } from "./parts/presets.ts";
import { maskTokens, rowsOfTokens, slotsFor, maskedTokenLoss } from "./parts/token-masks.ts";

/** As in the authors' code: 85 % of the places show the mask, the others themselves. */
const SHOWN = { mask: 0.85, random: 0 };

/**
 * ELECTRA: a small generator fills masked places, and the encoder tells for every word whether it is the original one.
 * Clark et al. 2020, https://arxiv.org/abs/2003.10555. Differs from the paper: the generator has positions of its own and
 * shares the words' embeddings through a linear layer, as its code does where the two differ in width; at the places of
 * one text the sampling noise is shifted and not drawn anew, which leaves each sample exact; the learning rate is for
 * small models and falls by a cosine.
 */
export const electra = method({
  name: "electra",
  family: "masked",
  paper: "https://arxiv.org/abs/2003.10555",
  summary: "tell which words of a text a small generator has replaced",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the words that the generator fills"),
    generatorSize: z.number().gt(0).max(1).default(0.25).describe("width of the generator over the encoder's"),
    detectionWeight: z.number().positive().default(50).describe("weight of replaced-token detection in the loss"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, batchSize: 128 },
  presets: { small: smallLanguage },
  defaultEncoder: "transformer",

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio, generatorSize, detectionWeight } }) {
    const { width, count, encode, table, epsilon, narrowed } = encoder.sequence;
    const generator = narrowed(generatorSize);
    const narrow = linear(width, generator.embedDim);
    const head = tokenHead(generator.embedDim, width, vocabulary.size, epsilon);
    const detector = { hidden: linear(width, width), last: linear(width, 1) };
    const slots = slotsFor(vocabulary.length, maskRatio);
    const options = { ratio: maskRatio, slots, wholeWords: false, shown: { ...SHOWN, token: maskToken } };

    /** A word drawn from the softmax of each row of `logits` `[batch × slots, vocabulary]`, int32 `[batch, slots]`. */
    const sample = (logits: Array, noise: { perWord: Array; perPlace: Array }): Array => {
      // The fraction of a sum of uniform numbers is uniform: one number a word and one a place do for all pairs.
      const sum = np.add(np.expandDims(noise.perPlace, 2), np.expandDims(noise.perWord, 1));
      const uniform = np.where(np.less(sum, 1), sum, np.subtract(sum, 1));
      const tiny = (x: Array) => np.log(np.add(x, 1e-9));
      const gumbel = np.negative(tiny(np.negative(tiny(uniform))));
      return np.argmax(np.add(np.reshape(lax.stopGradient(logits), gumbel.shape), gumbel), -1);
    };

    return {
      views(given, rng) {
        const sequence = vocabulary.tokens(given);
        const { ids, asked } = maskTokens(sequence, vocabulary, rng, options);
        return {
          original: vocabulary.encode(sequence.ids),
          masked: vocabulary.encode(ids).ids,
          asked,
          noise: { perWord: rng.uniforms([vocabulary.size]), perPlace: rng.uniforms([slots]) },
        };
      },
      init(rng) {
        // The generator reads the encoder's words, made narrower.
        const { words: _, ...own } = generator.init(rng.split("generator"));
        return {
          encoder: encoder.init(rng.split("encoder")),
          generator: own,
          narrow: narrow.init(rng.split("narrow")),
          head: head.init(rng.split("head")),
          detector: {
            hidden: detector.hidden.init(rng.split("detector", 0)),
            last: detector.last.init(rng.split("detector", 1)),
          },
        };
      },
      loss(params, { original, masked, asked, noise }) {
        const words = narrow.apply(params.narrow, table(params.encoder));
        const filled = generator.sequence.encode({ ...params.generator, words }, { ids: masked, mask: original.mask });
        const logits = head.apply(params.head, rowsOfTokens(filled, asked.places), table(params.encoder));
        const generation = maskedTokenLoss(logits, asked);

        const drawn = np.expandDims(sample(logits, noise), 2);
        const isAsked = np.multiply(nn.oneHot(asked.places, count), np.expandDims(asked.weights, 2));
        const ids = np.where(
          np.greater(np.sum(isAsked, 1), 0),
          np.sum(np.where(np.greater(isAsked, 0), drawn, 0), 1),
          original.ids,
        );
        const replaced = np.where(np.equal(ids, original.ids), 0, 1);
        const hidden = encode(params.encoder, { ids, mask: original.mask });
        const raised = gelu(detector.hidden.apply(params.detector.hidden, hidden));
        const scores = np.reshape(detector.last.apply(params.detector.last, raised), replaced.shape);
        const present = np.where(np.equal(original.mask, 0), 0, 1);
        const detection = replacedTokenDetection(scores, replaced, present);
        const right = np.where(np.equal(np.where(np.greater(scores, 0), 1, 0), replaced), 1, 0);
        return {
          loss: np.add(generation.loss, np.multiply(detection, detectionWeight)),
          metrics: {
            generation: generation.loss,
            detection,
            generatorAccuracy: generation.accuracy,
            accuracy: weightedMean(right, present),
            replaced: weightedMean(replaced, present),
          },
        };
      },
    };
  },
});
