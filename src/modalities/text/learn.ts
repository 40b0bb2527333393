import { readFile } from "node:fs/promises";
import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import type { TextOptions } from "./options.ts";
import type { Text } from "./text.ts";
import { learnTokenizer } from "./tokenizers/learn.ts";
import { TOKENIZER_FILE, vocabularyOf } from "./vocabulary.ts";

/**
 * The tokenizer of a run on texts: the user's, or one learned from the data.
 * @throws UserError when the tokenizer cannot be read or contradicts the options, or none can be learned
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
    const { size } = vocabularyOf(text, options.maxLength, tokenizer);
    if (vocabularySize !== undefined && vocabularySize !== size)
      throw new UserError(`${tokenizer}: has ${size} tokens, not the ${vocabularySize} of --vocabulary-size`);
    return { [TOKENIZER_FILE]: text };
  }
  const text = await learnTokenizer(source, { kind, vocabularySize, lowercase });
  onNote?.(`learned a vocabulary of ${vocabularyOf(text, options.maxLength).size} tokens (${kind})`);
  return { [TOKENIZER_FILE]: text };
}
