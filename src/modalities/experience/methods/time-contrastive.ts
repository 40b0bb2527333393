import * as z from "zod";
import { np } from "../../../array/index.ts";
import { perturb } from "../../../data/views.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { smallTraining } from "../../../methods/parts/presets.ts";
import { concatenateInputs } from "../../../methods/parts/views.ts";
import { normalize } from "../../../objectives/parts/normalize.ts";
import { nearby } from "../abilities.ts";

/** Farther than any episode is long. */
const ANYWHERE = 2 ** 30;

/**
 * Time-contrastive networks with one camera: a frame is nearer to one of about the same time than to another of the same
 * episode, which looks alike and shows another state. Sermanet et al. 2018, https://arxiv.org/abs/1704.06888, section 3.2: the
 * triplet loss max(0, ‖f(x) − f(x⁺)‖² − ‖f(x) − f(x⁻)‖² + α), where x⁺ is at most `near` frames away and x⁻ at least `far`,
 * twice as many by default, as in the paper.
 *
 * Differs from the paper: any encoder, with a linear layer to the embedding, of length 1 (as in the authors' code); the three
 * frames are each shifted a little by themselves.
 */
export const timeContrastive = method({
  name: "time-contrastive",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1704.06888",
  summary: "a frame is nearer to one of about the same time than to others of its episode",
  needs: [nearby, perturb],
  options: z.object({
    near: z
      .int()
      .min(1)
      .max(10_000)
      .default(2)
      .describe("most frames between a frame and one that it should be near to"),
    far: z
      .int()
      .min(2)
      .max(100_000)
      .optional()
      .describe("least frames between a frame and one that it should be far from; twice as many by default"),
    margin: z.number().positive().default(0.2).describe("by how much the squared distances should differ (α)"),
    embeddingDim: bounds.width().default(32).describe("width of the embeddings that the loss compares"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-4, batchSize: 128 },
  presets: { small: { summary: "batches of 128", lightViews: true, training: smallTraining } },

  build({ encoder, modality, options: { near, far = 2 * near, margin, embeddingDim } }) {
    if (far <= near) throw new UserError(`time-contrastive: --far ${far} must be more than --near ${near}`);
    const projector = linear(encoder.embedDim, embeddingDim);
    return {
      views(sample, rng) {
        const view = (one: unknown) => modality.tensors(modality.perturb(one, rng));
        return {
          anchor: view(sample),
          positive: view(modality.nearby(sample, rng, 1, near)),
          negative: view(modality.nearby(sample, rng, far, ANYWHERE)),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        projector: projector.init(rng.split("projector")),
      }),
      loss(params, { anchor, positive, negative }) {
        const hidden = encoder.apply(params.encoder, concatenateInputs([anchor, positive, negative]));
        const [x, same, other] = np.split(normalize(projector.apply(params.projector, hidden)), 3, 0);
        const near = np.sum(np.square(np.subtract(x!, same!)), -1);
        const far = np.sum(np.square(np.subtract(x!, other!)), -1);
        const loss = np.mean(np.maximum(np.add(np.subtract(near, far), margin), 0));
        return { loss, metrics: { accuracy: np.mean(np.where(np.less(near, far), 1, 0)) } };
      },
    };
  },
});
