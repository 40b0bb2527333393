import * as z from "zod";
import { constant, int32 } from "../array/index.ts";
import { speed } from "../data/time.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { partsAlongTime } from "./parts/time-steps.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * Playback speed: predict how many times as fast a sample is played. A batch has every sample at every speed. By default
 * SpeedNet's question, normal or twice as fast: Benaim et al. 2020, https://arxiv.org/abs/2004.06130; the preset `pace` asks
 * for one of four, as Wang et al. 2020, https://arxiv.org/abs/2008.05861.
 *
 * All speeds show as many steps of the encoder's input: with the default extent those that a sample of the usual length has
 * at the highest speed. Differs from the papers: any encoder of any kind of data instead of S3D-G or a 3-D ResNet; no spatial
 * resizing against shortcuts (SpeedNet), no contrast (the pace paper's second loss); each speed is shown of another place.
 */
export const playbackSpeed = method({
  name: "playback-speed",
  family: "predictive",
  paper: "https://arxiv.org/abs/2004.06130",
  summary: "predict how many times as fast a sample is played",
  needs: [speed],
  options: z.object({
    speeds: z
      .array(z.number().min(0.1).max(64))
      .min(2)
      .max(16)
      .default([1, 2])
      .describe("speeds to tell apart, as multiples of the normal one"),
    extent: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe("length of what is played, over the encoder's input; by default 1 over the highest speed"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.01, weightDecay: 5e-4, batchSize: 256 },
  presets: {
    pace: { summary: "one of four speeds (Wang et al. 2020)", options: { speeds: [1, 2, 3, 4] } },
    small: {
      summary: "AdamW, batches of 64",
      lightViews: true,
      training: { optimizer: "adamw", batchSize: 64, learningRate: 1e-3, weightDecay: 1e-4, gradientClip: 1 },
    },
  },

  build({ encoder, modality, options }) {
    const { speeds } = options;
    if (new Set(speeds).size < speeds.length)
      throw new UserError(`playback-speed: ${speeds.join(",")} has one speed twice`);
    const shown = { extent: options.extent ?? Math.min(1, 1 / Math.max(...speeds)), ...partsAlongTime(encoder) };
    const head = linear(encoder.embedDim, speeds.length);
    return {
      views: (sample, rng) => ({
        played: speeds.map((factor) => modality.tensors(modality.speed(sample, rng, factor, shown))),
      }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { played }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, concatenateInputs(played)));
        const rows = logits.shape[0]!;
        const each = rows / speeds.length;
        const labels = constant(
          int32(
            Int32Array.from({ length: rows }, (_, row) => Math.floor(row / each)),
            [rows],
          ),
        );
        return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
      },
    };
  },
});
