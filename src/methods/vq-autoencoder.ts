import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Encoder, Inputs, PatchAbility } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { codebook } from "../layers/codebook.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { batchNorm } from "../layers/norms/batch-norm.ts";
import { codebookUsage, commitment, perplexity } from "../objectives/restoration/vector-quantization.ts";
import { method } from "./method.ts";
import { patchDecoder } from "./parts/patch-decoder.ts";
import { smallMasked } from "./parts/presets.ts";
import { ofPatches } from "./parts/tokens.ts";

const Options = z.object({
  codes: bounds.count().min(2).default(512).describe("size of the codebook"),
  codeDim: bounds.width().default(64).describe("width of a code"),
  commitment: z
    .number()
    .nonnegative()
    .default(0.25)
    .describe("weight of the commitment loss, which keeps the encoder near its codes (β)"),
  decay: z.number().min(0).lt(1).default(0.99).describe("decay of the codes' running means (γ)"),
  restartBelow: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe("codes used less than this share of uniform use are replaced by encoded patches; 0: never"),
  decoderWidth: bounds.width().default(512).describe("width of the decoder"),
  decoderDepth: bounds.depth().default(8).describe("blocks of the decoder"),
  decoderHeads: bounds.width().default(16).describe("attention heads of the decoder"),
});

/** The tokenizer: an image as codes, one per patch. BEiT predicts them. */
export function tokenizer(
  encoder: Encoder & { readonly patches: PatchAbility },
  options: Pick<z.infer<typeof Options>, "codes" | "codeDim" | "decay" | "restartBelow">,
) {
  const { patches: tokens } = encoder;
  const toCode = linear(tokens.width, options.codeDim);
  const norm = batchNorm(options.codeDim);
  const book = codebook(options.codes, options.codeDim, options);
  const init = (rng: Rng) => ({
    encoder: encoder.init(rng.split("encoder")),
    toCode: toCode.init(rng.split("toCode")),
    norm: norm.init(),
    codebook: book.init(rng.split("codebook")),
  });
  type TokenizerParams = Traced<ParamsOf<{ init: typeof init }>>;
  return {
    init,
    book,
    /** Encoded patches before quantisation, `[batch × count, codeDim]`. */
    encode(params: TokenizerParams, image: Inputs): Array {
      const encoded = toCode.apply(params.toCode, tokens.encode(params.encoder, image));
      return norm.apply(params.norm, np.reshape(ofPatches(encoded, tokens), [-1, options.codeDim]));
    },
  };
}

/**
 * VQ-VAE: an image is encoded as a grid of discrete codes from a learned codebook, and decoded from them. Van den Oord et
 * al. 2017, https://arxiv.org/abs/1711.00937; codes are running means (appendix A.1) and the loss is that of
 * `VectorQuantizerEMA` in https://github.com/google-deepmind/sonnet. Differs from the paper: encoder and decoder are Vision
 * Transformers, as in ViT-VQGAN (https://arxiv.org/abs/2110.04627), with one code per patch; tokens are batch-normalised
 * before quantisation, as in https://arxiv.org/abs/2005.08520, because they are nearly equal at the start; unused codes are
 * replaced (see `codebook`), without which a few codes soon serve for everything; the error is that of normalised pixels
 * instead of dividing by the data's variance. The metric `codebookUsage` is the share of the codes that a batch uses: with
 * few, the tokenizer is of little use to BEiT.
 */
export const vqAutoencoder = method({
  name: "vq-autoencoder",
  family: "restoration",
  paper: "https://arxiv.org/abs/1711.00937",
  summary: "reconstruct an image from one discrete code per patch; the tokenizer of BEiT",
  needs: [perturb, patches],
  options: Options,
  recipe: { optimizer: "adamw", baseLearningRate: 4e-4, weightDecay: 0, batchSize: 128 },
  presets: {
    small: {
      summary: "a decoder of 2 blocks; batches of 128",
      ...smallMasked,
      options: { decoderWidth: 128, decoderDepth: 2, decoderHeads: 4 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { patches: tokens } = encoder;
    const { encode, book, init: initTokenizer } = tokenizer(encoder, options);
    const { codeDim, commitment: beta, decoderWidth: width, decoderDepth: depth, decoderHeads: heads } = options;
    const decoder = patchDecoder({
      ...{ name: "vq-autoencoder", grid: tokens.grid, input: codeDim, output: tokens.patchDim },
      ...{ width, depth, heads },
    });
    const init = (rng: Rng) => {
      // Every patch has a code, so there is no mask token.
      const { maskToken: _, ...rest } = decoder.init(rng.split("decoder"));
      return { ...initTokenizer(rng), decoder: rest };
    };

    const reconstruct = (params: Traced<ReturnType<typeof init>>, image: Inputs) => {
      const encoded = encode(params, image);
      const { chosen, code } = book.quantize(params.codebook, encoded);
      // Straight-through: the decoder reads the code, and its gradient goes to the encoder.
      const straightThrough = np.add(encoded, lax.stopGradient(np.subtract(code, encoded)));
      const placed = decoder.project(params.decoder, np.reshape(straightThrough, [-1, tokens.count, codeDim]));
      const prediction = decoder.decode(params.decoder, np.add(placed, decoder.positions()));
      return { encoded, chosen, code, prediction };
    };

    return {
      views: (sample, rng) => ({ image: modality.tensors(modality.perturb(sample, rng)) }),
      init: (rng) => init(rng),
      loss(params, { image }) {
        const { encoded, chosen, code, prediction } = reconstruct(params, image);
        const reconstruction = np.mean(np.square(np.subtract(prediction, tokens.patchify(image))));
        return {
          loss: np.add(reconstruction, np.multiply(commitment(encoded, code), beta)),
          metrics: { reconstruction, perplexity: perplexity(chosen), codebookUsage: codebookUsage(chosen) },
        };
      },
      look: (params, { image }) => ({ reconstruction: tokens.unpatchify(reconstruct(params, image).prediction) }),
    };
  },
});
