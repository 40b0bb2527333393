import * as z from "zod";
import { lax } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inBatchAccuracy } from "../objectives/contrastive/in-batch-contrast.ts";
import { mocoV3 as mocoV3Loss } from "../objectives/contrastive/moco-v3.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining, withoutBlur } from "./parts/presets.ts";
import { cosineMomentum, momentumUpdate } from "./parts/teacher.ts";
import { byolImages, twoViews } from "./parts/views.ts";

/**
 * MoCo v3: MoCo without a queue, for Transformers. A predictor's output identifies the momentum encoder's key of the other
 * view among the keys of the batch. Chen, Xie & He 2021, https://arxiv.org/abs/2104.02057. Differs from the paper: the
 * patch projection is trained, not frozen (the paper's remedy for instability with batches of thousands), weights are
 * Xavier's only with `--initialisation xavier`, and biases and norms are not decayed. The recipe is that of the ViTs in
 * https://github.com/facebookresearch/moco-v3.
 */
export const mocoV3 = method({
  name: "moco-v3",
  family: "contrastive",
  paper: "https://arxiv.org/abs/2104.02057",
  summary: "predict the key of a sample's other view and identify it within the batch",
  needs: [augment],
  options: z.object({
    temperature: z
      .number()
      .positive()
      .default(0.2)
      .describe("temperature of the similarities; 1 in the paper's ResNets"),
    momentum: z.number().min(0).max(1).default(0.99).describe("momentum of the key encoder; rises to 1"),
    hiddenDim: bounds.width().default(4096).describe("width of projector and predictor"),
    projectionDim: bounds.width().default(256).describe("width of the embeddings that the loss compares"),
    projectorLayers: bounds.depth().min(2).default(3).describe("layers of the projector; 2 in the paper's ResNets"),
  }),
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 1.5e-4, weightDecay: 0.1, batchSize: 4096 },
    warmup: 40 / 300,
  },
  encoderOptions: { pooling: "class" },
  modalityOptions: byolImages,
  defaultEncoder: "vit",
  presets: {
    small: {
      summary: "heads of 512; AdamW, batches of 128",
      ...withoutBlur,
      options: { hiddenDim: 512, projectionDim: 128 },
      training: { ...smallTraining, learningRate: 1e-3, weightDecay: 0.1 },
    },
  },

  build({ encoder, modality, options }) {
    const { temperature, momentum, hiddenDim, projectionDim, projectorLayers } = options;
    const hidden = globalThis.Array<number>(projectorLayers - 1).fill(hiddenDim);
    const projector = mlp([encoder.embedDim, ...hidden, projectionDim], { output: "plainNorm" });
    const predictor = mlp([projectionDim, hiddenDim, projectionDim], { output: "plainNorm" });
    const network = embedding(encoder, projector);
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => ({ ...network.init(rng), predictor: predictor.init(rng.split("predictor")) }),
      initMemory: (_rng, params) => ({ teacher: network.of(params) }),
      loss(params, { first, second }, { teacher }) {
        const predict = (view: typeof first) => predictor.apply(params.predictor, network.apply(params, view));
        const key = (view: typeof first) => lax.stopGradient(network.apply(teacher, view));
        const [q0, q1, k0, k1] = [predict(first), predict(second), key(first), key(second)];
        return {
          loss: mocoV3Loss(q0, q1, k0, k1, { temperature }),
          metrics: { accuracy: inBatchAccuracy(q0, k1), deviation: embeddingDeviation(q0) },
        };
      },
      afterStep: (params, { teacher }, { progress }) => ({
        teacher: momentumUpdate(teacher, network.of(params), cosineMomentum(progress, { start: momentum }), {
          statistics: "own",
        }),
      }),
    };
  },
});
