import type { Paths } from "../../../data/paths/joined.ts";
import { openPaths } from "../../../data/paths/open.ts";
import type { OpenOptions, Source } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../../foundation/outputs.ts";
import { openTexts } from "../sources/open.ts";
import { isTokenized, type Text } from "../text.ts";
import { checkVocabulary } from "../unknown.ts";
import { vocabularyOf } from "../vocabulary.ts";
import { BYTES_KNOW_ALL, type TokenizerOptions, trainTokenizer } from "./train.ts";

/** Most characters to learn a tokenizer from; of a larger corpus, texts evenly spread over it are used. */
const TRAINING_CHARACTERS = 200_000_000;
/** Tokens of a sample, which counting what is unknown does not depend on. */
const PROBED_LENGTH = 128;
/** Texts sampled to estimate their length. */
const PROBES = 256;

/** Every `step`-th text that can be read. */
async function* textsOf(source: Source<Text>, step: number): AsyncGenerator<string> {
  for (let record = 0; record < source.length; record += step) {
    const sample = await source.read(record).catch(skipBroken);
    if (sample && !isTokenized(sample)) yield sample.text;
  }
}

/** Estimated number of characters, from some of the texts. @throws UserError when none of them can be read */
async function charactersIn(source: Source<Text>): Promise<number> {
  let [count, characters] = [0, 0];
  for await (const text of textsOf(source, Math.max(1, Math.floor(source.length / PROBES)))) {
    count++;
    characters += text.length;
  }
  if (count > 0) return (characters / count) * source.length;
  const reason: unknown = await source.read(0).catch((error: unknown) => error);
  throw new UserError(`${source.name(0)}: ${reason instanceof Error ? reason.message : "cannot be read"}`);
}

/**
 * Learns a tokenizer from the texts of a source.
 * @returns the text of Hugging Face's `tokenizer.json`
 * @throws UserError when the vocabulary size is too small for the alphabet or too large for the corpus
 */
export async function learnTokenizer(source: Source<Text>, options: TokenizerOptions): Promise<string> {
  const step = Math.max(1, Math.ceil((await charactersIn(source)) / TRAINING_CHARACTERS));
  return trainTokenizer(textsOf(source, step), options);
}

/**
 * Learns a tokenizer from a file or folder of texts, and writes it.
 * @returns the number of texts and of its tokens
 * @throws UserError when most characters would be unknown to it
 *
 * @example
 * const { tokens } = await tokenize({ data: "notes.txt", out: "tokenizer.json", kind: "bpe", vocabularySize: 8192 });
 */
export async function tokenize({
  data,
  out,
  column,
  onNote,
  ...options
}: TokenizerOptions &
  Pick<OpenOptions, "column"> & {
    readonly data: Paths;
    readonly out: string;
    readonly onNote?: (note: string) => void;
  }): Promise<{
  readonly texts: number;
  readonly tokens: number;
}> {
  await prepareOutput(out);
  const source = await openPaths({ open: openTexts }, data, { column });
  try {
    const json = await learnTokenizer(source, options);
    const vocabulary = vocabularyOf(json, PROBED_LENGTH);
    const unknown = await checkVocabulary(source, vocabulary, `${vocabulary.size} tokens`, BYTES_KNOW_ALL);
    if (unknown) onNote?.(`${out}: ${unknown}; to bpe (--kind) nothing is unknown`);
    await writeOutput(out, [json]);
    return { texts: source.length, tokens: vocabulary.size };
  } finally {
    await source.close();
  }
}
