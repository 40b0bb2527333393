import * as z from "zod";
import { DEFAULT_VOCABULARY_SIZE, tokenizerKinds } from "./tokenizers/train.ts";

/** How texts become tokens, and how they are distorted. */
export const TextOptions = z.object({
  tokenizer: z.string().optional().describe("a tokenizer.json to use; one is learned from the data by default"),
  tokenizerKind: z
    .enum(tokenizerKinds)
    .optional()
    .describe("wordpiece: BERT's, and the default; bpe: byte-level, GPT-2's and RoBERTa's"),
  vocabularySize: z
    .int()
    .positive()
    .optional()
    .describe(`tokens in the vocabulary; ${DEFAULT_VOCABULARY_SIZE}, or what the data allow, by default`),
  lowercase: z
    .boolean()
    .optional()
    .describe("small letters only, as WordPiece has it by default and drops accents then; bpe keeps capitals"),
  maxLength: z.int().min(8).default(128).describe("most tokens of a sample; longer texts are cut into several"),
  pack: z
    .boolean()
    .default(false)
    .describe("fill every sample with texts one after the other, an end token between, across their bounds"),
  cropMin: z.number().gt(0).max(1).default(0.6).describe("smallest share of the tokens that a crop keeps"),
  deletion: z.number().min(0).lt(1).default(0.1).describe("share of a crop's tokens that are left out"),
});

export type TextOptions = z.infer<typeof TextOptions>;
