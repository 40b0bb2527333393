import * as z from "zod";
import {
  type Array,
  constant,
  filled,
  float32,
  int32,
  lax,
  nn,
  np,
  type Rng,
  type Traced,
} from "../../../array/index.ts";
import { normalization, perturb } from "../../../data/views.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { decoder, upsample } from "../../../layers/decoder.ts";
import { method } from "../../../methods/method.ts";
import { softCrossEntropy } from "../../../objectives/supervised/soft-cross-entropy.ts";
import { lab } from "../abilities.ts";
import { colourBins, softEncode } from "../colour-bins.ts";
import { featureMap, pixelShape } from "../feature-map.ts";
import { labToRgb } from "./lab.ts";

/** Neighbours of the soft encoding; its deviation, and that of the smoothing of the bins' shares, in units of a and b. */
const [NEIGHBOURS, SIGMA] = [5, 5];
/** Colours are predicted for every fourth pixel. */
const STRIDE = 4;
/** "Annealed mean": between the distribution's mean (1) and its mode (0). */
const TEMPERATURE = 0.38;
/** Momentum of the bins' running shares. */
const MOMENTUM = 0.99;

/**
 * Colourisation: predict the colours of a grey image, as a distribution over bins of the ab plane for every fourth pixel.
 * Zhang et al. 2016, https://arxiv.org/abs/1603.08511. The encoder sees the lightness on all channels; a decoder turns its
 * feature map (`hidden`) into distributions. Targets are soft-encoded, and rare colours weigh more: by the inverse of their
 * smoothed share mixed with a uniform one (`rebalance` is λ), on average 1.
 *
 * Differs from the paper: any encoder, and a decoder instead of dilated layers; the bins' shares are a moving average over
 * the batches so far, not ImageNet's; 261 bins that sRGB can show, not the 313 of the released list; grey images count
 * (there only images with some colour). The encoder sees grey images in training, and coloured ones when it is used.
 */
export const colorization = method({
  name: "colorization",
  family: "predictive",
  paper: "https://arxiv.org/abs/1603.08511",
  summary: "predict the colours of a grey image",
  needs: [lab, normalization, perturb],
  options: z.object({
    rebalance: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe("share of the uniform distribution in the colours' weights; 1: equal weights"),
    decoderWidth: bounds.width().default(256).describe("channels of the decoder before the last layer"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 2e-4, weightDecay: 1e-3, beta2: 0.99, batchSize: 40 },
  presets: {
    small: {
      summary: "a decoder of width 64; batches of 64",
      options: { decoderWidth: 64 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3 },
    },
  },

  build({ encoder, modality, options: { rebalance, decoderWidth } }) {
    const [, height, width] = pixelShape(modality.specs, "colorization");
    const map = featureMap(encoder, "colorization");
    const bins = colourBins();
    const count = bins.length / 2;
    const size = [Math.ceil(height / STRIDE), Math.ceil(width / STRIDE)] as const;
    const pixels = size[0] * size[1];
    const colours = decoder(map.shape, [count, ...size], decoderWidth);
    const smooth = smoothing(bins);

    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      decoder: colours.init(rng.split("decoder")),
    });
    /** `[batch × pixels, bins]`. */
    const predict = (params: Traced<ReturnType<typeof init>>, lightness: Readonly<Record<string, Array>>): Array => {
      const logits = colours.apply(params.decoder, map.apply(params.encoder, lightness));
      return np.reshape(np.transpose(logits, [0, 2, 3, 1]), [-1, count]);
    };
    /** Soft-encoded colours `[batch × pixels, bins]`. */
    const encoded = (nearest: Array, shares: Array): Array => {
      const parts = np.split(np.reshape(nearest, [-1, NEIGHBOURS]), NEIGHBOURS, 1).map((bin, k) => {
        const share = np.split(np.reshape(shares, [-1, NEIGHBOURS]), NEIGHBOURS, 1)[k]!;
        return np.where(np.equal(bin, np.arange(count)), share, 0);
      });
      return parts.reduce((sum, part) => np.add(sum, part));
    };

    return {
      views(sample, rng) {
        const { lightness, values } = modality.lab(modality.perturb(sample, rng));
        const nearest = new Int32Array(pixels * NEIGHBOURS);
        const shares = new Float32Array(pixels * NEIGHBOURS);
        for (let at = 0; at < pixels; at++) {
          const from = STRIDE * (Math.floor(at / size[1]) * width + (at % size[1]));
          const [a, b] = [values.data[height * width + from]!, values.data[2 * height * width + from]!];
          softEncode(a, b, { neighbours: NEIGHBOURS, sigma: SIGMA }, nearest, shares, at * NEIGHBOURS);
        }
        return {
          lightness: modality.tensors(lightness),
          nearest: int32(nearest, [pixels, NEIGHBOURS]),
          shares: float32(shares, [pixels, NEIGHBOURS]),
        };
      },
      init: (rng) => init(rng),
      initMemory: (_rng) => ({ colours: filled([count], 1 / count) }),
      loss(params, { lightness, nearest, shares }, memory) {
        const targets = encoded(nearest, shares);
        const running = np.add(np.multiply(memory.colours, MOMENTUM), np.multiply(np.mean(targets, 0), 1 - MOMENTUM));
        const smoothed = np.matmul(running, constant(smooth));
        const rarity = np.reciprocal(np.add(np.multiply(smoothed, 1 - rebalance), rebalance / count));
        const weights = np.multiply(rarity, np.reciprocal(np.sum(np.multiply(smoothed, rarity))));
        const logits = predict(params, lightness);
        return {
          loss: softCrossEntropy(logits, targets, { weights }),
          metrics: { unweighted: softCrossEntropy(lax.stopGradient(logits), targets) },
          memory: { colours: running },
        };
      },
      look(params, { lightness, nearest, shares }) {
        const { mean, std } = modality.normalization;
        const perChannel = (values: readonly number[]) => constant(float32(values, [3, 1, 1]));
        const grey = lightness.pixels!;
        const [first] = np.split(grey, 3, 1);
        const level = np.multiply(np.add(np.multiply(first!, std[0]!), mean[0]!), 100);
        const paint = (distribution: Array) => {
          const ab = np.reshape(np.matmul(distribution, constant(float32(bins, [count, 2]))), [-1, ...size, 2]);
          const full = upsample(np.transpose(ab, [0, 3, 1, 2]), [height, width]);
          const rgb = labToRgb(np.concatenate([level, full], 1));
          return np.multiply(np.subtract(rgb, perChannel(mean)), perChannel(std.map((value) => 1 / value)));
        };
        const annealed = nn.softmax(np.multiply(predict(params, lightness), 1 / TEMPERATURE), -1);
        return { grey, coloured: paint(annealed), original: paint(encoded(nearest, shares)) };
      },
    };
  },
});

/** Gaussian smoothing over the bins as a matrix `[bins, bins]`, rows that sum to 1. */
function smoothing(bins: Float32Array) {
  const count = bins.length / 2;
  const matrix = new Float32Array(count * count);
  for (let from = 0; from < count; from++) {
    const row = matrix.subarray(from * count, (from + 1) * count);
    for (let to = 0; to < count; to++) {
      const squared = (bins[2 * from]! - bins[2 * to]!) ** 2 + (bins[2 * from + 1]! - bins[2 * to + 1]!) ** 2;
      row[to] = Math.exp(-squared / (2 * SIGMA * SIGMA));
    }
    const sum = row.reduce((total, value) => total + value, 0);
    for (let to = 0; to < count; to++) row[to]! /= sum;
  }
  return float32(matrix, [count, count]);
}
