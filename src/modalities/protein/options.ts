import * as z from "zod";

/** Most tokens by default: the cost of attention grows with their square. */
export const USUAL_LENGTH = 512;

/** How proteins are read and augmented. */
export const ProteinOptions = z.object({
  maxLength: z
    .int()
    .min(8)
    .max(16_384)
    .default(USUAL_LENGTH)
    .describe(
      "most tokens of a sample, two more than its residues: of a longer protein training takes a random window in every epoch, and an embedding is of the first",
    ),
  cropMin: z.number().gt(0).max(1).default(0.6).describe("smallest share of the residues in a crop"),
  masking: z.number().min(0).lt(1).default(0.15).describe("share of a crop's residues that are masked"),
});

export type ProteinOptions = z.infer<typeof ProteinOptions>;
