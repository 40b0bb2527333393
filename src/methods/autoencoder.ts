import * as z from "zod";
import { perturb } from "../data/views.ts";
import { gridInput } from "../encoders/grid-input.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { decoder } from "../layers/decoder.ts";
import { linear } from "../layers/linear.ts";
import { squaredError } from "../objectives/restoration/pixels.ts";
import { method } from "./method.ts";

/**
 * Bottleneck autoencoder: an image, series or video is compressed to a short code and reconstructed.
 * Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647. Uses the encoder's vector (`apply`); a linear
 * layer computes the code from it, as in the paper, and a convolutional decoder reconstructs the input from the code.
 *
 * Differs from the paper: any encoder and a convolutional decoder in place of a stack of sigmoid layers and its mirror;
 * trained from scratch, without layer-wise pre-training by restricted Boltzmann machines; AdamW in place of conjugate
 * gradients; squared error, as for its faces (its digits have cross-entropy), of lightly changed inputs.
 */
export const autoencoder = method({
  name: "autoencoder",
  family: "restoration",
  paper: "https://doi.org/10.1126/science.1127647",
  summary: "reconstruct an input from a bottleneck of few dimensions",
  needs: [perturb],
  options: z.object({
    codeDim: bounds.width().default(30).describe("dimensions of the bottleneck code"),
    decoderWidth: bounds.width().default(32).describe("channels of the decoder at full resolution"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-5, batchSize: 256 },
  presets: {
    small: {
      summary: "a code of 64; batches of 64",
      options: { codeDim: 64, decoderWidth: 16 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3 },
    },
  },

  build({ encoder, modality, options: { codeDim, decoderWidth } }) {
    if (codeDim > encoder.embedDim)
      throw new UserError(
        `autoencoder: a code of ${codeDim} is not a bottleneck after a representation of ${encoder.embedDim}; use at most ${encoder.embedDim}`,
      );
    const code = linear(encoder.embedDim, codeDim);
    const { name, channels, extents } = gridInput(modality.specs, "method autoencoder");
    const reconstruct = decoder(codeDim, [channels, ...extents], decoderWidth);
    return {
      views: (sample, rng) => ({ input: { [name]: modality.tensors(modality.perturb(sample, rng))[name]! } }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        code: code.init(rng.split("code")),
        decoder: reconstruct.init(rng.split("decoder")),
      }),
      loss(params, { input }) {
        const codes = code.apply(params.code, encoder.apply(params.encoder, input));
        return { loss: squaredError(reconstruct.apply(params.decoder, codes), input[name]!) };
      },
      look(params, { input }) {
        const codes = code.apply(params.code, encoder.apply(params.encoder, input));
        return { original: input[name]!, restored: reconstruct.apply(params.decoder, codes) };
      },
    };
  },
});
