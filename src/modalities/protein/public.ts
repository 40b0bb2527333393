/**
 * What proteins are, for methods and programs that read residues.
 * @module autodidact/protein
 */
export type { ListedVocabulary, Tokenized } from "../../data/tokens/listed.ts";
export { ProteinOptions } from "./options.ts";
export type { Protein, WrittenProtein } from "./protein.ts";
export { ESM_TOKENS, type ProteinVocabulary, proteinVocabulary, STANDARD } from "./vocabulary.ts";
