import * as z from "zod";
import { np, Rng } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { tokenHead } from "../layers/token-head.ts";
import { method } from "./method.ts";
import { smallLanguage } from "./parts/presets.ts";
import { BERT_CORRUPTION, maskTokens, rowsOfTokens, slotsFor, maskedTokenLoss } from "./parts/token-masks.ts";

/**
 * BERT: tell the words that were masked from those around them. Devlin et al. 2018, https://arxiv.org/abs/1810.04805,
 * with RoBERTa's changes (Liu et al. 2019, https://arxiv.org/abs/1907.11692): new masks in every epoch unless
 * `--masks static`, and no next-sentence prediction (`sentence-order` is the better kind of it). Differs from the paper:
 * no dropout unless the encoder's option asks for it, position embeddings are not decayed, the learning rate is for
 * small models and falls by a cosine; static masks are one per sample, where BERT's data had ten.
 */
export const bert = method({
  name: "bert",
  family: "masked",
  paper: "https://arxiv.org/abs/1810.04805",
  summary: "tell the words of a text that were masked",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the words that is asked for"),
    wholeWords: z.boolean().default(false).describe("mask all pieces of a word or none"),
    masks: z
      .enum(["dynamic", "static"])
      .default("dynamic")
      .describe("new masks in every epoch (RoBERTa), or always the same for a sample (BERT)"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, beta2: 0.98, batchSize: 128 },
  presets: { small: smallLanguage },
  defaultEncoder: "transformer",

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio, wholeWords, masks } }) {
    const { width, encode, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const slots = slotsFor(vocabulary.length, maskRatio);
    return {
      views(sample, rng, { index }) {
        const own = masks === "static" ? new Rng(index).split("masks") : rng;
        const sequence = vocabulary.tokens(sample);
        const { ids, asked } = maskTokens(sequence, vocabulary, own, {
          ratio: maskRatio,
          wholeWords,
          slots,
          shown: { ...BERT_CORRUPTION, token: maskToken },
        });
        return { text: vocabulary.encode(ids), asked };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { text, asked }) {
        const hidden = rowsOfTokens(encode(params.encoder, text), asked.places);
        const { loss, accuracy } = maskedTokenLoss(head.apply(params.head, hidden, table(params.encoder)), asked);
        return { loss, metrics: { accuracy, perplexity: np.exp(loss) } };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
