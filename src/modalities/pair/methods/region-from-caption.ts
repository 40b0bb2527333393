import * as z from "zod";
import { type Array, float32, int32, nn, np, type Rng } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { sides } from "../../../data/sides.ts";
import type { Sample } from "../../../data/views.ts";
import type { Inputs, Params } from "../../../encoders/encoder.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { blockwiseMask, shareOf } from "../../../methods/parts/masks.ts";
import { smallMasked } from "../../../methods/parts/presets.ts";
import { binaryCrossEntropies } from "../../../objectives/supervised/binary-cross-entropy.ts";
import { weightedMean } from "../../../objectives/supervised/cross-entropy.ts";
import { boxes, jointTokens } from "../abilities.ts";
import { coveredPatches } from "../boxes.ts";
import { drawnPairs } from "./drawn.ts";
import { jointAutoencoder } from "./joint-autoencoder.ts";

/**
 * Blocks of an image are hidden, and their pixels predicted from the rest of the image and from the whole caption: masked image
 * modelling with text, as in MaskVLM (Kwon et al. 2022, https://arxiv.org/abs/2208.02131), with M3AE's encoder and decoder
 * (Geng et al. 2022, https://arxiv.org/abs/2205.14204) and BEiT's blocks (https://arxiv.org/abs/2106.08254). Differs from
 * MaskVLM: one encoder of both sides, which sees only the patches that are not hidden; its masked words are `icmlm`.
 *
 * With `--point-weight`, where the data have boxes, it also learns to point: which patches does a phrase name? By binary
 * cross-entropy with the share of each patch that the phrase's boxes cover.
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
    pointWeight: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .describe("weight of a second task, where data have boxes: which patches a phrase names (0: none)"),
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
    const { vocabulary, maskToken, draw, whole } = drawnPairs(modality.sides, "region-from-caption");
    const model = jointAutoencoder(encoder, { ...options, name: "region-from-caption", maskToken });
    const { grid, count } = model.patches;
    const hidden = shareOf(count, options.maskRatio);
    /** The patches outside of the blocks. */
    const visible = (rng: Rng): Int32Array => {
      const masked = new Set(blockwiseMask(rng, grid, hidden));
      return Int32Array.from({ length: count }, (_, place) => place).filter((place) => !masked.has(place));
    };
    const { pointWeight } = options;
    const pointer = linear(encoder.jointTokens.width, 1);
    /** Logits of the patches, `[batch, count]`. */
    const pointed = (params: { encoder: Params; pointer: { weight: Array; bias: Array } }, inputs: Inputs): Array => {
      const { patches } = encoder.jointTokens.encode(params.encoder, inputs);
      return np.reshape(pointer.apply(params.pointer, patches!), [-1, count]);
    };
    /** An image and one of the phrases that its boxes name. */
    const named = (sample: Sample, rng: Rng) => {
      const found = offerOf(modality, boxes)?.(sample) ?? [];
      const phrase = found[found.length > 1 ? rng.integer(0, found.length - 1) : 0]?.phrase;
      const { begin, end } = vocabulary.ids;
      const ids = [begin, ...vocabulary.parse(phrase ?? ""), end];
      const there = found.filter((box) => box.phrase === phrase);
      return {
        pair: { ...whole(sample), ...vocabulary.encode(ids) },
        covered: float32(coveredPatches(there, grid), [count]),
        // An image without boxes says nothing of where things are.
        weight: float32([phrase === undefined ? 0 : 1], [1]),
      };
    };

    return {
      views(sample, rng) {
        const { image, caption } = draw(sample, rng);
        return {
          pair: { ...image, ...vocabulary.encode(caption.ids) },
          keep: int32(visible(rng), [count - hidden]),
          ...(pointWeight > 0 ? { named: named(sample, rng) } : {}),
        };
      },
      init: (rng) => ({
        ...model.init(rng),
        ...(pointWeight > 0 ? { pointer: pointer.init(rng.split("pointer")) } : {}),
      }),
      loss(params, { pair, keep, named }) {
        const { patches } = model.decode(params, pair, { patches: { places: keep } });
        const region = model.loss(params, pair, patches, model.others(keep));
        if (!named || !params.pointer) return { loss: region };
        const losses = binaryCrossEntropies(pointed({ ...params, pointer: params.pointer }, named.pair), named.covered);
        const point = weightedMean(np.mean(losses, 1), np.reshape(named.weight, [-1]));
        return { loss: np.add(region, np.multiply(point, pointWeight)), metrics: { region, point } };
      },
      look(params, { pair, keep }) {
        const { patches } = model.decode(params, pair, { patches: { places: keep } });
        return model.pictures(params, pair, patches, model.others(keep));
      },
      restore: (params, inputs, mask) => model.restore(params, inputs, mask),
      ...(pointWeight > 0
        ? {
            point(params, inputs) {
              if (!params.pointer) throw new Error("region-from-caption: no parameters that point");
              return nn.sigmoid(pointed({ ...params, pointer: params.pointer }, inputs));
            },
          }
        : {}),
    };
  },
});
