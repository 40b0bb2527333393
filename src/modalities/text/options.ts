import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";
import { DEFAULT_VOCABULARY_SIZE, tokenizerKinds } from "./tokenizers/train.ts";

/** How texts are tokenized and augmented. */
export const TextOptions = z.object({
  tokenizer: z.string().optional().describe("a tokenizer.json to use; by default one is learned from the data"),
  tokenizerKind: z
    .enum(tokenizerKinds)
    .optional()
    .describe("wordpiece: BERT's, and the default; bpe: byte-level, GPT-2's and RoBERTa's"),
  vocabularySize: bounds
    .count()
    .optional()
    .describe(`tokens in the vocabulary; by default ${DEFAULT_VOCABULARY_SIZE}, or as many as the data allow`),
  lowercase: z
    .boolean()
    .optional()
    .describe("lower case only (wordpiece also drops accents); by default true for wordpiece, false for bpe"),
  maxLength: z
    .int()
    .min(8)
    .max(16_384)
    .default(128)
    .describe("most tokens of a sample; longer texts are cut into several"),
  pack: z.boolean().default(false).describe("fill every sample with consecutive texts, separated by an end token"),
  cropMin: z.number().gt(0).max(1).default(0.6).describe("smallest share of the tokens in a crop"),
  deletion: z.number().min(0).lt(1).default(0.1).describe("share of a crop's tokens that are deleted"),
});

export type TextOptions = z.infer<typeof TextOptions>;
