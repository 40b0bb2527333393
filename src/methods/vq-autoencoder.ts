import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Encoder, Inputs, PatchAbility } from "../encoders/encoder.ts";
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
  codes: z.int().min(2).default(512).describe("size of the codebook"),
  codeDim: z.int().positive().default(64).describe("width of a code"),
  commitment: z.number().nonnegative().default(0.25).describe("how strongly the encoder is held to the codes (β)"),
  decay: z.number().min(0).lt(1).default(0.99).describe("how slowly a code follows the patches that choose it (γ)"),
  restartBelow: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe("codes used less than this share of even use are put where patches are; 0: never"),
  decoderWidth: z.int().positive().default(512).describe("width of the decoder"),
  decoderDepth: z.int().positive().default(8).describe("blocks of the decoder"),
  decoderHeads: z.int().positive().default(16).describe("attention heads of the decoder"),
});

/** What turns a picture into codes, one per patch; BEiT predicts them. */
export function tokenizer(
  encoder: Encoder & { readonly patches: PatchAbility },
  given: Pick<z.infer<typeof Options>, "codes" | "codeDim" | "decay" | "restartBelow">,
) {
  const { patches: tokens } = encoder;
  const toCode = linear(tokens.width, given.codeDim);
  const norm = batchNorm(given.codeDim);
  const book = codebook(given.codes, given.codeDim, given);
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
    /** What the encoder gives, before a code is chosen, `[batch × count, codeDim]`. */
    encode(params: TokenizerParams, image: Inputs): Array {
      const encoded = toCode.apply(params.toCode, tokens.encode(params.encoder, image));
      return norm.apply(params.norm, np.reshape(ofPatches(encoded, tokens), [-1, given.codeDim]));
    },
  };
}

/**
 * Vector-quantised autoencoder: a picture as a grid of discrete codes from a learned codebook, and a decoder that paints
 * it from them. Van den Oord et al. 2017, https://arxiv.org/abs/1711.00937; codes are running means (appendix A.1) and the
 * loss is that of `VectorQuantizerEMA` in https://github.com/google-deepmind/sonnet. Differs from the paper: encoder and
 * decoder are Vision Transformers, as in ViT-VQGAN (https://arxiv.org/abs/2110.04627), so that a code stands for a patch;
 * what chooses a code is batch-normalised first, as in https://arxiv.org/abs/2005.08520, for tokens are much alike at the
 * start; codes out of use are put where patches are (see `codebook`), without which a few codes soon stand for everything;
 * the error is that of normalised pixels in place of a division by the data's variance. `codebookUsage` in the metrics is
 * the share of the codes that a batch chose: a tokenizer with few is of little use to BEiT.
 */
export const vqAutoencoder = method({
  name: "vq-autoencoder",
  family: "restoration",
  paper: "https://arxiv.org/abs/1711.00937",
  summary: "rebuild an image from one code of a small codebook per patch; the tokenizer of BEiT",
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
      // Every place has a code, so there is no mask token.
      const { maskToken: _, ...rest } = decoder.init(rng.split("decoder"));
      return { ...initTokenizer(rng), decoder: rest };
    };

    const rebuild = (params: Traced<ReturnType<typeof init>>, image: Inputs) => {
      const encoded = encode(params, image);
      const { chosen, code } = book.quantize(params.codebook, encoded);
      // The decoder reads the code; its gradient goes straight through to the encoder.
      const through = np.add(encoded, lax.stopGradient(np.subtract(code, encoded)));
      const placed = decoder.project(params.decoder, np.reshape(through, [-1, tokens.count, codeDim]));
      const prediction = decoder.decode(params.decoder, np.add(placed, decoder.positions()));
      return { encoded, chosen, code, prediction };
    };

    return {
      views: (sample, rng) => ({ image: modality.tensors(modality.perturb(sample, rng)) }),
      init: (rng) => init(rng),
      loss(params, { image }) {
        const { encoded, chosen, code, prediction } = rebuild(params, image);
        const reconstruction = np.mean(np.square(np.subtract(prediction, tokens.patchify(image))));
        return {
          loss: np.add(reconstruction, np.multiply(commitment(encoded, code), beta)),
          metrics: { reconstruction, perplexity: perplexity(chosen), codebookUsage: codebookUsage(chosen) },
        };
      },
      look: (params, { image }) => ({ reconstruction: tokens.unpatchify(rebuild(params, image).prediction) }),
    };
  },
});
