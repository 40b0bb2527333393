import * as z from "zod";
import { lax, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { negativeCosine } from "../objectives/non-contrastive/negative-cosine.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";
import { twoViews } from "./parts/views.ts";

/**
 * SimSiam: predict the other view's embedding, with a stop-gradient on the target; no negatives, no second network.
 * Chen & He 2020, https://arxiv.org/abs/2011.10566. Differs from the paper: biases and norms are not decayed. The
 * last BatchNorm of the projector has no scale and shift, as in the released code
 * (https://github.com/facebookresearch/simsiam), whose recipe and views this has.
 */
export const simsiam = method({
  name: "simsiam",
  family: "non-contrastive",
  paper: "https://arxiv.org/abs/2011.10566",
  summary: "predict the embedding of a sample's other view; no negatives, no teacher",
  needs: [augment],
  options: z.object({
    projectionDim: bounds
      .width()
      .default(2048)
      .describe("width of the projector and of the embeddings that the loss compares"),
    predictorDim: bounds.width().default(512).describe("width of the predictor's hidden layer, a bottleneck"),
  }),
  recipe: {
    optimizer: "sgd",
    baseLearningRate: 0.05,
    weightDecay: 1e-4,
    batchSize: 512,
    warmup: 0,
    constantRate: ["predictor"],
  },
  presets: {
    small: {
      summary: "heads of 512 with a bottleneck of 128; batches of 128",
      options: { projectionDim: 512, predictorDim: 128 },
      training: { ...smallTraining, optimizer: "sgd", learningRate: 0.06, weightDecay: 5e-4, constantRate: [] },
    },
  },

  build({ encoder, modality, options: { projectionDim, predictorDim } }) {
    const widths = [encoder.embedDim, projectionDim, projectionDim, projectionDim];
    const network = embedding(encoder, mlp(widths, { output: "plainNorm" }));
    const predictor = mlp([projectionDim, predictorDim, projectionDim]);
    return {
      views: (sample, rng) => twoViews(modality, sample, rng),
      init: (rng) => ({ ...network.init(rng), predictor: predictor.init(rng.split("predictor")) }),
      loss(params, { first, second }) {
        const [z0, z1] = [network.apply(params, first), network.apply(params, second)];
        const [p0, p1] = [predictor.apply(params.predictor, z0), predictor.apply(params.predictor, z1)];
        const [target0, target1] = [lax.stopGradient(z0), lax.stopGradient(z1)];
        return {
          loss: np.multiply(np.add(negativeCosine(p0, target1), negativeCosine(p1, target0)), 0.5),
          metrics: { deviation: embeddingDeviation(z0) },
        };
      },
    };
  },
});
