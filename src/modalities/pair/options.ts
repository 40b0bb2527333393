import * as z from "zod";
import { kinds } from "./kinds.ts";

/** The options of images and of texts, by the same names. */
export const PairOptions = z.object({
  ...kinds.image.options.shape,
  ...kinds.text.options.shape,
  flip: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("probability of a horizontal flip; none by default, since captions may say left and right"),
  // A run of texts that captions start from may bring it.
  pack: z.boolean().default(false).describe("of no effect: every caption is a sample of its own"),
  maxLength: z
    .int()
    .min(8)
    .max(16_384)
    .default(64)
    .describe("most tokens of a caption; of longer ones the encoder sees the beginning; by default 99 % are shorter"),
});

export type PairOptions = z.infer<typeof PairOptions>;
