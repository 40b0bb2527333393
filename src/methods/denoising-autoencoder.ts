import * as z from "zod";
import { float32, type Rng, sizeOf, type Tensor } from "../array/index.ts";
import { normalization, perturb } from "../data/views.ts";
import { gridInput } from "../encoders/grid-input.ts";
import * as bounds from "../foundation/bounds.ts";
import { decoder } from "../layers/decoder.ts";
import { squaredError } from "../objectives/restoration/pixels.ts";
import { method } from "./method.ts";
import { gridMap } from "./parts/feature-map.ts";

/**
 * Denoising autoencoder: a clean image, series or video is restored from a corrupted one.
 * Vincent et al. 2008, https://dl.acm.org/doi/10.1145/1390156.1390294, and 2010 (stacked), https://jmlr.org/papers/v11/vincent10a.html.
 * Uses the encoder's map (`hidden`). Values are corrupted independently, each channel of each position: masking sets
 * a share of them to 0, salt-and-pepper to the minimum or maximum with equal probability, Gaussian adds noise to all.
 *
 * Differs from the papers: any encoder and a convolutional decoder in place of stacked layers with tied weights, trained
 * at once and not layer by layer; "0" is the data's mean, since inputs are normalised; always squared error.
 */
export const denoisingAutoencoder = method({
  name: "denoising-autoencoder",
  family: "restoration",
  paper: "https://jmlr.org/papers/v11/vincent10a.html",
  summary: "restore a clean input from a corrupted one",
  needs: [perturb, normalization],
  options: z.object({
    corruption: z.enum(["masking", "gaussian", "saltAndPepper"]).default("masking").describe("kind of corruption"),
    level: z
      .number()
      .min(0)
      .max(1)
      .default(0.25)
      .describe("share of the values corrupted by masking or salt-and-pepper"),
    noise: z
      .number()
      .nonnegative()
      .default(0.5)
      .describe("standard deviation of Gaussian noise, relative to that of the values"),
    decoderWidth: bounds.width().default(32).describe("channels of the decoder at full resolution"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-5, batchSize: 256 },
  presets: {
    small: {
      summary: "half the values masked; batches of 64",
      options: { level: 0.5, decoderWidth: 16 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3 },
    },
  },

  build({ encoder, modality, options: { corruption, level, noise, decoderWidth } }) {
    const { name, channels, extents } = gridInput(modality.specs, "method denoising-autoencoder");
    const map = gridMap(encoder, "denoising-autoencoder");
    const restore = decoder([map.channels, ...map.extents], [channels, ...extents], decoderWidth);
    const { mean, std } = modality.normalization;
    const perChannel = sizeOf(extents);

    const corrupt = ({ data, shape }: Tensor, rng: Rng): Tensor => {
      const values = Float32Array.from(data);
      for (let at = 0; at < values.length; at++) {
        if (corruption === "gaussian") values[at]! += rng.normal(0, noise);
        else if (rng.chance(level)) {
          const channel = Math.floor(at / perChannel);
          const extreme = corruption === "saltAndPepper" && (Number(rng.chance(0.5)) - mean[channel]!) / std[channel]!;
          values[at] = extreme || 0;
        }
      }
      return float32(values, shape);
    };

    return {
      views(sample, rng) {
        const clean = modality.tensors(modality.perturb(sample, rng))[name]!;
        return { clean, corrupted: { [name]: corrupt(clean, rng) } };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        decoder: restore.init(rng.split("decoder")),
      }),
      loss(params, { clean, corrupted }) {
        const restored = restore.apply(params.decoder, map.apply(params.encoder, corrupted));
        return { loss: squaredError(restored, clean) };
      },
      look(params, { clean, corrupted }) {
        const restored = restore.apply(params.decoder, map.apply(params.encoder, corrupted));
        return { original: clean, corrupted: corrupted[name]!, restored };
      },
    };
  },
});
