import * as z from "zod";
import { type Array, filled, float32, int32, lax, np, type Rng, type Tensor } from "../array/index.ts";
import { kMeans } from "../array/k-means.ts";
import { offerOf } from "../data/ability.ts";
import { perturb, type Sample } from "../data/views.ts";
import { latents as latentAbility, patches as patchAbility } from "../encoders/abilities.ts";
import type { Inputs, Params } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { inEvaluation } from "../layers/scope.ts";
import { hubertAccuracy, hubert as masked } from "../objectives/predictive/hubert.ts";
import { method } from "./method.ts";
import { inputFeatures } from "./parts/input-features.ts";
import { shareOf } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { channelsOf, gridOf, shareOfSpans, spanMask } from "./parts/span-masks.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";

/** Points for each cluster that k-means runs on, as in faiss. */
const POINTS = 256;
/** Of a cluster that is not in use. */
const FAR = 1e9;

/**
 * HuBERT: spans are masked, and the encoder predicts the cluster of what was there, by cosine similarity to the embedding
 * of each cluster. Clusters are k-means': first of what is in the input, later of the encoder's own features. Hsu et al.
 * 2021, https://arxiv.org/abs/2106.07447; the recipe is that of the base model in
 * https://github.com/facebookresearch/fairseq/tree/main/examples/hubert.
 *
 * The input's features are the MFCC of each token's window with first and second differences, as in the paper, or the values
 * of patches. `inputEpochs` and `featureEpochs` are the paper's 250,000 and 400,000 steps on 960 hours.
 *
 * Differs from the paper: the encoder goes on from one clustering to the next, only the embeddings of clusters begin anew;
 * one k-means run of at most 256 points a cluster, not the best of twenty; the number of masked tokens is the same for every
 * sample; no dropout, no layer drop and no penalty on the size of features.
 */
export const hubert = method({
  name: "hubert",
  family: "masked",
  paper: "https://arxiv.org/abs/2106.07447",
  summary: "predict clusters of masked spans: of MFCC at first, then of the encoder's features",
  needs: [latentAbility],
  options: z.object({
    maskProbability: z.number().gt(0).lt(1).default(0.08).describe("probability that a masked span begins at a token"),
    maskLength: bounds.repeats().default(10).describe("tokens of a span"),
    inputClusters: bounds.count().min(2).default(100).describe("clusters of the input's features"),
    clusters: bounds.count().min(2).default(500).describe("clusters of the encoder's features"),
    inputEpochs: bounds.count().default(200).describe("epochs with clusters of the input's features"),
    featureEpochs: bounds
      .count()
      .default(320)
      .describe("epochs from one clustering of the encoder's features to the next"),
    layer: bounds.depth().default(6).describe("block whose output is clustered"),
    projectionDim: bounds.width().default(256).describe("width in which predictions and clusters are compared"),
    temperature: z.number().positive().default(0.1).describe("temperature of the similarities (τ)"),
    kMeansIterations: bounds.repeats().default(20).describe("iterations of k-means"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 7.1e-4, weightDecay: 0.01, beta2: 0.98, batchSize: 180 },
  presets: {
    small: {
      summary: "50 and 100 clusters, clustered anew after 10 epochs and then every 15; batches of 64",
      ...smallMasked,
      options: {
        ...{ maskProbability: 0.15, maskLength: 4, inputClusters: 50, clusters: 100, inputEpochs: 10 },
        ...{ featureEpochs: 15, layer: 3, projectionDim: 64 },
      },
      training: { ...smallMasked.training, batchSize: 64 },
    },
  },
  defaultEncoder: "wave",

  build({ encoder, modality, options, samples }) {
    const { latents: tokens } = encoder;
    const patches = offerOf(encoder, patchAbility);
    const { clusters, inputClusters, projectionDim, temperature, maskLength } = options;
    const most = Math.max(clusters, inputClusters);
    const ofInput = inputFeatures(encoder, channelsOf(modality), "cepstra", "hubert");
    const ofEncoder = (params: Params, inputs: Inputs): Array => {
      const outputs = tokens.blocks(params, inputs);
      return ofPatches(outputs[Math.min(options.layer, outputs.length) - 1]!, tokens);
    };
    if (samples * tokens.count < most)
      throw new UserError(`hubert: ${most} clusters of ${samples * tokens.count} tokens; choose fewer by --clusters`);
    const grid = gridOf(encoder, tokens);
    const hiddenCount = shareOf(tokens.count, shareOfSpans(options.maskProbability, maskLength));
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const project = linear(tokens.width, projectionDim);
    const newCodes = (rng: Rng): Tensor => rng.uniforms([most, projectionDim]);

    /** The nearest cluster of each row. @param bias `[clusters]`, 0 for those in use */
    const nearest = (features: Array, centers: Array, bias: Array): Array => {
      const rows = np.reshape(features, [-1, centers.shape[1]!]);
      const products = np.matmul(rows, np.transpose(centers));
      const distances = np.subtract(np.sum(np.square(centers), 1), np.multiply(products, 2));
      return np.argmin(np.subtract(distances, bias), 1);
    };
    return {
      views: (sample, rng) => ({
        input: modality.tensors(perturbed(sample, rng)),
        hidden: int32(spanMask(rng, grid, hiddenCount, maskLength), [hiddenCount]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").uniforms([1, tokens.width]),
        project: project.init(rng.split("project")),
        codes: newCodes(rng.split("codes")),
      }),
      initMemory: (_, params) => ({
        teacher: params.encoder,
        /** 1 when the clusters are of the encoder's features. */
        learned: int32([0], []),
        inputCenters: filled([most, ofInput.dim], 0),
        centers: filled([most, tokens.width], 0),
        bias: unused(inputClusters, most),
      }),
      loss(params, { input, hidden }, { teacher, learned, inputCenters, centers, bias }) {
        const byInput = nearest(rowsAt(ofInput.apply(input), hidden), inputCenters, bias);
        const seen = inEvaluation(() => ofEncoder(teacher, input));
        const byFeatures = nearest(lax.stopGradient(rowsAt(seen, hidden)), centers, bias);
        const labels = np.add(byInput, np.multiply(learned, np.subtract(byFeatures, byInput)));

        const places = { at: markedAt(hidden, tokens.count), token: params.maskToken };
        const encoded = ofPatches(tokens.encode(params.encoder, input, { masked: places }), tokens);
        const rows = np.reshape(rowsAt(encoded, hidden), [-1, tokens.width]);
        const predictions = project.apply(params.project, rows);
        const scale = { temperature, bias };
        return {
          loss: masked(predictions, params.codes, labels, scale),
          metrics: { accuracy: hubertAccuracy(predictions, params.codes, labels, scale) },
        };
      },
      async beforeEpoch({ epoch, outputs, params, memory, rng }) {
        const { inputEpochs, featureEpochs, kMeansIterations: iterations } = options;
        const since = epoch - inputEpochs;
        const isLearned = since >= 0;
        if (isLearned ? since % featureEpochs !== 0 : epoch > 0) return { params, memory };
        const count = isLearned ? clusters : inputClusters;
        const width = isLearned ? tokens.width : ofInput.dim;
        const apply = isLearned ? ofEncoder : (_: Params, inputs: Inputs) => ofInput.apply(inputs);
        const enough = Math.min(samples, Math.ceil((POINTS * count) / tokens.count));
        const indices = rng.split("samples").permutation(samples).slice(0, enough).sort();
        const { data, rows } = await outputs({ apply, dim: tokens.count * width, indices });
        const kMeansOptions = { rows: rows * tokens.count, dim: width, clusters: count, iterations } as const;
        const found = kMeans(data, { ...kMeansOptions, start: "k-means++" }, rng.split("clusters"));
        const centers = float32(new Float32Array(most * width), [most, width]);
        centers.data.set(found.centers);
        const changed = isLearned ? { teacher: params.encoder, centers } : { inputCenters: centers };
        return {
          params: { ...params, codes: newCodes(rng.split("codes")) },
          memory: { ...memory, ...changed, learned: int32([isLearned ? 1 : 0], []), bias: unused(count, most) },
        };
      },
      ...(patches && {
        look: (_, { input, hidden }) => ({ masked: withPatches(patches, input, markedAt(hidden, patches.count), 0) }),
      }),
    };
  },
});

/** Added to the scores of clusters: −10⁹ for those beyond the first `count`. */
const unused = (count: number, most: number): Tensor =>
  float32(
    Float32Array.from({ length: most }, (_, cluster) => (cluster < count ? 0 : -FAR)),
    [most],
  );
