import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";
import { channelOptions } from "../../pixels/options.ts";

const probability = (value: number) => z.number().min(0).max(1).default(value);

/** Most values of the encoder's input: 64 frames of 512 pixels a side. */
const MOST = 64 * 512 * 512;

/** How clips are prepared and augmented. */
export const VideoOptions = z
  .object({
    imageSize: bounds.side().default(64).describe("side of the encoder's square frames, in pixels"),
    frames: z.int().min(2).max(256).default(16).describe("frames that the encoder reads"),
    frameRate: z
      .number()
      .min(0.01)
      .max(240)
      .default(8)
      .describe("frames a second that clips are decoded at; a folder of frames has 25, so 12.5 takes every second one"),
    window: z
      .number()
      .min(0.02)
      .max(3600)
      .optional()
      .describe(
        "seconds of an entry; longer clips are cut into such, and a view is a part of one; by default the whole clip up to 10 s, else twice what the encoder reads",
      ),
    hop: z
      .number()
      .min(0.01)
      .max(36_000)
      .optional()
      .describe("seconds from the start of one window to the next; by default the window, so that they do not overlap"),
    ...channelOptions,
    cropScale: z
      .tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
      .default([0.4, 1])
      .describe("area of a random crop, as a share of the frame; all frames of a view have the same"),
    flip: probability(0.5).describe("probability of a horizontal flip; 0 where left and right matter"),
    jitter: z.number().min(0).max(1).default(0.5).describe("strength of the colour jitter (SimCLR's s)"),
    jitterProbability: probability(0.8).describe("probability of the colour jitter"),
    greyscale: probability(0.2).describe("probability of greyscale"),
    blur: probability(0).describe("probability of a Gaussian blur"),
  })
  .refine(({ imageSize, frames }) => imageSize ** 2 * frames <= MOST, {
    message: "frames × imageSize² is more than 64 × 512²; take fewer or smaller frames",
  });

export type VideoOptions = z.infer<typeof VideoOptions>;

/** What the encoder reads, in seconds. */
export const spanOf = ({ frames, frameRate }: Pick<VideoOptions, "frames" | "frameRate">): number => frames / frameRate;
