import * as z from "zod";
import { type Array, int32, nn, np, type Rng, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import {
  maskedReconstruction,
  normalizePatches,
  patchMoments,
} from "../objectives/restoration/masked-reconstruction.ts";
import { method } from "./method.ts";
import { randomPlaces, randomTubes, shareOf } from "./parts/masks.ts";
import { patchDecoder } from "./parts/patch-decoder.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { ofPatches } from "./parts/tokens.ts";

/**
 * Masked autoencoder: the encoder sees a quarter of the patches, a small decoder reconstructs the others.
 * He et al. 2021, https://arxiv.org/abs/2111.06377. Differs from the paper: there is a class token only if the encoder
 * pools by it, and the encoder's weights are Xavier's only with `--initialisation xavier`. The paper's batch of 4,096 and decoder are for ViT-L on many devices; `small` is for one machine.
 *
 * With `masks: "tube"` it is VideoMAE, Tong et al. 2022, https://arxiv.org/abs/2203.12602 (preset `videomae`, the decoder of its
 * ViT-B); its repeated sampling of a clip is left to the number of epochs.
 */
export const mae = method({
  name: "mae",
  family: "masked",
  paper: "https://arxiv.org/abs/2111.06377",
  summary: "reconstruct the masked three quarters of the patches",
  needs: [perturb, patches],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the patches that are masked"),
    masks: z
      .enum(["random", "tube"])
      .default("random")
      .describe("random: any patches; tube: the same places in every slice of time, as in VideoMAE"),
    decoderWidth: bounds.width().default(512).describe("width of the decoder"),
    decoderDepth: bounds.depth().default(8).describe("blocks of the decoder"),
    decoderHeads: bounds.width().default(16).describe("attention heads of the decoder"),
    normalizeTarget: z.boolean().default(true).describe("normalise each target patch by its own mean and deviation"),
  }),
  recipe: {
    optimizer: "adamw",
    baseLearningRate: 1.5e-4,
    weightDecay: 0.05,
    beta2: 0.95,
    batchSize: 4096,
    warmup: 40 / 800,
  },
  presets: {
    small: {
      summary: "a decoder of 2 blocks; batches of 128",
      ...smallMasked,
      options: { decoderWidth: 128, decoderDepth: 2, decoderHeads: 4 },
      training: { ...smallMasked.training, learningRate: 1.5e-3 },
    },
    videomae: {
      summary: "tubes of 90 %, a decoder of 4 blocks and half the encoder's usual width",
      options: { maskRatio: 0.9, masks: "tube", decoderWidth: 384, decoderDepth: 4, decoderHeads: 6 },
      encoder: "vit",
      encoderOptions: { positions: "videomae" },
    },
    "small-videomae": {
      summary: "tubes of 90 %, a decoder of 2 blocks; batches of 64",
      ...smallMasked,
      options: { maskRatio: 0.9, masks: "tube", decoderWidth: 96, decoderDepth: 2, decoderHeads: 3 },
      training: { ...smallMasked.training, batchSize: 64, learningRate: 1.5e-3 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { patches: tokens } = encoder;
    const { count, grid, patchDim, width } = tokens;
    if (count < 2)
      throw new UserError("mae: an input of a single patch leaves nothing to mask; use a smaller patch size");
    const isTube = options.masks === "tube";
    if (isTube && grid.length < 2)
      throw new UserError("mae: tubes need patches along time and along other axes; this input has one axis");
    const slice = count / grid[0]!;
    if (isTube && slice < 2)
      throw new UserError("mae: a single patch in every slice of time leaves no tubes to mask; use smaller patches");
    const inSlice = shareOf(slice, 1 - options.maskRatio);
    const kept = isTube ? inSlice * grid[0]! : shareOf(count, 1 - options.maskRatio);
    const visible = (rng: Rng) => (isTube ? randomTubes(rng, grid, inSlice) : randomPlaces(rng, count, kept));
    const { decoderWidth, decoderDepth: depth, decoderHeads: heads } = options;
    const decoder = patchDecoder({
      ...{ name: "mae", grid, input: width, width: decoderWidth, depth, heads, output: patchDim },
    });
    const init = (rng: Rng) => ({ encoder: encoder.init(rng.split("encoder")), ...decoder.init(rng) });

    const reconstruct = (params: Traced<ReturnType<typeof init>>, image: Inputs, keep: Array) => {
      const latent = ofPatches(decoder.project(params, tokens.encode(params.encoder, image, { keep })), tokens);
      // Every visible token back in its place, the mask token in all others.
      const place = nn.oneHot(keep, count);
      const mask = np.subtract(1, np.sum(place, 1));
      const placed = np.matmul(np.transpose(place, [0, 2, 1]), latent);
      const filled = np.add(placed, np.multiply(np.reshape(mask, [-1, count, 1]), params.maskToken));
      return { prediction: decoder.decode(params, np.add(filled, decoder.positions())), mask };
    };

    return {
      views: (sample, rng) => ({
        image: modality.tensors(modality.perturb(sample, rng)),
        keep: int32(visible(rng), [kept]),
      }),
      init: (rng) => init(rng),
      loss(params, { image, keep }) {
        const { prediction, mask } = reconstruct(params, image, keep);
        const patches = tokens.patchify(image);
        const target = options.normalizeTarget ? normalizePatches(patches) : patches;
        return { loss: maskedReconstruction(prediction, target, mask) };
      },
      look(params, { image, keep }) {
        const { prediction, mask } = reconstruct(params, image, keep);
        // A normalised prediction has no mean and deviation of its own: it takes the true ones.
        const { mean, deviation } = patchMoments(tokens.patchify(image));
        const shown = options.normalizeTarget ? np.add(np.multiply(prediction, deviation), mean) : prediction;
        return { masked: withPatches(tokens, image, mask, 0), reconstruction: withPatches(tokens, image, mask, shown) };
      },
    };
  },
});
