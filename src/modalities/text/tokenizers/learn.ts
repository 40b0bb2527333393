import type { OpenOptions, Source } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { writeAtomically } from "../../../foundation/files.ts";
import { openTexts } from "../sources/open.ts";
import { isTokenized, type Text } from "../text.ts";
import { type TokenizerOptions, trainTokenizer } from "./train.ts";

/** A tokenizer is learned from so many characters; of a larger corpus from texts evenly spread over it. */
const TRAINING_CHARACTERS = 200_000_000;
/** Texts looked at to find out how long they are. */
const PROBES = 256;

/** Every `step`-th text that can be read. */
async function* textsOf(source: Source<Text>, step: number): AsyncGenerator<string> {
  for (let record = 0; record < source.length; record += step) {
    const sample = await source.read(record).catch(skipBroken);
    if (sample && !isTokenized(sample)) yield sample.text;
  }
}

/** Characters in all, from a look at some texts. @throws UserError when none of those can be read */
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
 * @throws UserError when the vocabulary asked for is too small for the alphabet or too large for the corpus
 */
export async function learnTokenizer(source: Source<Text>, options: TokenizerOptions): Promise<string> {
  const step = Math.max(1, Math.ceil((await charactersIn(source)) / TRAINING_CHARACTERS));
  return trainTokenizer(textsOf(source, step), options);
}

/**
 * Learns a tokenizer from a file or folder of texts, and writes it.
 * @returns how many tokens it has
 *
 * @example
 * const { tokens } = await tokenize({ data: "notes.txt", out: "tokenizer.json", kind: "bpe", vocabularySize: 8192 });
 */
export async function tokenize({
  data,
  out,
  column,
  ...options
}: TokenizerOptions & Pick<OpenOptions, "column"> & { readonly data: string; readonly out: string }): Promise<{
  readonly texts: number;
  readonly tokens: number;
}> {
  const source = await openTexts(data, { column });
  try {
    const json = await learnTokenizer(source, options);
    await writeAtomically(out, [json]);
    const { model } = JSON.parse(json) as { model: { vocab: Record<string, number> } };
    return { texts: source.length, tokens: Object.keys(model.vocab).length };
  } finally {
    await source.close();
  }
}
