/**
 * Tokenizers, and what language models write and are measured by.
 * @module autodidact/text
 */

export {
  type CompleteOptions,
  type Completion,
  complete,
  type TokenPrediction,
} from "../../evaluation/language/complete.ts";
export {
  evaluateLanguage,
  type LanguageEvaluation,
  type LanguageOptions,
  type LanguageScore,
} from "../../evaluation/language/language.ts";
export { languageTable } from "../../evaluation/language/language-table.ts";
export { text } from "./index.ts";
export { TextOptions } from "./options.ts";
export type { Text, TokenizedText, WrittenText } from "./text.ts";
export { tokenize } from "./tokenizers/learn.ts";
export { type TokenizerKind, type TokenizerOptions, tokenizerKinds } from "./tokenizers/train.ts";
export { type TextVocabulary, vocabularyOf } from "./vocabulary.ts";
