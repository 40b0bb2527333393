import * as z from "zod";

const probability = (value: number) => z.number().min(0).max(1).default(value);
const strength = (value: number, most = 2) => z.number().min(0).max(most).default(value);

/** How series are prepared and augmented. */
export const SeriesOptions = z.object({
  channels: z
    .array(z.string().min(1).max(200))
    .max(1024)
    .default([])
    .describe("channels that the encoder reads, by name; by default all"),
  window: z
    .int()
    .min(4)
    .max(65_536)
    .default(256)
    .describe(
      "steps that the encoder reads; longer series are cut into windows; by default nearly the longest, at most 2048",
    ),
  hop: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      "steps from the start of one window to the next; by default the window, or less where there would be few",
    ),
  step: z
    .number()
    .positive()
    .optional()
    .describe(
      "time of a step, in seconds or in the unit of the times; series with others are resampled; by default the data's",
    ),
  mask: z
    .boolean()
    .default(false)
    .describe(
      "give the encoder a mask of the values that are there; by default where some are missing, or lengths differ",
    ),
  normalize: z
    .enum(["data", "window", "none"])
    .default("data")
    .describe("mean 0 and deviation 1 of each channel: over the data, in each window, or not at all"),
  mean: z.array(z.number()).max(1024).optional().describe("mean of each channel; measured by default"),
  std: z
    .array(z.number().positive())
    .max(1024)
    .optional()
    .describe("standard deviation of each channel; measured by default"),
  jitter: strength(0.1).describe("deviation of the noise in a view, over the channel's"),
  scale: strength(0.2).describe("deviation of the factor that each channel of a view is multiplied by"),
  magnitudeWarp: strength(0.1).describe("deviation of a factor that changes slowly along a view"),
  timeWarp: strength(0.2, 0.9).describe("how unevenly time passes in a view: 0 not at all"),
  permutation: probability(0.2).describe("probability that the parts of a view are in another order"),
  parts: z.int().min(2).max(32).default(4).describe("most parts of a view in another order"),
  channelDrop: probability(0.1).describe("probability that a channel is missing from a view, if there are several"),
  cropScale: z
    .tuple([z.number(), z.number()])
    .refine(([least, most]) => 0 < least && least <= most && most <= 1, {
      message: "two ascending numbers above 0 and up to 1",
    })
    .default([0.6, 1])
    .describe("share of the steps that a view shows, stretched to the whole"),
});

export type SeriesOptions = z.infer<typeof SeriesOptions>;
