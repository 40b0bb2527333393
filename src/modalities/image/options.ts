import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";
import { LARGEST } from "./transforms/rand-augment.ts";

const probability = (value: number) => z.number().min(0).max(1).default(value);

/** One probability, or one for each view of a sample; views beyond the list use its last. */
const perView = z.union([z.number().min(0).max(1), z.array(z.number().min(0).max(1)).min(1).max(1000)]);

const magnitude = z.number().min(0).max(LARGEST);

/** Most channels of an image: hyperspectral sensors have hundreds, which are better reduced first. */
const MOST_CHANNELS = 64;
const band = z.int().min(1).max(MOST_CHANNELS);

/** How images are prepared and augmented. */
export const ImageOptions = z.object({
  imageSize: bounds.side().default(32).describe("side of the encoder's square input, in pixels"),
  channels: z
    .int()
    .min(1)
    .max(MOST_CHANNELS)
    .default(3)
    .describe("1: grey, 3: colour, 2 or 4: the same with transparency, or as many bands as the files have"),
  mean: z
    .array(z.number())
    .max(MOST_CHANNELS)
    .optional()
    .describe(
      "mean of each channel, of values in [0, 1], or one for all; by default that of a sample of the data, ImageNet's for colour of 8 bits",
    ),
  std: z
    .array(z.number().positive())
    .max(MOST_CHANNELS)
    .optional()
    .describe("standard deviation of each channel, or one for all; by default as the mean"),
  bands: z
    .tuple([band, band, band])
    .optional()
    .describe("channels that pages show as red, green and blue, from 1; by default the first three"),
  bits: z
    .int()
    .min(8)
    .max(16)
    .default(8)
    .describe(
      "bits of a sample: 8, or those that the samples of 16-bit files use, as 12 of a scanner; greater samples become white",
    ),
  augmentation: z
    .enum(["photo", "drawing"])
    .default("photo")
    .describe("photo: crop, flip, colour, blur; drawing: affine and elastic"),
  cropScale: z
    .tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
    .default([0.2, 1])
    .describe("area of a random crop, as a share of the image"),
  flip: probability(0.5).describe("probability of a horizontal flip"),
  jitter: z.number().min(0).max(1).default(0.5).describe("strength of the colour jitter (SimCLR's s)"),
  saturation: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("strength of the saturation's jitter, relative to the others"),
  jitterProbability: probability(0.8).describe("probability of the colour jitter"),
  greyscale: probability(0.2).describe("probability of greyscale"),
  blur: perView
    .optional()
    .describe("probability of a Gaussian blur, or one for each view; 0.5 above 64 pixels, else 0"),
  solarize: perView.default(0).describe("probability of solarising, or one for each view"),
  randAugment: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe("RandAugment: operations of a strong view, instead of jitter, greyscale, blur and solarising; 0: none"),
  randMagnitude: z
    .union([magnitude, z.tuple([magnitude, magnitude])])
    .default(9)
    .describe("RandAugment: magnitude of 30, or two between which each operation's is drawn"),
  randProbability: probability(1).describe("RandAugment: probability that a drawn operation is carried out"),
  erasing: probability(0).describe("probability that a random rectangle of a strong view is erased"),
  cutout: probability(0).describe("side of a square that is cut out of every strong view, over the image's; 0: none"),
  shift: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe("photo: shift between ± share of the side, reflected at the edges, instead of a random crop; 0: crop"),
  degrees: z.number().min(0).max(180).default(12).describe("drawing: rotation between ± degrees"),
  translate: probability(0.06).describe("drawing: shift between ± share of the side"),
  zoom: z.number().min(0).lt(1).default(0.18).describe("drawing: scale between 1 − zoom and 1 + zoom"),
  shear: z.number().min(0).lt(90).default(10).describe("drawing: slant between ± degrees"),
  elastic: z.number().min(0).max(1).default(0.04).describe("drawing: elastic displacement, as a share of the side"),
});

export type ImageOptions = z.infer<typeof ImageOptions>;
