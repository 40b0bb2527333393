import * as z from "zod";
import { np, Rng } from "../array/index.ts";
import { maskToken, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { tokenHead } from "../layers/heads/token-head.ts";
import { method } from "./method.ts";
import { esm, smallLanguage } from "./parts/presets.ts";
import { BERT_CORRUPTION, maskedTokenLoss, maskTokens, rowsOfTokens, slotsFor } from "./parts/token-masks.ts";

/**
 * BERT: predict masked tokens from their context. Devlin et al. 2018, https://arxiv.org/abs/1810.04805, with RoBERTa's
 * changes (Liu et al. 2019, https://arxiv.org/abs/1907.11692): new masks in every epoch unless `--masks static`, and no
 * next-sentence prediction (`sentence-order` is ALBERT's better version of it). Differs from the paper: no dropout unless
 * the encoder has `--dropout`, no weight decay of position embeddings, a learning rate for small models with cosine decay;
 * static masks are one per sample (ten in BERT's data). Preset `esm` is ESM-2's form (Lin et al. 2023,
 * https://www.science.org/doi/10.1126/science.ade2574), without its dropping of masked embeddings' scale.
 */
export const bert = method({
  name: "bert",
  family: "masked",
  paper: "https://arxiv.org/abs/1810.04805",
  summary: "predict the masked tokens of a text",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of the tokens to predict"),
    wholeWords: z.boolean().default(false).describe("mask all tokens of a word or none"),
    masks: z
      .enum(["dynamic", "static"])
      .default("dynamic")
      .describe("new masks in every epoch (RoBERTa), or the same for a sample in all epochs (BERT)"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, beta2: 0.98, batchSize: 128 },
  presets: { small: smallLanguage, esm },
  defaultEncoder: "transformer",

  build({ encoder, modality: { vocabulary, maskToken }, options: { maskRatio, wholeWords, masks } }) {
    const { width, encode, table, epsilon } = encoder.sequence;
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const slots = slotsFor(vocabulary.length, maskRatio);
    return {
      views(sample, rng, { index }) {
        const maskRng = masks === "static" ? new Rng(index).split("masks") : rng;
        const sequence = vocabulary.tokens(sample, maskRng);
        const { ids, targets } = maskTokens(sequence, vocabulary, maskRng, {
          ratio: maskRatio,
          wholeWords,
          slots,
          corruption: { ...BERT_CORRUPTION, token: maskToken },
        });
        return { text: vocabulary.encode(ids), targets };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { text, targets }) {
        const hidden = rowsOfTokens(encode(params.encoder, text), targets.places);
        const { loss, accuracy } = maskedTokenLoss(head.apply(params.head, hidden, table(params.encoder)), targets);
        return { loss, metrics: { accuracy, perplexity: np.exp(loss) } };
      },
      tokenLogits: (params, text) => head.apply(params.head, encode(params.encoder, text), table(params.encoder)),
    };
  },
});
