import * as z from "zod";

/** Channels of pictures and how they are normalised: options that images and clips share. */
export const channelOptions = {
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe("1: grey, 3: colour"),
  mean: z
    .array(z.number())
    .max(3)
    .optional()
    .describe("mean of each channel, of values in [0, 1]; by default ImageNet's, or 0.5 for grey"),
  std: z
    .array(z.number().positive())
    .max(3)
    .optional()
    .describe("standard deviation of each channel; by default ImageNet's, or 0.5 for grey"),
};
