import { readFile } from "node:fs/promises";
import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { TOKENIZER_FILE } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import type { TextOptions } from "./options.ts";
import type { Text } from "./text.ts";
import { learnTokenizer } from "./tokenizers/learn.ts";
import { BYTES_KNOW_ALL } from "./tokenizers/train.ts";
import { checkVocabulary } from "./unknown.ts";
import { vocabularyOf } from "./vocabulary.ts";

const OTHER_TOKENIZER =
  "name another tokenizer, or none, for one that is learned from the data (--tokenizer-kind bpe: nothing is unknown to it)";

/**
 * The tokenizer of a run on texts: the user's, or one learned from the data.
 * @throws UserError when the tokenizer cannot be read or contradicts the options, none can be learned, or most of
 * the data's characters are unknown to it
 */
export async function learnVocabulary(
  source: Source<Text>,
  options: TextOptions,
  onNote?: (note: string) => void,
): Promise<RunFiles> {
  const { tokenizer, tokenizerKind: kind = "wordpiece", vocabularySize, lowercase } = options;
  if (tokenizer) {
    if (options.tokenizerKind !== undefined || lowercase !== undefined)
      throw new UserError(`${tokenizer}: is learned already; --tokenizer-kind and --lowercase are for one that is not`);
    const text = await readFile(tokenizer, "utf8").catch((error: unknown) => {
      throw fileError(tokenizer, "read", error);
    });
    const vocabulary = vocabularyOf(text, options.maxLength, tokenizer);
    const { size } = vocabulary;
    if (vocabularySize !== undefined && vocabularySize !== size)
      throw new UserError(`${tokenizer}: has ${size} tokens, not the ${vocabularySize} of --vocabulary-size`);
    const unknown = await checkVocabulary(source, vocabulary, tokenizer, OTHER_TOKENIZER);
    if (unknown) onNote?.(`${tokenizer}: ${unknown}`);
    return { [TOKENIZER_FILE]: text };
  }
  const text = await learnTokenizer(source, { kind, vocabularySize, lowercase });
  const vocabulary = vocabularyOf(text, options.maxLength);
  const learned = `learned a vocabulary of ${vocabulary.size} tokens (${kind})`;
  const unknown = await checkVocabulary(source, vocabulary, learned, BYTES_KNOW_ALL);
  onNote?.(unknown ? `${learned}: ${unknown}; to bpe (--tokenizer-kind) nothing is unknown` : learned);
  return { [TOKENIZER_FILE]: text };
}
