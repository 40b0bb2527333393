import * as z from "zod";
import { np } from "../array/index.ts";
import { vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { inBatchAccuracy, inBatchContrast } from "../objectives/contrastive/in-batch-contrast.ts";
import { method } from "./method.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * Unsupervised SimCSE: a text encoded twice with different dropout masks is its own positive.
 * Gao et al. 2021, https://arxiv.org/abs/2104.08821. It turns a language model into a sentence encoder, so it starts from
 * one: `--from`. Differs from the paper: the base learning rate is for small models, and AdamW decays weights.
 */
export const simcse = method({
  name: "simcse",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2104.08821",
  summary: "a text agrees with itself under another dropout mask, different texts do not",
  needs: [vocabulary, sequence],
  options: z.object({
    temperature: z.number().positive().default(0.05).describe("temperature of the similarities; lower is sharper"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 2e-4, weightDecay: 0.01, batchSize: 64 },
  presets: {
    small: {
      summary: "one epoch in batches of 64",
      training: { epochs: 1, gradientClip: 1 },
    },
  },
  defaultEncoder: "transformer",
  encoderOptions: { dropout: 0.1, pooling: "first" },
  // Samples are sentences, also in plain text with one per line, and when starting from a packed run.
  modalityOptions: { pack: false },

  build({ encoder, modality: { vocabulary }, options: { temperature } }) {
    if (encoder.sequence.dropout === 0)
      throw new UserError("simcse: without dropout both views are the same; give the encoder --dropout 0.1");
    // Used in training only, as in the authors' code: the representation is its input.
    const projector = linear(encoder.embedDim, encoder.embedDim);
    return {
      views: (sample, rng) => ({ text: vocabulary.encode(vocabulary.tokens(sample, rng).ids) }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        projector: projector.init(rng.split("projector")),
      }),
      loss(params, { text }) {
        const features = encoder.apply(params.encoder, concatenateInputs([text, text]));
        const [z0, z1] = np.split(np.tanh(projector.apply(params.projector, features)), 2, 0);
        return {
          loss: inBatchContrast(z0!, z1!, { temperature }),
          metrics: { accuracy: inBatchAccuracy(z0!, z1!) },
        };
      },
    };
  },
});
