import * as z from "zod";
import { type Array, np, type Rng } from "../../array/index.ts";
import type { Offered } from "../../data/ability.ts";
import type { Modality, TensorRecord } from "../../data/modality.ts";
import type { crop, Sample } from "../../data/views.ts";
import type { Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { concatenateInputs } from "./views.ts";

const scale = z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]);
const probabilities = z.tuple([z.number().min(0).max(1), z.number().min(0).max(1), z.number().min(0).max(1)]);

type Triple = [first: number, second: number, local: number];

/** Options of multi-crop; the defaults are a paper's own. */
export const multiCropOptions = (of: {
  readonly globalScale: [number, number];
  readonly localScale: [number, number];
  readonly localCrops: number;
  readonly cropBlur?: Triple;
  readonly cropSolarize?: Triple;
}) => ({
  globalScale: scale.default(of.globalScale).describe("area of a global crop, as a share of the picture"),
  localScale: scale.default(of.localScale).describe("area of a local crop, as a share of the picture"),
  localCrops: z.int().nonnegative().default(of.localCrops).describe("number of small local crops"),
  localSide: z
    .number()
    .gt(0)
    .max(1)
    .default(96 / 224)
    .describe("side of a local crop over a global one's"),
  cropBlur: probabilities
    .default(of.cropBlur ?? [0.5, 0.5, 0.5])
    .describe("probability of a blur: first, other global crops, local crops"),
  cropSolarize: probabilities
    .default(of.cropSolarize ?? [0, 0, 0])
    .describe("probability of solarising: first, other global crops, local crops"),
});

/** What multi-crop says for each kind of crop by itself. */
export const multiCropReplaces = {
  cropScale: "globalScale and localScale",
  blur: "cropBlur",
  solarize: "cropSolarize",
} as const;

export type MultiCropOptions = z.infer<z.ZodObject<ReturnType<typeof multiCropOptions>>>;

/** Multi-crop on pictures of 32 pixels: parts that are still recognisable, and no blur. */
export const smallCrops = {
  globalScale: [0.4, 1],
  localScale: [0.15, 0.4],
  localCrops: 4,
  localSide: 0.5,
  cropBlur: [0, 0, 0],
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
  const multipleOf = Number(encoder.hyperparameters.patchSize ?? 1);
  const crops = (sample: Sample, rng: Rng, count: number, side: number, from: number): TensorRecord[] =>
    globalThis.Array.from({ length: count }, (_, index) => {
      const which = Math.min(from + index, from === 0 ? 1 : 2) as 0 | 1 | 2;
      const own = {
        scale: from === 0 ? options.globalScale : options.localScale,
        blur: options.cropBlur[which],
        solarize: options.cropSolarize[which],
      };
      return modality.tensors(modality.crop(sample, rng, { side, multipleOf, ...own }));
    });
  return (sample: Sample, rng: Rng) => ({
    global: crops(sample, rng, globalCrops, 1, 0),
    ...(options.localCrops > 0 ? { local: crops(sample, rng, options.localCrops, options.localSide, 2) } : {}),
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
