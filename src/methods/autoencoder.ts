import * as z from "zod";
import { perturb } from "../data/views.ts";
import { gridInput } from "../encoders/grid-input.ts";
import { UserError } from "../foundation/errors.ts";
import { decoder } from "../layers/decoder.ts";
import { linear } from "../layers/linear.ts";
import { squaredError } from "../objectives/restoration/pixels.ts";
import { method } from "./method.ts";

/**
 * Bottleneck autoencoder: an image, series or video goes through a few numbers and comes back.
 * Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647. Uses the encoder's vector (`apply`); a linear
 * layer makes the code of it, as in the paper, and a convolutional decoder rebuilds the input from the code.
 *
 * Differs from the paper: any encoder and a convolutional decoder in place of a stack of sigmoid layers and its mirror;
 * trained from scratch, without layer-wise pre-training by restricted Boltzmann machines; AdamW in place of conjugate
 * gradients; squared error, as for its faces (its digits have cross-entropy), of lightly changed inputs.
 */
export const autoencoder = method({
  name: "autoencoder",
  family: "restoration",
  paper: "https://doi.org/10.1126/science.1127647",
  summary: "squeeze an input through a narrow code and rebuild it",
  needs: [perturb],
  options: z.object({
    codeDim: z.int().positive().default(30).describe("numbers that an input is squeezed into"),
    decoderWidth: z.int().positive().default(32).describe("channels of the decoder at full resolution"),
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
        `autoencoder: a code of ${codeDim} is no bottleneck behind a representation of ${encoder.embedDim}; use at most ${encoder.embedDim}`,
      );
    const code = linear(encoder.embedDim, codeDim);
    const { name, channels, extents } = gridInput(modality.specs, "method autoencoder");
    const rebuild = decoder(codeDim, [channels, ...extents], decoderWidth);
    return {
      views: (sample, rng) => ({ input: { [name]: modality.tensors(modality.perturb(sample, rng))[name]! } }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        code: code.init(rng.split("code")),
        decoder: rebuild.init(rng.split("decoder")),
      }),
      loss(params, { input }) {
        const codes = code.apply(params.code, encoder.apply(params.encoder, input));
        return { loss: squaredError(rebuild.apply(params.decoder, codes), input[name]!) };
      },
      look(params, { input }) {
        const codes = code.apply(params.code, encoder.apply(params.encoder, input));
        return { original: input[name]!, restored: rebuild.apply(params.decoder, codes) };
      },
    };
  },
});
