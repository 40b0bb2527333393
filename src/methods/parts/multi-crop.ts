import * as z from "zod";
import { type Array, np, type Rng } from "../../array/index.ts";
import { type Offered, offerOf } from "../../data/ability.ts";
import type { Modality } from "../../data/modality.ts";
import type { CropOptions, crop, Sample } from "../../data/views.ts";
import { patches } from "../../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { concatenateInputs } from "./views.ts";

const scale = z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]);
/** Options of multi-crop; the defaults are each paper's. */
export const multiCropOptions = (defaults: {
  readonly globalScale: [number, number];
  readonly localScale: [number, number];
  readonly localCrops: number;
}) => ({
  globalScale: scale
    .default(defaults.globalScale)
    .describe("smallest and largest share of the sample in a global crop"),
  localScale: scale.default(defaults.localScale).describe("smallest and largest share of the sample in a local crop"),
  localCrops: z.int().nonnegative().max(1_000).default(defaults.localCrops).describe("number of small local crops"),
  localSide: z
    .number()
    .gt(0)
    .max(1)
    .default(96 / 224)
    .describe("side of a local crop, over that of a global one"),
});

/** The modality's option that multi-crop replaces by one per kind of crop. */
export const multiCropReplaces = { cropScale: "globalScale and localScale" } as const;

/** How DINO, iBOT and DINOv2 augment images: the first global crop, other global crops, local crops. */
export const dinoImages = { saturation: 0.5, blur: [1, 0.1, 0.5], solarize: [0, 0.2, 0] } as const;

export type MultiCropOptions = z.infer<z.ZodObject<ReturnType<typeof multiCropOptions>>>;

/** Multi-crop on images of 32 pixels: crops large enough to be recognisable. */
export const smallCrops = {
  globalScale: [0.4, 1],
  localScale: [0.15, 0.4],
  localCrops: 4,
  localSide: 0.5,
} as const;

/**
 * Multi-crop: a few global crops at the encoder's input size, and several local crops at a smaller size, which cost little. Caron et al. 2020 (SwAV), https://arxiv.org/abs/2006.09882
 * @param options.globalCrops 2 by default
 * @returns a function from a sample to `{ global, local }`, without `local` if there are no local crops
 */
export function multiCrop(
  modality: Modality & Offered<typeof crop>,
  encoder: Encoder,
  { globalCrops = 2, ...options }: MultiCropOptions & { readonly globalCrops?: number },
) {
  // A Transformer reads whole patches.
  const { grid } = offerOf(encoder, patches) ?? {};
  const { globalScale, localScale, localCrops, localSide } = options;
  const cropped = (sample: Sample, rng: Rng, options: CropOptions, view: number) =>
    modality.tensors(modality.crop(sample, rng, grid ? { ...options, grid } : options, view));
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
 * The representations of all crops, `[crops · batch, embedDim]`, one crop after the other: one pass through the encoder per
 * size.
 */
export const encodeCrops = (encoder: Encoder, params: Params, sizes: readonly (readonly Inputs[])[]): Array => {
  const features = sizes
    .filter((crops) => crops.length > 0)
    .map((crops) => encoder.apply(params, concatenateInputs(crops)));
  return features.length === 1 ? features[0]! : np.concatenate(features, 0);
};

/** Splits rows that are one crop after the other by crop. */
export const perCrop = (rows: Array, crops: number): Array[] => (crops === 1 ? [rows] : np.split(rows, crops, 0));
