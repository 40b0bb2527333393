import type { Rng } from "../../../array/rng.ts";
import type { Image } from "../../../pixels/image.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "../../../pixels/transforms/color-jitter.ts";
import { rotate, shearX, shearY, translate } from "./affine.ts";
import { solarize } from "./solarize.ts";
import { adjustSharpness, autocontrast, equalize, posterize } from "./tone.ts";

/** What an operation is given besides the image. */
interface Strength {
  /** Share of the largest magnitude, 0 to 1. */
  readonly share: number;
  /** 1 or −1: the direction, where there are two. */
  readonly sign: number;
  /** The bytes of a pixel from outside the image. */
  readonly fill: readonly number[];
}

/** Largest shift, as a share of the side: 150 of AutoAugment's 331 pixels. */
const SHIFT = 150 / 331;

const enhance =
  (adjust: (image: Image, factor: number) => Image) =>
  (image: Image, { share, sign }: Strength): Image =>
    adjust(image, 1 + 0.9 * share * sign);

/** The fourteen operations with the ranges that torchvision gives them. */
export const operations = {
  identity: (image) => image,
  autocontrast: (image) => autocontrast(image),
  equalize: (image) => equalize(image),
  rotate: (image, { share, sign, fill }) => rotate(image, 30 * share * sign, fill),
  solarize: (image, { share }) => solarize(image, 255 * (1 - share)),
  color: enhance(adjustSaturation),
  posterize: (image, { share }) => posterize(image, 8 - Math.round(4 * share)),
  contrast: enhance(adjustContrast),
  brightness: enhance(adjustBrightness),
  sharpness: enhance(adjustSharpness),
  shearX: (image, { share, sign, fill }) => shearX(image, 0.3 * share * sign, fill),
  shearY: (image, { share, sign, fill }) => shearY(image, 0.3 * share * sign, fill),
  translateX: (image, { share, sign, fill }) =>
    translate(image, Math.trunc(SHIFT * image.width * share * sign), 0, fill),
  translateY: (image, { share, sign, fill }) =>
    translate(image, 0, Math.trunc(SHIFT * image.height * share * sign), fill),
} satisfies Record<string, (image: Image, strength: Strength) => Image>;

const drawn: readonly ((image: Image, strength: Strength) => Image)[] = Object.values(operations);

/** Magnitudes are of 30, as in the paper. */
export const LARGEST = 30;

export interface RandAugmentOptions {
  /** Operations in turn (the paper's N). */
  readonly count: number;
  /** The paper's M, 0 to 30; of two, one is drawn between them for every operation. */
  readonly magnitude: number | readonly [number, number];
  /** Probability that a drawn operation is carried out; 1 in the paper. */
  readonly probability: number;
  /** The bytes of a pixel from outside the image. */
  readonly fill: readonly number[];
}

/**
 * RandAugment: operations drawn with replacement, all with one magnitude. Cubuk et al. 2019, https://arxiv.org/abs/1909.13719,
 * with torchvision's ranges.
 */
export function randAugment(
  image: Image,
  { count, magnitude, probability, fill }: RandAugmentOptions,
  rng: Rng,
): Image {
  let view = image;
  for (let time = 0; time < count; time++) {
    const operation = drawn[rng.integer(0, drawn.length - 1)]!;
    const strength = typeof magnitude === "number" ? magnitude : rng.uniform(magnitude[0], magnitude[1]);
    const sign = rng.chance(0.5) ? 1 : -1;
    if (rng.chance(probability)) view = operation(view, { share: strength / LARGEST, sign, fill });
  }
  return view;
}
