import * as z from "zod";
import { lax } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inEvaluation } from "../layers/scope.ts";
import { infoNce, infoNceAccuracy } from "../objectives/contrastive/info-nce.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { enqueue, randomQueue, shorterQueue } from "./parts/queue.ts";
import { momentumUpdate } from "./parts/teacher.ts";
import { twoViews } from "./parts/views.ts";

/**
 * MoCo v2: a query identifies its key among a queue of keys of earlier batches, encoded by a momentum encoder.
 * He et al. 2019, https://arxiv.org/abs/1911.05722; Chen et al. 2020, https://arxiv.org/abs/2003.04297. Differs from the
 * paper: it shuffles BatchNorm between devices, so that batch statistics shared by a query and its key do not leak; on one
 * device the key encoder uses its running statistics instead, which follow the query encoder's like its weights (EMAN, Cai et al. 2021, https://arxiv.org/abs/2101.08482).
 * The queue is no longer than the data, whose keys would be negatives of their own queries; biases and norms are not
 * decayed. Recipe and views are those of https://github.com/facebookresearch/moco.
 */
export const mocoV2 = method({
  name: "moco-v2",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2003.04297",
  summary: "identify a sample's other view among a queue of earlier samples",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.2).describe("temperature of the similarities; lower is sharper"),
    momentum: z.number().min(0).max(1).default(0.999).describe("momentum of the key encoder"),
    queueSize: bounds.count().default(65536).describe("number of keys in the queue, the negatives"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings that the loss compares"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 1e-4, batchSize: 256, warmup: 0 },
  follow: shorterQueue("queueSize"),
  presets: {
    small: {
      summary: "a queue of 4,096, a key encoder ten times as fast; AdamW, batches of 128",
      options: { queueSize: 4096, momentum: 0.99 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { temperature, momentum, queueSize, projectionDim } }) {
    const projector = mlp([encoder.embedDim, encoder.embedDim, projectionDim], { norm: false });
    const network = embedding(encoder, projector);
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => network.init(rng),
      initMemory: (rng, params) => ({ teacher: params, queue: randomQueue(rng, queueSize, projectionDim) }),
      loss(params, { first, second }, { teacher, queue }) {
        const queries = network.apply(params, first);
        const keys = inEvaluation(() => lax.stopGradient(network.apply(teacher, second)));
        return {
          loss: infoNce(queries, keys, queue, { temperature }),
          metrics: { accuracy: infoNceAccuracy(queries, keys, queue), deviation: embeddingDeviation(queries) },
          memory: { teacher, queue: enqueue(queue, normalize(keys)) },
        };
      },
      afterStep: (params, memory) => ({ ...memory, teacher: momentumUpdate(memory.teacher, params, momentum) }),
    };
  },
});
