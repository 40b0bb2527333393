import * as z from "zod";
import { np } from "../array/index.ts";
import { vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";

/**
 * Causal language model: predict each token from those before it. Radford et al. 2019,
 * https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf (GPT-2):
 * pre-norm, output layer tied to the embeddings. Differs from the paper: no dropout unless the encoder has `--dropout`,
 * the last weights of a branch are initialised like all others, exact GELU.
 */
export const causalLm = method({
  name: "causal-lm",
  family: "generative",
  paper: "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf",
  summary: "predict each token of a text from those before it",
  needs: [vocabulary, sequence],
  causal: true,
  options: z.object({}),
  recipe: { optimizer: "adamw", baseLearningRate: 2e-3, weightDecay: 0.1, beta2: 0.95, batchSize: 64 },
  presets: {
    small: {
      summary: "10 epochs in batches of 32",
      training: { epochs: 10, batchSize: 32, gradientClip: 1 },
    },
  },
  defaultEncoder: "transformer",
  encoderOptions: { causal: true, norm: "pre" },

  build({ encoder, modality: { vocabulary } }) {
    const { encode, table, count, width } = encoder.sequence;
    return {
      views(sample, rng) {
        const { ids, isCut } = vocabulary.tokens(sample, rng);
        // The end of a window is not the end of its text: no `end` to predict.
        return { text: vocabulary.encode(isCut ? ids.subarray(0, -1) : ids) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")) }),
      loss(params, { text }) {
        const [before] = np.split(encode(params.encoder, text), [count - 1], 1);
        const logits = np.matmul(np.reshape(before!, [-1, width]), np.transpose(table(params.encoder)));
        const next = (of: typeof text.ids) => np.reshape(np.split(of, [1], 1)[1]!, [-1]);
        const weights = np.where(np.equal(next(text.mask), 0), 0, 1);
        const loss = crossEntropy(logits, next(text.ids), { weights });
        return {
          loss,
          metrics: { accuracy: accuracy(logits, next(text.ids), { weights }), perplexity: np.exp(loss) },
        };
      },
      tokenLogits: (params, text) => np.matmul(encode(params.encoder, text), np.transpose(table(params.encoder))),
    };
  },
});
