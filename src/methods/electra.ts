import * as z from "zod";
import { type Array, lax, nn, np } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { gelu } from "../layers/functions/gelu.ts";
import { tokenHead } from "../layers/heads/token-head.ts";
import { linear } from "../layers/linear.ts";
import { replacedTokenDetection } from "../objectives/predictive/replaced-token-detection.ts";
import { weightedMean } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { smallLanguage } from "./parts/presets.ts";
import { maskedTokenLoss, maskTokens, rowsOfTokens, slotsFor } from "./parts/token-masks.ts";

/** As in the authors' code: 85 % of the masked tokens show the mask token, the others stay as they are. */
const CORRUPTION = { mask: 0.85, random: 0 };

/**
 * ELECTRA: a small generator fills masked tokens, and the encoder predicts for every token whether it was replaced.
 * Clark et al. 2020, https://arxiv.org/abs/2003.10555. Differs from the paper: the generator has its own position
 * embeddings and shares the token embeddings through a linear layer, as the code does when the widths differ; within a text
 * the sampling noise is shifted from place to place and not drawn anew, which leaves each sample exact; the learning rate
 * is for small models, with cosine decay.
 */
export const electra = method({
  name: "electra",
  family: "masked",
  paper: "https://arxiv.org/abs/2003.10555",
  summary: "predict which tokens of a text a small generator replaced",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the tokens that the generator fills"),
    generatorSize: z.number().gt(0).max(1).default(0.25).describe("width of the generator, over the encoder's"),
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
    const options = { ratio: maskRatio, slots, wholeWords: false, corruption: { ...CORRUPTION, token: maskToken } };

    /** A token sampled from the softmax of each row of `logits` `[batch × slots, vocabulary]`, int32 `[batch, slots]`. */
    const draw = (logits: Array, noise: { perToken: Array; perPlace: Array }): Array => {
      // The fraction of a sum of uniform numbers is uniform: one number per token and one per place serve all pairs.
      const sum = np.add(np.expandDims(noise.perPlace, 2), np.expandDims(noise.perToken, 1));
      const uniform = np.where(np.less(sum, 1), sum, np.subtract(sum, 1));
      const log = (x: Array) => np.log(np.add(x, 1e-9));
      const gumbel = np.negative(log(np.negative(log(uniform))));
      return np.argmax(np.add(np.reshape(lax.stopGradient(logits), gumbel.shape), gumbel), -1);
    };

    return {
      views(sample, rng) {
        const sequence = vocabulary.tokens(sample, rng);
        const { ids, targets } = maskTokens(sequence, vocabulary, rng, options);
        return {
          original: vocabulary.encode(sequence.ids),
          masked: vocabulary.encode(ids).ids,
          targets,
          noise: { perToken: rng.uniforms([vocabulary.size]), perPlace: rng.uniforms([slots]) },
        };
      },
      init(rng) {
        // The generator reads the encoder's token embeddings, projected to its width.
        const { words: _, ...rest } = generator.init(rng.split("generator"));
        return {
          encoder: encoder.init(rng.split("encoder")),
          generator: rest,
          narrow: narrow.init(rng.split("narrow")),
          head: head.init(rng.split("head")),
          detector: {
            hidden: detector.hidden.init(rng.split("detector", 0)),
            last: detector.last.init(rng.split("detector", 1)),
          },
        };
      },
      loss(params, { original, masked, targets, noise }) {
        const words = narrow.apply(params.narrow, table(params.encoder));
        const filled = generator.sequence.encode({ ...params.generator, words }, { ids: masked, mask: original.mask });
        const logits = head.apply(params.head, rowsOfTokens(filled, targets.places), table(params.encoder));
        const generation = maskedTokenLoss(logits, targets);

        const drawn = np.expandDims(draw(logits, noise), 2);
        const isTarget = np.multiply(nn.oneHot(targets.places, count), np.expandDims(targets.weights, 2));
        const ids = np.where(
          np.greater(np.sum(isTarget, 1), 0),
          np.sum(np.where(np.greater(isTarget, 0), drawn, 0), 1),
          original.ids,
        );
        const replaced = np.where(np.equal(ids, original.ids), 0, 1);
        const hidden = encode(params.encoder, { ids, mask: original.mask });
        const raised = gelu(detector.hidden.apply(params.detector.hidden, hidden));
        const scores = np.reshape(detector.last.apply(params.detector.last, raised), replaced.shape);
        const present = np.where(np.equal(original.mask, 0), 0, 1);
        const detection = replacedTokenDetection(scores, replaced, present);
        const isCorrect = np.where(np.equal(np.where(np.greater(scores, 0), 1, 0), replaced), 1, 0);
        return {
          loss: np.add(generation.loss, np.multiply(detection, detectionWeight)),
          metrics: {
            generation: generation.loss,
            detection,
            generatorAccuracy: generation.accuracy,
            accuracy: weightedMean(isCorrect, present),
            replaced: weightedMean(replaced, present),
          },
        };
      },
    };
  },
});
