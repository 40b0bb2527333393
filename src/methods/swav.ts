import * as z from "zod";
import { filled, lax, np } from "../array/index.ts";
import { crop } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { prototypes as prototypeLayer } from "../layers/heads/prototypes.ts";
import { swav as swavLoss } from "../objectives/clustering/swav.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { frozenUntil } from "./parts/distillation.ts";
import {
  encodeCrops,
  multiCrop,
  multiCropOptions,
  multiCropReplaces,
  perCrop,
  smallCrops,
} from "./parts/multi-crop.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { enqueue } from "./parts/queue.ts";

/** Batches that are too small to balance assignments over, and the queue that the authors' code then has. */
const SMALL_BATCH = 256;
const QUEUE = 3840;

/**
 * SwAV: a view's assignment to prototypes is predicted from every other view of the sample; assignments are balanced over
 * the batch and a queue. Caron et al. 2020, https://arxiv.org/abs/2006.09882, as in
 * https://github.com/facebookresearch/swav. Differs from the paper: prototypes are normalised within the loss, not after
 * every step; the queue fills from the first step, and its start (epoch 15 of 200), like the prototypes' freeze (1 epoch
 * of 400), is a share of the training; the warm-up starts from 0 (there from a sixteenth of the peak). In batches of up
 * to 256 there is a queue of 3,840, as in the authors' settings for them; these also have twice the rate, 0.6 for 256, and
 * no warm-up.
 */
export const swav = method({
  name: "swav",
  family: "clustering",
  paper: "https://arxiv.org/abs/2006.09882",
  summary: "predict from one view the prototype of another; prototypes are used equally",
  needs: [crop],
  options: z.object({
    prototypes: bounds.count().min(2).default(3000).describe("number of prototypes"),
    temperature: z.number().positive().default(0.1).describe("temperature of the predictions; lower is sharper"),
    sinkhornIterations: bounds.repeats().default(3).describe("Sinkhorn iterations that balance the assignments"),
    sinkhornEpsilon: z.number().positive().default(0.05).describe("softness of the assignments"),
    projectionDim: bounds.width().default(128).describe("width of the prototypes"),
    hiddenDim: bounds.width().default(2048).describe("width of the projector's hidden layer"),
    frozenPrototypes: z
      .number()
      .min(0)
      .max(1)
      .default(0.0025)
      .describe("share of the training during which the prototypes are frozen"),
    queueLength: z
      .int()
      .nonnegative()
      .max(2 ** 20)
      .default(0)
      .describe("queued samples per global crop; for small batches"),
    queueStart: z.number().min(0).max(1).default(0.075).describe("share of the training before the queue is used"),
    ...multiCropOptions({ globalScale: [0.14, 1], localScale: [0.05, 0.14], localCrops: 6 }),
  }),
  recipe: {
    ...{ optimizer: "larc", baseLearningRate: 0.3, weightDecay: 1e-6, batchSize: 4096 },
    ...{ warmup: 10 / 400, finalLearningRate: 1e-3 },
  },
  follow: ({ batchSize }) =>
    batchSize <= SMALL_BATCH
      ? [{ option: "queueLength", value: QUEUE, because: `the authors' queue for batches of ${SMALL_BATCH}` }]
      : [],
  modalityOptions: { jitter: 1, blur: 0.5, solarize: 0 },
  replaces: multiCropReplaces,
  presets: {
    small: {
      summary: "300 prototypes, a queue of 1,024, four local crops, no blur; AdamW, batches of 128",
      ...withoutBlur,
      options: { ...smallCrops, prototypes: 300, hiddenDim: 512, projectionDim: 64, queueLength: 1024 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options }) {
    const { projectionDim, hiddenDim, prototypes: count, queueLength, queueStart } = options;
    const crops = multiCrop(modality, encoder, options);
    const projector = mlp([encoder.embedDim, hiddenDim, projectionDim]);
    const prototypes = prototypeLayer(projectionDim, count);
    return {
      views: (sample, rng) => crops(sample, rng),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        projector: projector.init(rng.split("projector")),
        prototypes: prototypes.init(rng.split("prototypes")),
      }),
      initMemory: (_rng) => ({
        queue: globalThis.Array.from({ length: queueLength > 0 ? 2 : 0 }, () =>
          filled([queueLength, projectionDim], 0),
        ),
      }),
      loss(params, { global, local = [] }, { queue = [] }, { progress }) {
        const features = encodeCrops(encoder, params.encoder, [global, local]);
        const z = normalize(projector.apply(params.projector, features));
        const weight = frozenUntil(params.prototypes.weight, progress, options.frozenPrototypes);
        const scores = perCrop(prototypes.apply({ weight }, z), global.length + local.length);
        // The queue starts with zeros and fills from the front: it is full once its last row is not zero.
        const oldest = queue.map((rows) => np.split(rows, [queueLength - 1], 0)[1]!);
        const isFull = oldest.map((row) => np.where(np.greater(np.sum(np.square(row)), 0), 1, 0))[0];
        const loss = swavLoss(scores.slice(0, global.length), scores.slice(global.length), {
          ...options,
          ...(isFull
            ? {
                queue: queue.map((rows) => prototypes.apply({ weight }, rows)),
                queueInUse: np.where(np.less(progress, queueStart), 0, isFull),
              }
            : {}),
        });
        const embeddings = perCrop(lax.stopGradient(z), global.length + local.length);
        return { loss, memory: { queue: queue.map((rows, view) => enqueue(rows, embeddings[view]!)) } };
      },
      prototypes: (params, features) =>
        prototypes.apply(params.prototypes, projector.apply(params.projector, features)),
    };
  },
});
