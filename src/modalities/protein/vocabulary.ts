import { type ListedVocabulary, listedVocabulary, type TokenList } from "../../data/tokens/listed.ts";
import type { Protein } from "./protein.ts";

/** The letters of the 20 standard amino acids, in ESM's order: the most frequent first. */
export const STANDARD = "LAGVSERTIDPKQNFYMHWC";

/**
 * ESM's 33 tokens in ESM's order, so that published weights and tools fit. Letters for several or for rare amino acids (X, B,
 * U, Z, O), stops and gaps are read, but never masked or predicted. J, which ESM has no token for, is unknown.
 * https://github.com/facebookresearch/esm
 */
export const ESM_TOKENS: TokenList = {
  tokens: [
    ...["<cls>", "<pad>", "<eos>", "<unk>"],
    ...STANDARD,
    ...["X", "B", "U", "Z", "O", ".", "-", "<null_1>", "<mask>"],
  ],
  special: { begin: "<cls>", pad: "<pad>", end: "<eos>", unknown: "<unk>", mask: "<mask>" },
  rare: ["X", "B", "U", "Z", "O", ".", "-", "<null_1>"],
  pattern: String.raw`[A-Za-z.\-]`,
};

export type ProteinVocabulary = ListedVocabulary<Protein>;

/** @param maxLength most tokens of a sample, the first and the last included */
export const proteinVocabulary = (maxLength: number): ProteinVocabulary =>
  listedVocabulary<Protein>(
    ESM_TOKENS,
    maxLength,
    ({ residues }) => residues,
    (text) => text.toUpperCase(),
  );
