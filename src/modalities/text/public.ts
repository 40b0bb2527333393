/**
 * Texts, and the tokenizers that are learned from them.
 * @module autodidact/text
 */

export { text } from "./index.ts";
export { TextOptions } from "./options.ts";
export type { Text, TokenizedText, WrittenText } from "./text.ts";
export { tokenize } from "./tokenizers/learn.ts";
export { type TokenizerKind, type TokenizerOptions, tokenizerKinds } from "./tokenizers/train.ts";
export { type TextVocabulary, vocabularyOf } from "./vocabulary.ts";
