import * as z from "zod";
import { int32, type Rng } from "../../../array/index.ts";
import { sides } from "../../../data/sides.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { method } from "../../../methods/method.ts";
import { blockwiseMask, shareOf } from "../../../methods/parts/masks.ts";
import { smallMasked } from "../../../methods/parts/presets.ts";
import { jointTokens } from "../abilities.ts";
import { drawnPairs } from "./drawn.ts";
import { jointAutoencoder } from "./joint-autoencoder.ts";

/**
 * Blocks of an image are hidden, and their pixels predicted from the rest of the image and from the whole caption: masked image
 * modelling with text, as in MaskVLM (Kwon et al. 2022, https://arxiv.org/abs/2208.02131), with M3AE's encoder and decoder
 * (Geng et al. 2022, https://arxiv.org/abs/2205.14204) and BEiT's blocks (https://arxiv.org/abs/2106.08254). Differs from
 * MaskVLM: one encoder of both sides, which sees only the patches that are not hidden; its masked words are `icmlm`.
 */
export const regionFromCaption = method({
  name: "region-from-caption",
  family: "masked",
  paper: "https://arxiv.org/abs/2208.02131",
  summary: "predict the pixels of hidden regions of an image from its caption and from the rest of it",
  needs: [sides, jointTokens],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.6).describe("share of the patches that are masked, in blocks"),
    decoderWidth: bounds.width().default(512).describe("width of the decoder"),
    decoderDepth: bounds.depth().default(8).describe("blocks of the decoder"),
    decoderHeads: bounds.width().default(16).describe("attention heads of the decoder"),
    normalizeTarget: z.boolean().default(false).describe("normalise each target patch by its own mean and deviation"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1.5e-4, weightDecay: 0.05, beta2: 0.95, batchSize: 4096 },
  presets: {
    small: {
      summary: "a decoder of 2 blocks; batches of 128",
      ...smallMasked,
      options: { decoderWidth: 128, decoderDepth: 2, decoderHeads: 4 },
      training: { ...smallMasked.training, learningRate: 1.5e-3 },
    },
  },
  defaultEncoder: "joint",

  build({ encoder, modality, options }) {
    const { vocabulary, maskToken, draw } = drawnPairs(modality.sides, "region-from-caption");
    const model = jointAutoencoder(encoder, { ...options, name: "region-from-caption", maskToken });
    const { grid, count } = model.patches;
    const hidden = shareOf(count, options.maskRatio);
    /** The patches outside of the blocks. */
    const visible = (rng: Rng): Int32Array => {
      const masked = new Set(blockwiseMask(rng, grid, hidden));
      return Int32Array.from({ length: count }, (_, place) => place).filter((place) => !masked.has(place));
    };
    return {
      views(sample, rng) {
        const { image, caption } = draw(sample, rng);
        return {
          pair: { ...image, ...vocabulary.encode(caption.ids) },
          keep: int32(visible(rng), [count - hidden]),
        };
      },
      init: (rng) => model.init(rng),
      loss(params, { pair, keep }) {
        const { patches } = model.decode(params, pair, { patches: { places: keep } });
        return { loss: model.loss(params, pair, patches, model.others(keep)) };
      },
      look(params, { pair, keep }) {
        const { patches } = model.decode(params, pair, { patches: { places: keep } });
        return model.pictures(params, pair, patches, model.others(keep));
      },
      restore: (params, inputs, mask) => model.restore(params, inputs, mask),
    };
  },
});
