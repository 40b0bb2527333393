import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { perturb, type Sample } from "../data/views.ts";
import { UserError } from "../foundation/errors.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inEvaluation } from "../layers/scope.ts";
import { negativeCosine } from "../objectives/non-contrastive/negative-cosine.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { smallTraining } from "./parts/presets.ts";

/**
 * SimReg: a small encoder regresses the features of a large, pre-trained and frozen one.
 * Navaneet, Koohpayegani, Tejankar & Pirsiavash 2021, https://arxiv.org/abs/2201.05131; the head, the loss and the recipe
 * are those of https://github.com/UCDvision/simreg: one weakly augmented view for both, ‖p − t‖² = 2 − 2 cos of unit
 * vectors, a head that is discarded afterwards. Differs from the paper: the teacher runs in evaluation mode and its
 * features are not cached; a linear head has no BatchNorm before it; data without weak augmentation are used unchanged.
 */
export const distill = method({
  name: "distill",
  family: "distillation",
  paper: "https://arxiv.org/abs/2201.05131",
  summary: "predict the features of a finished run's encoder by a smaller one; needs a run as --teacher",
  needs: [],
  options: z.object({
    teacher: z.string().optional().describe("path of the teacher's run, on the same kind of data"),
    headLayers: z
      .union([z.literal(1), z.literal(2), z.literal(4)])
      .default(4)
      .describe("layers from the encoder's features to the teacher's: 1, 2 or 4"),
  }),
  runs: ["teacher"],
  recipe: { optimizer: "sgd", baseLearningRate: 0.05, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "AdamW, batches of 128",
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { headLayers }, runs }) {
    const teacher = runs?.teacher;
    if (!teacher) throw new UserError("distill: give the path of a finished run as --teacher");
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const head = headOf(encoder.embedDim, teacher.encoder.embedDim, headLayers);
    return {
      views: (sample, rng) => ({ view: modality.tensors(perturbed(sample, rng)) }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      initMemory: (_) => ({ teacher: teacher.params.encoder }),
      loss(params, { view }, { teacher: frozen }) {
        const z = encoder.apply(params.encoder, view);
        const target = lax.stopGradient(inEvaluation(() => teacher.encoder.apply(frozen, view)));
        const cosine = np.negative(negativeCosine(head.apply(params.head, z), target));
        return {
          loss: np.subtract(2, np.multiply(cosine, 2)),
          metrics: { cosine, deviation: embeddingDeviation(z) },
        };
      },
    };
  },
});

/**
 * From the student's representation to the teacher's. Four layers are a projection and a prediction head of two each, as
 * in `mlp_arch.py`: BatchNorm and ReLU after the first and the third.
 */
function headOf(width: number, target: number, layers: 1 | 2 | 4) {
  const widths = {
    1: [[width, target]],
    2: [[width, 2 * width, target]],
    4: [
      [width, 2 * width, width],
      [width, 2 * width, target],
    ],
  };
  const parts = widths[layers].map((layerWidths) => mlp(layerWidths));
  const init = (rng: Rng) => parts.map((part, index) => part.init(rng.split("part", index)));
  return {
    init,
    apply: (params: Traced<ReturnType<typeof init>>, x: Array): Array =>
      parts.reduce((input, part, index) => part.apply(params[index]!, input), x),
  };
}
