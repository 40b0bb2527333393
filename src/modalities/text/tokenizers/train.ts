import { Tokenizer } from "@huggingface/tokenizers";
import { UserError } from "../../../foundation/errors.ts";
import { byteLevel } from "./byte-level.ts";
import { learnMerges } from "./merges.ts";
import type { Recipe } from "./recipe.ts";
import { wordPiece } from "./wordpiece.ts";
import { countWords, LONGEST_WORD } from "./words.ts";

export const tokenizerKinds = ["wordpiece", "bpe"] as const;
export type TokenizerKind = (typeof tokenizerKinds)[number];

export interface TokenizerOptions {
  readonly kind: TokenizerKind;
  /** Number of tokens, special ones included; by default 8,192, or as many as the corpus allows. */
  readonly vocabularySize?: number;
  /**
   * Lower case only; WordPiece then also drops accents, like BERT's uncased models. True by default for WordPiece, false for
   * byte-level BPE, which restores every text exactly.
   */
  readonly lowercase?: boolean;
}

export const DEFAULT_VOCABULARY_SIZE = 8192;

/** Advice where a vocabulary of words does not do. */
export const BYTES_KNOW_ALL =
  "for texts without spaces (Thai, proteins, DNA …) take --tokenizer-kind bpe (text tokenize: --kind bpe), to which nothing is unknown";

/**
 * Learns a tokenizer from a corpus.
 * @returns the text of Hugging Face's `tokenizer.json`
 * @throws UserError when there are no words to learn from, or the vocabulary is smaller than the alphabet, or larger than the corpus allows
 */
export async function trainTokenizer(
  texts: AsyncIterable<string> | Iterable<string>,
  { kind, vocabularySize, lowercase = kind === "wordpiece" }: TokenizerOptions,
): Promise<string> {
  const recipe = kind === "bpe" ? byteLevel : wordPiece;
  const size = vocabularySize ?? DEFAULT_VOCABULARY_SIZE;
  const special = Object.values(recipe.special);
  const pipeline = recipe.pipeline(lowercase);
  const shell = new Tokenizer(jsonOf(recipe, pipeline, recipe.model(idsOf(special), [])), {});
  const counts = await countWords(texts, shell, recipe.longWords);
  const alphabet = recipe.alphabet(counts, size);
  if (alphabet.length === 0)
    throw new UserError(
      `there are no words to learn a vocabulary from: all are longer than ${LONGEST_WORD} characters, or no character occurs twice; ${BYTES_KNOW_ALL}`,
    );
  const tokens = [...special, ...alphabet];
  if (tokens.length > size)
    throw new UserError(
      `vocabulary size ${size}: too small for the ${alphabet.length} characters of the alphabet and ${special.length} special tokens; give at least ${tokens.length}`,
    );
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const words = [...counts].flatMap(([word, count]) => {
    const symbols = recipe.symbols(word).map((symbol) => ids.get(symbol) ?? -1);
    return symbols.length > 1 && !symbols.includes(-1) ? [{ symbols, count }] : [];
  });
  const merges: [string, string][] = [];
  learnMerges(words, ({ left, right }) => {
    if (tokens.length >= size) return undefined;
    const token = recipe.join(tokens[left]!, tokens[right]!);
    merges.push([tokens[left]!, tokens[right]!]);
    const existing = ids.get(token);
    if (existing !== undefined) return existing;
    ids.set(token, tokens.length);
    return tokens.push(token) - 1;
  });
  if (vocabularySize !== undefined && tokens.length < vocabularySize)
    throw new UserError(
      `vocabulary size ${vocabularySize}: larger than the corpus allows; it has no more than ${tokens.length} tokens that occur twice`,
    );
  return `${JSON.stringify(jsonOf(recipe, pipeline, recipe.model(idsOf(tokens), merges)), null, 1)}\n`;
}

const idsOf = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));

/** The whole `tokenizer.json`: `begin` and `end` around a text; a second text follows `end` and has its own `end`. */
function jsonOf({ special }: Recipe, pipeline: ReturnType<Recipe["pipeline"]>, model: object): object {
  const { begin, end } = special;
  const names = Object.values(special);
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: names.map((content, id) => ({
      id,
      content,
      single_word: false,
      // RoBERTa's mask includes the space before it: "the <mask> sat".
      lstrip: content === "<mask>",
      rstrip: false,
      normalized: false,
      special: true,
    })),
    ...pipeline,
    post_processor: {
      type: "TemplateProcessing",
      single: [token(begin, 0), sequence("A", 0), token(end, 0)],
      pair: [token(begin, 0), sequence("A", 0), token(end, 0), sequence("B", 1), token(end, 1)],
      special_tokens: Object.fromEntries(
        [begin, end].map((id) => [id, { id, ids: [names.indexOf(id)], tokens: [id] }]),
      ),
    },
    model,
  };
}
