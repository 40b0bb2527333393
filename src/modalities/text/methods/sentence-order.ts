import * as z from "zod";
import { filled, int32, np, type Rng } from "../../../array/index.ts";
import type { TokenSequence } from "../../../data/vocabulary.ts";
import { maskToken, vocabulary } from "../../../data/vocabulary.ts";
import { sequence } from "../../../encoders/abilities.ts";
import { linear } from "../../../layers/linear.ts";
import { tokenHead } from "../../../layers/token-head.ts";
import { method } from "../../../methods/method.ts";
import { smallLanguage } from "../../../methods/parts/presets.ts";
import { BERT_CORRUPTION, maskTokens, rowsOfTokens, slotsFor, maskedTokenLoss } from "../../../methods/parts/token-masks.ts";
import { accuracy, crossEntropy } from "../../../objectives/cross-entropy.ts";

/**
 * Sentence order: are two neighbouring pieces of a text in the right order? Beside masked words, as in ALBERT.
 * Lan et al. 2019, https://arxiv.org/abs/1909.11942. Differs from the paper: words are masked one by one and not in runs
 * of up to three, weights are not shared between layers, and the two pieces have no embeddings of their own (the token
 * between them tells where the second begins). The pieces are whole sentences, or a ragged edge would tell the order;
 * where a sample has no two of them there is nothing to tell, and its words alone are masked.
 */
export const sentenceOrder = method({
  name: "sentence-order",
  family: "predictive",
  paper: "https://arxiv.org/abs/1909.11942",
  summary: "tell whether two pieces of a text were swapped, and the words that were masked",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the words that is masked"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, batchSize: 128 },
  presets: { small: smallLanguage },
  defaultEncoder: "transformer",
  // Neighbours are sentences of one text.
  modalityOptions: { pack: false },

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio } }) {
    const { width, encode, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const pooler = linear(width, width);
    const order = linear(width, 2);
    const slots = slotsFor(vocabulary.length, maskRatio);
    const { begin, end } = vocabulary.ids;

    /** Two pieces of whole sentences, one behind the other; nothing where there are no two sentences. */
    const part = ({ ids, wordStarts, sentences, startsInside, isCut }: TokenSequence, rng: Rng) => {
      const bounds = [...(startsInside ? sentences.subarray(1) : sentences), ...(isCut ? [] : [ids.length - 1])];
      // One token more than the text has stands between the pieces.
      while (bounds.length > 0 && bounds.at(-1)! - bounds[0]! > vocabulary.length - 3) bounds.pop();
      if (bounds.length < 3) return undefined;
      const cut = rng.integer(1, bounds.length - 2);
      const piece = (from: number, to: number) => ({
        ids: ids.slice(bounds[from], bounds[to]),
        wordStarts: wordStarts.slice(bounds[from], bounds[to]),
      });
      return [piece(0, cut), piece(cut, bounds.length - 1)];
    };
    const joined = (pieces: readonly Pick<TokenSequence, "ids" | "wordStarts">[]) => ({
      ids: Int32Array.of(begin, ...pieces.flatMap(({ ids }) => [...ids, end])),
      wordStarts: Uint8Array.of(0, ...pieces.flatMap(({ wordStarts }) => [...wordStarts, 0])),
    });

    return {
      views(sample, rng) {
        const whole = vocabulary.tokens(sample);
        const pieces = part(whole, rng);
        const isSwapped = pieces !== undefined && rng.chance(0.5);
        const sequence = pieces ? joined(isSwapped ? pieces.toReversed() : pieces) : whole;
        const { ids, asked } = maskTokens(sequence, vocabulary, rng, {
          ratio: maskRatio,
          slots,
          wholeWords: false,
          shown: { ...BERT_CORRUPTION, token: maskToken },
        });
        return {
          ...{ text: vocabulary.encode(ids), asked, swapped: int32([isSwapped ? 1 : 0], []) },
          isOrdered: filled([], pieces ? 1 : 0),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        head: head.init(rng.split("head")),
        pooler: pooler.init(rng.split("pooler")),
        order: order.init(rng.split("order")),
      }),
      loss(params, { text, asked, swapped, isOrdered }) {
        const hidden = encode(params.encoder, text);
        const logits = head.apply(params.head, rowsOfTokens(hidden, asked.places), table(params.encoder));
        const masked = maskedTokenLoss(logits, asked);
        const first = np.reshape(np.split(hidden, [1], 1)[0]!, [-1, width]);
        const verdict = order.apply(params.order, np.tanh(pooler.apply(params.pooler, first)));
        const ordering = crossEntropy(verdict, swapped, { weights: isOrdered });
        return {
          loss: np.add(masked.loss, ordering),
          metrics: {
            masked: masked.loss,
            ordering,
            accuracy: masked.accuracy,
            orderAccuracy: accuracy(verdict, swapped, { weights: isOrdered }),
          },
        };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
