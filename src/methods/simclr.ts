import * as z from "zod";
import { np, type Rng } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { segments } from "../data/time.ts";
import { augment, type Sample } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { contrastiveAccuracy, ntXent } from "../objectives/contrastive/nt-xent.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { partsAlongTime } from "./parts/time-steps.ts";
import { concatenateInputs, twoViews } from "./parts/views.ts";

/**
 * SimCLR: two augmented views of one sample agree; views of different samples do not.
 * Chen et al. 2020, https://arxiv.org/abs/2002.05709. Differs from the paper: no BatchNorm after the projector's last
 * layer, which the released code (https://github.com/google-research/simclr) has; temperature, crops and colour
 * jitter are those of its CIFAR-10 experiments (on ImageNet: 0.1, from 0.08 of the area, and twice as strong).
 *
 * The preset `scarf` is SCARF: Bahri et al. 2021, https://arxiv.org/abs/2106.15147. Differs from the paper: NT-Xent, where each
 * view finds its partner among all rows of both, and not only the row its corrupted view among the corrupted ones; each
 * column is corrupted with probability 0.6, not exactly 60 % of them, by values of 1,000 random rows, not of all; BatchNorm
 * in the projector; training does not end when a validation loss rises.
 *
 * The preset `graphcl` is GraphCL, You et al. 2020, https://arxiv.org/abs/2010.13902, as it is pre-trained on molecules; its views are the
 * data's own. `molclr` is MolCLR, Wang et al. 2021, https://arxiv.org/abs/2102.10056. Both differ from their papers by BatchNorm in
 * the projector; GraphCL's negatives are of the other view alone.
 *
 * With `--positives segments` two segments of a sample agree as they are. The preset `cola` is so COLA's: Saeed et al. 2020,
 * https://arxiv.org/abs/2010.10915, with the cosine similarity that it compares with its own, a bilinear one.
 */
export const simclr = method({
  name: "simclr",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2002.05709",
  summary: "two augmented views of a sample agree, views of different samples do not",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.5).describe("temperature of the similarities; lower is sharper"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings that the loss compares"),
    positives: z
      .enum(["views", "segments"])
      .default("views")
      .describe("what agrees: two augmented views, or two segments in time as they are"),
    extent: z.number().gt(0).max(1).default(0.5).describe("length of a segment, over the encoder's input"),
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.3, weightDecay: 1e-6, batchSize: 4096 },
  presets: {
    cola: {
      summary: "two segments of a recording agree (COLA)",
      options: { positives: "segments", temperature: 0.2, projectionDim: 512 },
      training: { optimizer: "adamw", learningRate: 1e-3, weightDecay: 1e-4, batchSize: 256 },
      lightViews: true,
    },
    graphcl: {
      summary: "two views of a graph agree, each without some nodes, edges or attributes (GraphCL)",
      encoder: "gin",
      options: { temperature: 0.1, projectionDim: 300 },
      training: { optimizer: "adamw", learningRate: 1e-3, weightDecay: 0, batchSize: 256 },
      lightViews: true,
    },
    molclr: {
      summary: "two views of a molecule agree, each with a quarter of its atoms hidden or bonds deleted (MolCLR)",
      encoder: "gin",
      options: { temperature: 0.1, projectionDim: 256 },
      modalityOptions: { views: ["hide-atoms", "drop-bonds", "part"], strength: 0.25 },
      training: { optimizer: "adamw", learningRate: 5e-4, weightDecay: 1e-5, batchSize: 512 },
      lightViews: true,
    },
    scarf: {
      summary: "a row and a view of it with 60 % of its columns from other rows agree (SCARF)",
      encoder: "mlp",
      options: { temperature: 1, projectionDim: 256 },
      modalityOptions: { corruption: [0.6, 0] },
      training: { optimizer: "adamw", learningRate: 1e-3, weightDecay: 0, batchSize: 128 },
      lightViews: true,
    },
    small: {
      summary: "temperature 0.2; AdamW, batches of 128",
      options: { temperature: 0.2 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { temperature, projectionDim, positives, extent } }) {
    const cut = positives === "segments" ? offerOf(modality, segments) : undefined;
    if (positives === "segments" && !cut)
      throw new UserError("simclr: this data cannot be cut into segments of time; use --positives views");
    const grid = partsAlongTime(encoder);
    const twoSegments = (sample: Sample, rng: Rng, of: NonNullable<typeof cut>) => {
      const [first, second] = of(sample, rng, { count: 2, extent, gap: [0, Math.max(0, 1 - 2 * extent)], ...grid });
      if (!first || !second) throw new Error("simclr: fewer than two segments");
      const order = rng.chance(0.5) ? [first, second] : [second, first];
      const [one, other] = order.map(({ segment }) => modality.tensors(segment));
      return { first: one!, second: other! };
    };
    const network = embedding(encoder, mlp([encoder.embedDim, encoder.embedDim, projectionDim]));
    return {
      views: (sample, rng) => (cut ? twoSegments(sample, rng, cut) : twoViews(modality, sample, rng)),
      init: (rng) => network.init(rng),
      loss(params, { first, second }) {
        // Both views in one batch, so that BatchNorm sees them together, as in the authors' code.
        const [z0, z1] = np.split(network.apply(params, concatenateInputs([first, second])), 2, 0);
        return { loss: ntXent(z0!, z1!, { temperature }), metrics: { accuracy: contrastiveAccuracy(z0!, z1!) } };
      },
    };
  },
});
