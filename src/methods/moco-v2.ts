import * as z from "zod";
import { lax } from "../array/index.ts";
import { augment } from "../data/views.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inEvaluation } from "../layers/scope.ts";
import { infoNce, infoNceAccuracy } from "../objectives/contrastive/info-nce.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { enqueue, randomQueue } from "./parts/queue.ts";
import { momentumUpdate } from "./parts/teacher.ts";
import { twoViews } from "./parts/views.ts";

/**
 * MoCo v2: a query must find its key among those of earlier batches, which a slowly moving encoder made.
 * He et al. 2019, https://arxiv.org/abs/1911.05722; Chen et al. 2020, https://arxiv.org/abs/2003.04297. Differs from the
 * paper: its BatchNorm is shuffled between devices, lest the statistics that a query and its key share give the key away;
 * on one device the key encoder normalises by its running statistics instead, which follow the query encoder's like its
 * weights do (EMAN, Cai et al. 2021, https://arxiv.org/abs/2101.08482).
 */
export const mocoV2 = method({
  name: "moco-v2",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2003.04297",
  summary: "tell a sample's other view from a queue of earlier samples",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.2).describe("sharpness of the similarity; lower is sharper"),
    momentum: z.number().min(0).max(1).default(0.999).describe("how slowly the key encoder follows"),
    queueSize: z.int().positive().default(65536).describe("keys that are remembered as negatives"),
    projectionDim: z.int().positive().default(128).describe("width of the space the loss compares in"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "a queue of 4,096 and a key encoder ten times as quick; AdamW, batches of 128",
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
