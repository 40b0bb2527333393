import * as z from "zod";
import { type Array, constant, float32, int32, np } from "../array/index.ts";
import { distortions } from "../data/time.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { binaryCrossEntropy } from "../objectives/supervised/binary-cross-entropy.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * Transformation recognition: predict which distortion was applied to a sample. A batch has every sample as it is and under
 * every distortion that the kind of data knows.
 * Saeed et al. 2019, https://arxiv.org/abs/1907.11879
 *
 * By default as in the paper: one question for each distortion, whether it was applied, asked of the distorted sample and of
 * the original. With `--ask which` all are classes of one question. Differs from the paper: the kind of data's distortions
 * instead of its eight; one linear layer for each question, on any encoder, instead of two on three 1-D convolutions.
 */
export const transformation = method({
  name: "transformation",
  family: "predictive",
  paper: "https://arxiv.org/abs/1907.11879",
  summary: "predict which distortion was applied to a sample",
  needs: [distortions],
  options: z.object({
    ask: z
      .enum(["each", "which"])
      .default("each")
      .describe("each: whether this distortion was applied, for each; which: one class for each and for none"),
    distortions: z
      .array(z.string())
      .max(64)
      .optional()
      .describe("names of the distortions; by default all that the kind of data has"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 3e-4, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "AdamW, batches of 32",
      lightViews: true,
      training: { optimizer: "adamw", batchSize: 32, learningRate: 1e-3, weightDecay: 1e-4, gradientClip: 1 },
    },
  },

  build({ encoder, modality, options: { ask, distortions: chosen } }) {
    const { names, distort } = modality.distortions;
    const unknown = chosen?.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new UserError(`transformation: no distortion "${unknown}"; this data has ${names.join(", ")}`);
    const applied = (chosen ?? names).filter((name) => name !== "none");
    const count = applied.length;
    if (count === 0) throw new UserError("transformation: there is no distortion to recognise");
    const head = linear(encoder.embedDim, ask === "each" ? count : count + 1);

    /** Row r of `logits` is a sample under distortion ⌊r / samples⌋, the first being none. */
    const whichOne = (logits: Array, samples: number) => {
      const rows = samples * (count + 1);
      const labels = constant(
        int32(
          Int32Array.from({ length: rows }, (_, row) => Math.floor(row / samples)),
          [rows],
        ),
      );
      return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
    };
    /** Question q is asked of the original and of the sample under distortion q; other rows weigh nothing. */
    const eachOne = (logits: Array, samples: number) => {
      const [targets, weights] = [0, 1].map(() => new Float32Array(samples * (count + 1) * count)) as [
        Float32Array,
        Float32Array,
      ];
      for (let row = 0; row < samples * (count + 1); row++)
        for (let question = 0; question < count; question++) {
          const under = Math.floor(row / samples) - 1;
          targets[row * count + question] = under === question ? 1 : 0;
          weights[row * count + question] = under === question || under === -1 ? 1 : 0;
        }
      const shape = [samples * (count + 1), count];
      const [truth, asked] = [constant(float32(targets, shape)), constant(float32(weights, shape))];
      const isRight = np.where(np.equal(np.where(np.greater(logits, 0), 1, 0), truth), 1, 0);
      const share = np.multiply(np.sum(np.multiply(isRight, asked)), 1 / (2 * samples * count));
      return { loss: binaryCrossEntropy(logits, truth, { weights: asked }), metrics: { accuracy: share } };
    };

    return {
      views: (sample, rng) => ({
        shown: [
          modality.tensors(names.includes("none") ? distort(sample, rng, "none") : sample),
          ...applied.map((name) => modality.tensors(distort(sample, rng, name))),
        ],
      }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { shown }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, concatenateInputs(shown)));
        return (ask === "each" ? eachOne : whichOne)(logits, logits.shape[0]! / (count + 1));
      },
    };
  },
});
