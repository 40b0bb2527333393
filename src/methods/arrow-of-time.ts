import * as z from "zod";
import { constant, int32 } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { reverse } from "../data/time.ts";
import { perturb } from "../data/views.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * Arrow of time: predict whether a sample is played forwards or backwards. A batch has every sample in both directions.
 * Wei et al. 2018, https://openaccess.thecvf.com/content_cvpr_2018/papers/Wei_Learning_and_Using_CVPR_2018_paper.pdf
 *
 * Differs from the paper: any encoder of any kind of data instead of a VGG-16 over the optical flow of several groups of
 * frames, which it fuses before its last layer; a view is changed lightly as the modality sets it. As the paper warns, look for
 * what gives the direction away and means nothing: traces of compression, black borders, the echo before a sound.
 */
export const arrowOfTime = method({
  name: "arrow-of-time",
  family: "predictive",
  paper: "https://openaccess.thecvf.com/content_cvpr_2018/papers/Wei_Learning_and_Using_CVPR_2018_paper.pdf",
  summary: "predict whether a sample is played forwards or backwards",
  needs: [reverse],
  options: z.object({}),
  recipe: { optimizer: "sgd", baseLearningRate: 0.01, weightDecay: 5e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "AdamW, batches of 64",
      lightViews: true,
      training: { optimizer: "adamw", batchSize: 64, learningRate: 1e-3, weightDecay: 1e-4, gradientClip: 1 },
    },
  },

  build({ encoder, modality }) {
    const head = linear(encoder.embedDim, 2);
    const perturbed = offerOf(modality, perturb) ?? ((sample) => sample);
    return {
      views(sample, rng) {
        const view = perturbed(sample, rng);
        return { forwards: modality.tensors(view), backwards: modality.tensors(modality.reverse(view)) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { forwards, backwards }) {
        const logits = head.apply(params.head, encoder.apply(params.encoder, concatenateInputs([forwards, backwards])));
        const rows = logits.shape[0]!;
        const labels = constant(
          int32(
            Int32Array.from({ length: rows }, (_, row) => (2 * row < rows ? 0 : 1)),
            [rows],
          ),
        );
        return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
      },
    };
  },
});
