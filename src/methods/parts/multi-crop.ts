import * as z from "zod";
import { type Array, np, type Rng } from "../../array/index.ts";
import { type Offered, offerOf } from "../../data/ability.ts";
import type { Modality } from "../../data/modality.ts";
import type { CropOptions, crop, Sample } from "../../data/views.ts";
import { patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { concatenateInputs } from "./views.ts";

const scale = z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]);
/** Options of multi-crop; the defaults are a paper's own. */
export const multiCropOptions = (of: {
  readonly globalScale: [number, number];
  readonly localScale: [number, number];
  readonly localCrops: number;
}) => ({
  globalScale: scale.default(of.globalScale).describe("part of the sample that a global crop shows, as a share"),
  localScale: scale.default(of.localScale).describe("part of the sample that a local crop shows, as a share"),
  localCrops: z.int().nonnegative().default(of.localCrops).describe("number of small local crops"),
  localSide: z
    .number()
    .gt(0)
    .max(1)
    .default(96 / 224)
    .describe("side of a local crop over a global one's"),
});

/** What multi-crop says for each kind of crop by itself. */
export const multiCropReplaces = { cropScale: "globalScale and localScale" } as const;

/** How DINO, iBOT and DINOv2 distort images: of the first, of other global and of local crops. */
export const dinoImages = { saturation: 0.5, blur: [1, 0.1, 0.5], solarize: [0, 0.2, 0] } as const;

export type MultiCropOptions = z.infer<z.ZodObject<ReturnType<typeof multiCropOptions>>>;

/** Multi-crop on images of 32 pixels: parts that are still recognisable. */
export const smallCrops = {
  globalScale: [0.4, 1],
  localScale: [0.15, 0.4],
  localCrops: 4,
  localSide: 0.5,
} as const;

/**
 * Multi-crop: a few views of much of a sample at the encoder's own size, and several of small parts at a smaller size,
 * which cost little. Caron et al. 2020 (SwAV), https://arxiv.org/abs/2006.09882
 * @param options.globalCrops 2 by default
 * @returns what makes `{ global, local }` of a sample; no `local` where there are none
 */
export function multiCrop(
  modality: Modality & Offered<typeof crop>,
  encoder: Encoder,
  { globalCrops = 2, ...options }: MultiCropOptions & { readonly globalCrops?: number },
) {
  // A Transformer reads whole patches.
  const { grid } = offerOf(encoder, patches) ?? {};
  const { globalScale, localScale, localCrops, localSide } = options;
  const cropped = (sample: Sample, rng: Rng, own: CropOptions, view: number) =>
    modality.tensors(modality.crop(sample, rng, grid ? { ...own, grid } : own, view));
  return (sample: Sample, rng: Rng) => ({
    global: globalThis.Array.from({ length: globalCrops }, (_, index) =>
      cropped(sample, rng, { extent: 1, scale: globalScale }, Math.min(index, 1)),
    ),
    ...(localCrops > 0
      ? {
          local: globalThis.Array.from({ length: localCrops }, () =>
            cropped(sample, rng, { extent: localSide, scale: localScale }, 2),
          ),
        }
      : {}),
  });
}

/**
 * The representations of all crops, one pass through the encoder for each size: `[crops · batch, embedDim]`, one crop
 * after the other.
 */
export const encodeCrops = (encoder: Encoder, params: Params, sizes: readonly (readonly Inputs[])[]): Array => {
  const features = sizes
    .filter((crops) => crops.length > 0)
    .map((crops) => encoder.apply(params, concatenateInputs(crops)));
  return features.length === 1 ? features[0]! : np.concatenate(features, 0);
};

/** What belongs to each of the crops, of rows that are one crop after the other. */
export const perCrop = (rows: Array, crops: number): Array[] => (crops === 1 ? [rows] : np.split(rows, crops, 0));
