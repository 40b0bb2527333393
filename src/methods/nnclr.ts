import * as z from "zod";
import { lax, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inBatchAccuracy } from "../objectives/contrastive/in-batch-contrast.ts";
import { nnclr as nnclrLoss } from "../objectives/contrastive/nnclr.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { enqueue, nearestIn, randomQueue, shorterQueue } from "./parts/queue.ts";
import { twoViews } from "./parts/views.ts";

/**
 * NNCLR: the positive of a view is not the other view but its nearest neighbour in a queue of earlier samples.
 * Dwibedi et al. 2021, https://arxiv.org/abs/2104.14548. Differs from the paper: the queue is no longer than the
 * data. No code of the authors was found; rate, decay and warm-up (10 epochs) are those that SimCLR has, and views are the
 * modality's: neither could be compared with the paper's.
 */
export const nnclr = method({
  name: "nnclr",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2104.14548",
  summary: "predict the nearest neighbour of a sample's other view",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.1).describe("temperature of the similarities; lower is sharper"),
    queueSize: bounds.count().default(98304).describe("number of embeddings in the queue, the candidate neighbours"),
    hiddenDim: bounds.width().default(2048).describe("width of the projector's hidden layers"),
    projectionDim: bounds.width().default(256).describe("width of the embeddings that the loss compares"),
    predictorDim: bounds.width().default(4096).describe("width of the predictor's hidden layer"),
  }),
  recipe: { optimizer: "lars", baseLearningRate: 0.3, weightDecay: 1e-6, batchSize: 4096 },
  follow: shorterQueue("queueSize"),
  presets: {
    small: {
      summary: "heads of 512, a queue of 4,096; AdamW, batches of 128",
      options: { queueSize: 4096, hiddenDim: 512, projectionDim: 128, predictorDim: 512 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { temperature, queueSize, hiddenDim, projectionDim, predictorDim } }) {
    const projector = mlp([encoder.embedDim, hiddenDim, hiddenDim, projectionDim], { output: "norm" });
    const predictor = mlp([projectionDim, predictorDim, projectionDim]);
    const network = embedding(encoder, projector);
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => ({ ...network.init(rng), predictor: predictor.init(rng.split("predictor")) }),
      initMemory: (rng) => ({ queue: randomQueue(rng, queueSize, projectionDim) }),
      loss(params, { first, second }, { queue }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        const [p0, p1] = [predictor.apply(params.predictor, z0), predictor.apply(params.predictor, z1)];
        const [unit0, unit1] = [lax.stopGradient(normalize(z0)), lax.stopGradient(normalize(z1))];
        const [neighbours0, neighbours1] = [nearestIn(queue, unit0), nearestIn(queue, unit1)];
        const directions = [
          nnclrLoss(neighbours0, p1, { temperature }),
          nnclrLoss(neighbours1, p0, { temperature }),
        ] as const;
        return {
          loss: np.multiply(np.add(...directions), 0.5),
          metrics: { accuracy: inBatchAccuracy(neighbours0, p1), deviation: embeddingDeviation(z0) },
          memory: { queue: enqueue(queue, unit0) },
        };
      },
    };
  },
});
