import { Rng } from "../../array/rng.ts";
import { patchSide } from "../../data/patch-side.ts";
import type { CropOptions } from "../../data/views.ts";
import { type Image, whiteFor, withBits, withChannels } from "../../pixels/image.ts";
import { statisticsOf } from "../../pixels/statistics.ts";
import { colorJitter, toGreyscale } from "../../pixels/transforms/color-jitter.ts";
import { horizontalFlip } from "../../pixels/transforms/flip.ts";
import { gaussianBlur } from "../../pixels/transforms/gaussian-blur.ts";
import { randomResizedCrop } from "../../pixels/transforms/random-resized-crop.ts";
import { resizeAndCentreCrop } from "../../pixels/transforms/resize.ts";
import type { ImageOptions } from "./options.ts";
import { cutout, randomErasing } from "./transforms/erase.ts";
import { randAugment } from "./transforms/rand-augment.ts";
import { randomShift } from "./transforms/shift.ts";
import { solarize } from "./transforms/solarize.ts";
import { warp } from "./transforms/warp.ts";

/** The image with the options' channels and bits. */
export const asOptions = (image: Image, { channels, bits }: Pick<ImageOptions, "channels" | "bits">): Image =>
  withBits(withChannels(image, channels), bits);

/** Crop (or shift) and flip. */
function lightPhoto(image: Image, options: ImageOptions, rng: Rng): Image {
  const { imageSize, cropScale, shift } = options;
  const cut =
    shift > 0
      ? randomShift(resizeAndCentreCrop(image, imageSize), shift, rng)
      : randomResizedCrop(image, imageSize, cropScale, rng);
  const view = asOptions(cut, options);
  return rng.chance(options.flip) ? horizontalFlip(view) : view;
}

/** RandAugment on a lightly changed view, a photo or a drawing. Its operations are those of bytes, whatever the view has. */
function randomOperations(view: Image, options: ImageOptions, rng: Rng): Image {
  const changed = randAugment(
    withBits(view, 8),
    {
      count: options.randAugment,
      magnitude: options.randMagnitude,
      probability: options.randProbability,
      fill: meanColour(options, 255),
    },
    rng,
  );
  return withBits(changed, options.bits);
}

/** What lies outside, and what is erased, has the mean colour: 0 for the encoder. */
const meanColour = (options: ImageOptions, white = whiteFor(options.bits)): number[] =>
  statisticsOf(options).mean.map((mean) => Math.round(white * mean));

/** What is left of a strong view after random erasing and cutout. */
function withHoles(view: Image, options: ImageOptions, rng: Rng): Image {
  // Without them no random number is drawn.
  const kept =
    options.erasing > 0 && rng.chance(options.erasing) ? randomErasing(view, meanColour(options), rng) : view;
  return options.cutout > 0 ? cutout(kept, options.cutout, meanColour(options), rng) : kept;
}

/** The probability for a view, from one for all views or a list with one per view. */
const forView = (probabilities: number | readonly number[], view: number): number =>
  typeof probabilities === "number" ? probabilities : probabilities[Math.min(view, probabilities.length - 1)]!;

/**
 * SimCLR's augmentation without geometry: colour jitter, greyscale, blur, solarising.
 * @param index of the view, for probabilities that differ from view to view
 */
export function distort(image: Image, options: ImageOptions, rng: Rng, index = 0): Image {
  const { imageSize, jitter } = options;
  let view = image;
  if (rng.chance(options.jitterProbability)) {
    const strength = 0.8 * jitter;
    view = colorJitter(
      view,
      { brightness: strength, contrast: strength, saturation: strength * options.saturation, hue: 0.2 * jitter },
      rng,
    );
  }
  if (rng.chance(options.greyscale)) view = toGreyscale(view);
  if (rng.chance(forView(options.blur ?? (imageSize > 64 ? 0.5 : 0), index))) {
    const kernel = Math.max(3, Math.floor(imageSize / 20) * 2 + 1);
    view = gaussianBlur(view, kernel, rng.uniform(0.1, 2));
  }
  if (rng.chance(forView(options.solarize, index))) view = solarize(view);
  return view;
}

/** Variation of handwriting: slant, size, place and wobble, never a flip. `strength` 1 is the full range. */
function augmentDrawing(image: Image, options: ImageOptions, rng: Rng, strength: number): Image {
  const { imageSize } = options;
  const range = {
    degrees: options.degrees * strength,
    translate: options.translate * strength,
    zoom: options.zoom * strength,
    shear: options.shear * strength,
    elastic: options.elastic * strength,
  };
  return warp(twiceTheSize(image, options), imageSize, range, rng);
}

/** First to twice the size, by averaging: thin lines would fall between the samples of a much smaller image. */
const twiceTheSize = (image: Image, options: ImageOptions): Image =>
  asOptions(resizeAndCentreCrop(image, Math.min(2 * options.imageSize, image.width, image.height)), options);

const STILL = { degrees: 0, translate: 0, zoom: 0, shear: 0, elastic: 0 };

/** The image as the encoder sees it without augmentation, `imageSize` square; drawings are sampled like their augmented views. */
export const prepare = (image: Image, options: ImageOptions): Image =>
  options.augmentation === "drawing"
    ? warp(twiceTheSize(image, options), options.imageSize, STILL, new Rng(0))
    : asOptions(resizeAndCentreCrop(image, options.imageSize), options);

/** A strongly augmented view of a random crop, `imageSize` square or smaller, with a whole number of patches a side. */
export function crop(
  image: Image,
  options: ImageOptions,
  rng: Rng,
  { extent, grid, scale }: CropOptions,
  view = 0,
): Image {
  const unit = patchSide(options.imageSize, grid);
  const imageSize = unit * Math.max(1, Math.round((extent * options.imageSize) / unit));
  const cropScale: [number, number] = scale ? [scale[0], scale[1]] : options.cropScale;
  // A drawing is warped as a whole unless a scale is given.
  const isPart = options.augmentation === "drawing" && scale !== undefined;
  const source = isPart ? randomResizedCrop(image, 2 * imageSize, cropScale, rng) : image;
  return augment(source, { ...options, imageSize, cropScale, shift: 0 }, rng, view);
}

/**
 * A strongly augmented view, `imageSize` square: SimCLR's augmentation (appendix A of https://arxiv.org/abs/2002.05709; no
 * blur on small images, as for its CIFAR-10), or RandAugment. @param view index of the view: blur may differ from view to view
 */
export function augment(image: Image, options: ImageOptions, rng: Rng, view = 0): Image {
  const distorted =
    options.randAugment > 0
      ? randomOperations(perturb(image, options, rng), options, rng)
      : options.augmentation === "drawing"
        ? augmentDrawing(image, options, rng, 1)
        : distort(lightPhoto(image, options, rng), options, rng, view);
  return withHoles(distorted, options, rng);
}

/** A weakly augmented view, `imageSize` square: crop (or shift) and flip, or a third of the variation of handwriting. */
export const perturb = (image: Image, options: ImageOptions, rng: Rng): Image =>
  options.augmentation === "drawing" ? augmentDrawing(image, options, rng, 1 / 3) : lightPhoto(image, options, rng);
