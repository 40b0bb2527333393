import * as z from "zod";
import { type Array, constant, float32, nn, np } from "../../../array/index.ts";
import { normalization, perturb } from "../../../data/views.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { decoder } from "../../../layers/decoder.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { gaussianKl } from "../../../objectives/restoration/gaussian-kl.ts";
import { bernoulliNll, gaussianNll } from "../../../objectives/restoration/pixels.ts";
import { pixelShape } from "../feature-map.ts";

/**
 * β-VAE: a variational autoencoder with a stronger pull (β > 1) of the latents towards independent standard normals.
 * Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl; β = 1 is Kingma & Welling 2013,
 * https://arxiv.org/abs/1312.6114. Linear layers predict the latents' mean and log variance from the representation. The
 * loss is −log p(x | z) + β KL, summed over pixels and latents, in nats per image, with one draw of the latents.
 *
 * Defaults are the paper's for 3D chairs (32 latents, β = 5, Bernoulli pixels). Differs from the paper: any encoder, and
 * a decoder that upsamples and convolves instead of strided deconvolutions; Gaussian pixels have unit variance in units of
 * the data's deviation; images are weakly augmented.
 */
export const betaVae = method({
  name: "beta-vae",
  family: "restoration",
  paper: "https://openreview.net/forum?id=Sy2fzU9gl",
  summary: "reconstruct an image from a few independent Gaussian factors",
  needs: [perturb, normalization],
  options: z.object({
    beta: z.number().nonnegative().default(5).describe("weight of the KL divergence; 1 is a plain VAE"),
    latentDim: bounds.width().default(32).describe("number of latent factors"),
    likelihood: z.enum(["bernoulli", "gaussian"]).default("bernoulli").describe("distribution of the pixels"),
    decoderWidth: bounds.width().default(32).describe("channels of the decoder at full resolution"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 4e-4, weightDecay: 0, batchSize: 64 },
  presets: {
    small: {
      summary: "64 latents, β 1.5; batches of 64",
      options: { beta: 1.5, latentDim: 64, decoderWidth: 16 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3, gradientClip: 1000 },
    },
  },

  build({ encoder, modality, options: { beta, latentDim, likelihood, decoderWidth } }) {
    const shape = pixelShape(modality.specs, "beta-vae");
    const mean = linear(encoder.embedDim, latentDim);
    const logVariance = linear(encoder.embedDim, latentDim);
    const pixels = decoder(latentDim, shape, decoderWidth);
    const { normalization } = modality;
    const perChannel = (values: readonly number[]) => constant(float32(values, [shape[0], 1, 1]));
    /** Normalised pixels as values in [0, 1], and back. */
    const toUnit = (x: Array) => np.add(np.multiply(x, perChannel(normalization.std)), perChannel(normalization.mean));
    const fromUnit = (x: Array) =>
      np.multiply(
        np.subtract(x, perChannel(normalization.mean)),
        perChannel(normalization.std.map((value) => 1 / value)),
      );
    return {
      views: (sample, rng) => ({
        image: { pixels: modality.tensors(modality.perturb(sample, rng)).pixels! },
        noise: rng.normals([latentDim]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        mean: mean.init(rng.split("mean")),
        logVariance: logVariance.init(rng.split("logVariance")),
        decoder: pixels.init(rng.split("decoder")),
      }),
      loss(params, { image, noise }) {
        const features = encoder.apply(params.encoder, image);
        const mu = mean.apply(params.mean, features);
        const logSigma2 = logVariance.apply(params.logVariance, features);
        const z = np.add(mu, np.multiply(np.exp(np.multiply(logSigma2, 0.5)), noise));
        const output = pixels.apply(params.decoder, z);
        const reconstruction =
          likelihood === "bernoulli" ? bernoulliNll(output, toUnit(image.pixels)) : gaussianNll(output, image.pixels);
        const kl = gaussianKl(mu, logSigma2);
        return { loss: np.add(reconstruction, np.multiply(kl, beta)), metrics: { reconstruction, kl } };
      },
      look(params, { image, noise }) {
        const picture = (z: Array) => {
          const output = pixels.apply(params.decoder, z);
          return likelihood === "bernoulli" ? fromUnit(nn.sigmoid(output)) : output;
        };
        const mu = mean.apply(params.mean, encoder.apply(params.encoder, image));
        return { original: image.pixels, restored: picture(mu), sampled: picture(noise) };
      },
    };
  },
});
