import * as z from "zod";
import { type Array, int32, lax, np } from "../array/index.ts";
import { augment } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { instanceDiscrimination as instanceLoss } from "../objectives/contrastive/instance-discrimination.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { method } from "./method.ts";
import { embedding } from "./parts/embedding.ts";
import { smallTraining } from "./parts/presets.ts";

/**
 * Instance discrimination: classify each view among all samples, by a memory bank with an embedding of every sample.
 * Wu et al. 2018, https://arxiv.org/abs/1805.01978. Differs from the paper: the softmax runs over the whole bank, as in
 * the authors' code for CIFAR-10 (`--nce-k 0`); its estimate by NCE is for millions of samples. No proximal term, as
 * in that code (https://github.com/zhirongw/lemniscate.pytorch), whose recipe for ImageNet this is. Biases and norms are not
 * decayed. Views are the modality's: there colours are always jittered, the hue by up to 0.4 (here 0.1), and nothing is
 * blurred.
 */
export const instanceDiscrimination = method({
  name: "instance-discrimination",
  family: "contrastive",
  paper: "https://arxiv.org/abs/1805.01978",
  summary: "classify each view among all samples by a memory bank of embeddings",
  needs: [augment],
  options: z.object({
    temperature: z.number().positive().default(0.07).describe("temperature of the similarities; lower is sharper"),
    momentum: z.number().min(0).lt(1).default(0.5).describe("momentum of the memory bank: share of the old embedding"),
    projectionDim: bounds.width().default(128).describe("width of the embeddings in the memory bank"),
  }),
  recipe: {
    ...{ optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 1e-4, batchSize: 256 },
    ...{ warmup: 0, schedule: "step", milestones: [120 / 200, 160 / 200] },
  },
  presets: {
    small: {
      summary: "temperature 0.1 as in the authors' CIFAR-10; AdamW, batches of 128",
      options: { temperature: 0.1 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, samples, options: { temperature, momentum, projectionDim } }) {
    const network = embedding(encoder, mlp([encoder.embedDim, projectionDim]));
    const bound = 1 / Math.sqrt(projectionDim / 3);
    return {
      views: (sample, rng, { index }) => ({
        view: modality.tensors(modality.augment(sample, rng)),
        index: int32([index], []),
      }),
      init: (rng) => network.init(rng),
      initMemory: (rng) => ({ bank: rng.split("bank").uniforms([samples, projectionDim], -bound, bound) }),
      loss(params, { view, index }, { bank }) {
        const z = network.apply(params, view);
        return {
          loss: instanceLoss(z, bank, index, { temperature }),
          metrics: { deviation: embeddingDeviation(z) },
          memory: { bank: updateBank(bank, index, lax.stopGradient(normalize(z)), momentum) },
        };
      },
    };
  },
});

/**
 * The memory bank with the batch's rows moved towards their new embeddings, at unit length.
 * @param bank `[samples, dim]`
 * @param index int32 `[batch]`; a sample that occurs twice moves towards the mean of both
 * @param rows `[batch, dim]`
 */
function updateBank(bank: Array, index: Array, rows: Array, momentum: number): Array {
  const isInBatch = np.equal(np.reshape(np.arange(bank.shape[0]!), [-1, 1]), index);
  const selection = np.where(isInBatch, 1, 0);
  const times = np.sum(selection, 1, { keepdims: true });
  const mean = np.multiply(np.matmul(selection, rows), np.reciprocal(np.maximum(times, 1)));
  const moved = normalize(np.add(np.multiply(bank, momentum), np.multiply(mean, 1 - momentum)));
  return np.where(np.greater(times, 0), moved, bank);
}
