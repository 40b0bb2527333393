import * as z from "zod";
import { filled, int32, np, type Rng } from "../array/index.ts";
import { kMeans, whiten } from "../array/k-means.ts";
import { perturb } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { smallTraining } from "./parts/presets.ts";

/**
 * DeepCluster: before every epoch the features of all samples are clustered by k-means; the clusters are the classes of
 * that epoch, predicted by a new last layer. Caron et al. 2018, https://arxiv.org/abs/1807.05520, as in
 * https://github.com/facebookresearch/deepcluster: features whitened and at unit length, 20 iterations, empty clusters
 * refilled from large ones. Differs from its code: samples are weighted by the inverse of their cluster's size instead of
 * drawing clusters uniformly (equivalent by section 3.3 of the paper); all features are whitened, not the 256 principal
 * components, which is the same for encoders of up to 256; no Sobel filter; the new layer keeps the old one's momentum
 * (there the last layer has none); biases and norms are not decayed; crops have at least 0.2 of the area (0.08
 * there). The recipe is that of its `main.sh`.
 */
export const deepcluster = method({
  name: "deepcluster",
  family: "clustering",
  paper: "https://arxiv.org/abs/1807.05520",
  summary: "cluster the features before every epoch, and classify samples by cluster",
  needs: [perturb],
  options: z.object({
    clusters: bounds
      .count()
      .min(2)
      .default(10_000)
      .describe("number of clusters; about ten times the expected number of classes"),
    kMeansIterations: bounds.repeats().default(20).describe("iterations of k-means before every epoch"),
  }),
  recipe: {
    optimizer: "sgd",
    baseLearningRate: 0.05,
    weightDecay: 1e-5,
    batchSize: 256,
    warmup: 0,
    schedule: "constant",
  },
  presets: {
    small: {
      summary: "100 clusters; AdamW, batches of 128",
      options: { clusters: 100 },
      training: smallTraining,
    },
  },

  build({ encoder, modality, options, samples }) {
    const { clusters, kMeansIterations: iterations } = options;
    if (clusters > samples)
      throw new UserError(`deepcluster: ${clusters} clusters of ${samples} samples; choose fewer by --clusters`);
    const { apply } = linear(encoder.embedDim, clusters);
    const newHead = (rng: Rng) => ({
      weight: rng.normals([clusters, encoder.embedDim], 0.01),
      bias: filled([clusters], 0),
    });
    return {
      views: (sample, rng, { index }) => ({
        view: modality.tensors(modality.perturb(sample, rng)),
        index: int32([index], []),
      }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: newHead(rng.split("head")) }),
      initMemory: (_rng) => ({
        assignments: int32(new Int32Array(samples), [samples]),
        weights: filled([clusters], 1),
      }),
      loss(params, { view, index }, { assignments, weights: perCluster }) {
        const labels = np.take(assignments, index, 0);
        const logits = apply(params.head, encoder.apply(params.encoder, view));
        const weights = np.take(perCluster, labels, 0);
        return {
          loss: crossEntropy(logits, labels, { weights }),
          metrics: { accuracy: accuracy(logits, labels) },
        };
      },
      prototypes: ({ head }, features) => apply(head, features),
      async beforeEpoch({ features, params, rng }) {
        const { data, rows, dim, indices } = await features();
        const points = whiten(data, rows, dim);
        const found = kMeans(points, { rows, dim, clusters, iterations }, rng.split("clusters"));
        const assignments = new Int32Array(samples);
        found.assignments.forEach((cluster, row) => {
          assignments[indices[row]!] = cluster;
        });
        const weights = filled([clusters], 0);
        found.sizes.forEach((size, cluster) => {
          weights.data[cluster] = size > 0 ? 1 / size : 0;
        });
        return {
          params: { ...params, head: newHead(rng.split("head")) },
          memory: { assignments: int32(assignments, [samples]), weights },
        };
      },
    };
  },
});
