import * as z from "zod";
import { float32, int32, np } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { tokenHead } from "../layers/token-head.ts";
import { bagOfWords as bagLoss } from "../objectives/bag-of-words.ts";
import { method } from "./method.ts";
import { BERT_CORRUPTION, maskTokens, rowsOfTokens, slotsFor, maskedTokenLoss } from "./parts/token-masks.ts";

/**
 * Bag of words: tell masked words from those around them, and from the representation alone every word of the text, the
 * masked ones too. A bottleneck without a decoder: Ma et al. 2024, "Drop your decoder", https://arxiv.org/abs/2401.11248.
 * Where texts are few and short it learns what goes with what much faster than masked words alone. Differs from the paper:
 * the representation is the mean of the words (`--pooling first` is the paper's), special tokens are in no bag, and the
 * learning rate is for small models, from scratch, and falls by a cosine.
 */
export const bagOfWords = method({
  name: "bag-of-words",
  family: "restoration",
  paper: "https://arxiv.org/abs/2401.11248",
  summary: "tell all words of a text from its representation, and masked ones from those around them",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.3).describe("share of the words that is masked"),
    bagWeight: z.number().positive().default(1).describe("weight of the bag in the loss, beside the masked words"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, beta2: 0.98, batchSize: 128 },
  presets: {
    small: {
      summary: "10 epochs in batches of 32",
      training: { epochs: 10, batchSize: 32, learningRate: 1e-3, gradientClip: 1 },
    },
  },
  defaultEncoder: "transformer",
  // A bag is of one text, not of whatever stands next to it.
  modalityOptions: { pack: false },

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio, bagWeight } }) {
    const { width, encode, pool, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const slots = slotsFor(vocabulary.length, maskRatio);
    return {
      views(sample, rng) {
        const sequence = vocabulary.tokens(sample);
        const { ids, asked } = maskTokens(sequence, vocabulary, rng, {
          ...{ ratio: maskRatio, slots, wholeWords: false },
          shown: { ...BERT_CORRUPTION, token: maskToken },
        });
        const words = [...new Set(sequence.ids)].filter((id) => !vocabulary.isSpecial(id));
        const [wordOrPad, shares] = [new Int32Array(vocabulary.length), new Float32Array(vocabulary.length)];
        wordOrPad.set(words);
        shares.fill(1 / words.length, 0, words.length);
        const shape = [vocabulary.length];
        const bag = { words: int32(wordOrPad, shape), shares: float32(shares, shape) };
        return { text: vocabulary.encode(ids), asked, bag };
      },
      // One head tells both, as in the paper: a bag costs no parameters.
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { text, asked, bag }) {
        const words = table(params.encoder);
        const hidden = encode(params.encoder, text);
        const masked = maskedTokenLoss(head.apply(params.head, rowsOfTokens(hidden, asked.places), words), asked);
        const ofBag = bagLoss(head.apply(params.head, pool(hidden, text), words), bag.words, bag.shares);
        return {
          loss: np.add(masked.loss, np.multiply(ofBag, bagWeight)),
          metrics: { bag: ofBag, masked: masked.loss, accuracy: masked.accuracy },
        };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
