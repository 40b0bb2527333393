import * as z from "zod";
import { float32, int32, np } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { tokenHead } from "../layers/heads/token-head.ts";
import { bagOfWords as bagOfWordsLoss } from "../objectives/predictive/bag-of-words.ts";
import { method } from "./method.ts";
import { BERT_CORRUPTION, maskedTokenLoss, maskTokens, rowsOfTokens, slotsFor } from "./parts/token-masks.ts";

/**
 * Bag of words: predict masked tokens from their context and, from the representation alone, every token of the text. A
 * bottleneck without a decoder: Ma et al. 2024, "Drop your decoder", https://arxiv.org/abs/2401.11248. With few and short
 * texts it learns which tokens occur together much faster than masked tokens alone. Differs from the paper: the
 * representation is the mean of the tokens (`--pooling first` is the paper's), special tokens are not in the bag, and the
 * learning rate is for small models trained from scratch, with cosine decay.
 */
export const bagOfWords = method({
  name: "bag-of-words",
  family: "restoration",
  paper: "https://arxiv.org/abs/2401.11248",
  summary: "predict all tokens of a text from its representation, and masked ones from their context",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.3).describe("share of the tokens that are masked"),
    bagWeight: z
      .number()
      .positive()
      .default(1)
      .describe("weight of the bag in the loss, relative to the masked tokens"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, beta2: 0.98, batchSize: 128 },
  presets: {
    small: {
      summary: "10 epochs in batches of 32",
      training: { epochs: 10, batchSize: 32, learningRate: 1e-3, gradientClip: 1 },
    },
  },
  defaultEncoder: "transformer",
  // A bag is of one text, not of a window over several.
  modalityOptions: { pack: false },

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio, bagWeight } }) {
    const { width, encode, pool, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const slots = slotsFor(vocabulary.length, maskRatio);
    return {
      views(sample, rng) {
        const sequence = vocabulary.tokens(sample, rng);
        const { ids, targets } = maskTokens(sequence, vocabulary, rng, {
          ...{ ratio: maskRatio, slots, wholeWords: false },
          corruption: { ...BERT_CORRUPTION, token: maskToken },
        });
        const distinct = [...new Set(sequence.ids)].filter((id) => !vocabulary.isSpecial(id));
        const [tokens, shares] = [new Int32Array(vocabulary.length), new Float32Array(vocabulary.length)];
        tokens.set(distinct);
        shares.fill(1 / distinct.length, 0, distinct.length);
        const shape = [vocabulary.length];
        const bag = { tokens: int32(tokens, shape), shares: float32(shares, shape) };
        return { text: vocabulary.encode(ids), targets, bag };
      },
      // One head predicts both, as in the paper: the bag costs no parameters.
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { text, targets, bag }) {
        const embeddings = table(params.encoder);
        const hidden = encode(params.encoder, text);
        const atTargets = rowsOfTokens(hidden, targets.places);
        const masked = maskedTokenLoss(head.apply(params.head, atTargets, embeddings), targets);
        const logits = head.apply(params.head, pool(hidden, text), embeddings);
        const ofBag = bagOfWordsLoss(logits, bag.tokens, bag.shares);
        return {
          loss: np.add(masked.loss, np.multiply(ofBag, bagWeight)),
          metrics: { bag: ofBag, masked: masked.loss, accuracy: masked.accuracy },
        };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
