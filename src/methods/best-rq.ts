import * as z from "zod";
import { type Array, filled, float32, int32, lax, np } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { perturb, type Sample } from "../data/views.ts";
import { latents as latentAbility, patches as patchAbility } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { linear } from "../layers/linear.ts";
import { normalize } from "../objectives/parts/normalize.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { inputFeatures } from "./parts/input-features.ts";
import { shareOf } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { randomQueue } from "./parts/queue.ts";
import { channelsOf, gridOf, shareOfSpans, spanMask } from "./parts/span-masks.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";

/** Samples that mean and deviation of the input are measured on. */
const MEASURED = 1024;

/**
 * BEST-RQ: spans are masked, and the encoder predicts a code of what was there: the nearest of random vectors to a random
 * projection of the input, neither of which is ever trained. Chiu et al. 2022, https://arxiv.org/abs/2202.01855
 *
 * What is quantised is patches as they are, or of a waveform the log-mel energies of each token's window; every value is
 * brought to mean 0 and deviation 1 over the data, before the first epoch, without which few codes are used (section 3.1).
 *
 * Differs from the paper: masked tokens are replaced by a learned vector, as in wav2vec 2.0, not the input by noise; the
 * number of masked tokens is the same for every sample; probability and length of spans are those of tokens, which the
 * paper's convolutions make from four frames of 10 ms (0.01 a frame and 400 ms); a patch or window is one token, not four
 * stacked frames; a Transformer, not a Conformer.
 */
export const bestRq = method({
  name: "best-rq",
  family: "masked",
  paper: "https://arxiv.org/abs/2202.01855",
  summary: "predict codes of masked spans that a random projection gives",
  needs: [latentAbility],
  options: z.object({
    maskProbability: z.number().gt(0).lt(1).default(0.04).describe("probability that a masked span begins at a token"),
    maskLength: bounds.repeats().default(10).describe("tokens of a span"),
    codes: bounds.count().min(2).default(8192).describe("random vectors that the projection is compared with"),
    codeDim: bounds.width().default(16).describe("width of the random projection"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 0, beta2: 0.98, batchSize: 2048 },
  presets: {
    small: {
      summary: "512 codes, spans of 4 tokens; batches of 64",
      ...smallMasked,
      options: { codes: 512, maskProbability: 0.15, maskLength: 4 },
      training: { ...smallMasked.training, batchSize: 64 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options, samples }) {
    const { latents: tokens } = encoder;
    const patches = offerOf(encoder, patchAbility);
    const { codes, codeDim, maskLength } = options;
    const features = inputFeatures(encoder, channelsOf(modality), "energies", "best-rq");
    const grid = gridOf(encoder, tokens);
    const hiddenCount = shareOf(tokens.count, shareOfSpans(options.maskProbability, maskLength));
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const head = linear(tokens.width, codes);
    const limit = Math.sqrt(6 / (features.dim + codeDim));
    return {
      views: (sample, rng) => ({
        input: modality.tensors(perturbed(sample, rng)),
        hidden: int32(spanMask(rng, grid, hiddenCount, maskLength), [hiddenCount]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").truncatedNormal([1, tokens.width], 0.02),
        head: head.init(rng.split("head")),
      }),
      initMemory: (rng) => ({
        projection: rng.split("projection").uniforms([features.dim, codeDim], -limit, limit),
        codes: randomQueue(rng.split("codes"), codes, codeDim),
        mean: filled([features.dim], 0),
        scale: filled([features.dim], 1),
      }),
      loss(params, { input, hidden }, memory) {
        const there = lax.stopGradient(rowsAt(features.apply(input), hidden));
        const standard = np.multiply(np.subtract(there, memory.mean), memory.scale);
        const projected = normalize(np.matmul(np.reshape(standard, [-1, features.dim]), memory.projection));
        const labels: Array = np.argmax(np.matmul(projected, np.transpose(memory.codes)), 1);

        const masked = { at: markedAt(hidden, tokens.count), token: params.maskToken };
        const encoded = ofPatches(tokens.encode(params.encoder, input, { masked }), tokens);
        const logits = np.reshape(head.apply(params.head, rowsAt(encoded, hidden)), [-1, codes]);
        return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
      },
      async beforeEpoch({ epoch, outputs, params, memory, rng }) {
        if (epoch > 0) return { params, memory };
        const indices = rng.permutation(samples).slice(0, MEASURED).sort();
        const dim = tokens.count * features.dim;
        const { data } = await outputs({ apply: (_, inputs) => features.apply(inputs), dim, indices });
        return { params, memory: { ...memory, ...moments(data, features.dim) } };
      },
      ...(patches && {
        look: (_, { input, hidden }) => ({ masked: withPatches(patches, input, markedAt(hidden, patches.count), 0) }),
      }),
    };
  },
});

/** Mean, and one over the deviation, of each column of `[rows, dim]`; 0 for one that does not vary. */
function moments(data: Float32Array, dim: number) {
  const rows = data.length / dim;
  const [mean, squares] = [new Float64Array(dim), new Float64Array(dim)];
  data.forEach((value, at) => {
    mean[at % dim]! += value / rows;
  });
  data.forEach((value, at) => {
    squares[at % dim]! += (value - mean[at % dim]!) ** 2 / rows;
  });
  const scale = Float32Array.from(squares, (square) => (square > 1e-10 ? 1 / Math.sqrt(square) : 0));
  return { mean: float32(Float32Array.from(mean), [dim]), scale: float32(scale, [dim]) };
}
