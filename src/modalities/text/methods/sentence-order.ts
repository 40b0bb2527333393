import * as z from "zod";
import { filled, int32, np, type Rng } from "../../../array/index.ts";
import type { TokenSequence } from "../../../data/vocabulary.ts";
import { maskToken, vocabulary } from "../../../data/vocabulary.ts";
import { sequence } from "../../../encoders/abilities.ts";
import { tokenHead } from "../../../layers/heads/token-head.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { smallLanguage } from "../../../methods/parts/presets.ts";
import {
  BERT_CORRUPTION,
  maskedTokenLoss,
  maskTokens,
  rowsOfTokens,
  slotsFor,
} from "../../../methods/parts/token-masks.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";

/**
 * Sentence-order prediction together with masked tokens, as in ALBERT: were two neighbouring segments of a text swapped?
 * Lan et al. 2019, https://arxiv.org/abs/1909.11942. Differs from the paper: tokens are masked one by one, not in runs of up
 * to three; weights are not shared between layers; no segment embeddings (the token between the segments marks where the
 * second begins). Segments are whole sentences, since a cut edge would give the order away; a sample of a single sentence
 * has masked tokens only.
 */
export const sentenceOrder = method({
  name: "sentence-order",
  family: "predictive",
  paper: "https://arxiv.org/abs/1909.11942",
  summary: "predict whether two segments of a text were swapped, and its masked tokens",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the tokens that are masked"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, batchSize: 128 },
  presets: { small: smallLanguage },
  defaultEncoder: "transformer",
  // Neighbouring sentences must be of one text.
  modalityOptions: { pack: false },

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio } }) {
    const { width, encode, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const pooler = linear(width, width);
    const order = linear(width, 2);
    const slots = slotsFor(vocabulary.length, maskRatio);
    const { begin, end } = vocabulary.ids;

    /** Two neighbouring segments of whole sentences; undefined if there are fewer than two sentences. */
    const split = ({ ids, wordStarts, sentences, startsInside, isCut }: TokenSequence, rng: Rng) => {
      const bounds = [...(startsInside ? sentences.subarray(1) : sentences), ...(isCut ? [] : [ids.length - 1])];
      // Joined, the segments have one token more, the one between them.
      while (bounds.length > 0 && bounds.at(-1)! - bounds[0]! > vocabulary.length - 3) bounds.pop();
      if (bounds.length < 3) return undefined;
      const cut = rng.integer(1, bounds.length - 2);
      const segment = (from: number, to: number) => ({
        ids: ids.slice(bounds[from], bounds[to]),
        wordStarts: wordStarts.slice(bounds[from], bounds[to]),
      });
      return [segment(0, cut), segment(cut, bounds.length - 1)];
    };
    const join = (segments: readonly Pick<TokenSequence, "ids" | "wordStarts">[]) => ({
      ids: Int32Array.of(begin, ...segments.flatMap(({ ids }) => [...ids, end])),
      wordStarts: Uint8Array.of(0, ...segments.flatMap(({ wordStarts }) => [...wordStarts, 0])),
    });

    return {
      views(sample, rng) {
        const whole = vocabulary.tokens(sample);
        const segments = split(whole, rng);
        const isSwapped = segments !== undefined && rng.chance(0.5);
        const sequence = segments ? join(isSwapped ? segments.toReversed() : segments) : whole;
        const { ids, targets } = maskTokens(sequence, vocabulary, rng, {
          ratio: maskRatio,
          slots,
          wholeWords: false,
          corruption: { ...BERT_CORRUPTION, token: maskToken },
        });
        return {
          ...{ text: vocabulary.encode(ids), targets, swapped: int32([isSwapped ? 1 : 0], []) },
          isOrdered: filled([], segments ? 1 : 0),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        head: head.init(rng.split("head")),
        pooler: pooler.init(rng.split("pooler")),
        order: order.init(rng.split("order")),
      }),
      loss(params, { text, targets, swapped, isOrdered }) {
        const hidden = encode(params.encoder, text);
        const logits = head.apply(params.head, rowsOfTokens(hidden, targets.places), table(params.encoder));
        const masked = maskedTokenLoss(logits, targets);
        const first = np.reshape(np.split(hidden, [1], 1)[0]!, [-1, width]);
        const orderLogits = order.apply(params.order, np.tanh(pooler.apply(params.pooler, first)));
        const ordering = crossEntropy(orderLogits, swapped, { weights: isOrdered });
        return {
          loss: np.add(masked.loss, ordering),
          metrics: {
            masked: masked.loss,
            ordering,
            accuracy: masked.accuracy,
            orderAccuracy: accuracy(orderLogits, swapped, { weights: isOrdered }),
          },
        };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
