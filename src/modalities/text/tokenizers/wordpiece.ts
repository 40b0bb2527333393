import type { Recipe } from "./recipe.ts";
import { LONGEST_WORD } from "./words.ts";

const PREFIX = "##";
const SPECIAL = { pad: "[PAD]", unknown: "[UNK]", begin: "[CLS]", end: "[SEP]", mask: "[MASK]" };

/** Rarer characters are not in the vocabulary; words with them become `[UNK]`. */
const LEAST_COUNT = 2;

/**
 * BERT's tokenizer: words and punctuation, split into the longest tokens in the vocabulary; `##` marks tokens that continue
 * a word. https://arxiv.org/abs/1810.04805
 *
 * The vocabulary is learned by byte-pair encoding over characters, as in Hugging Face's trainer; Google's, which weighs
 * merges by likelihood, was never released.
 */
export const wordPiece: Recipe = {
  special: SPECIAL,
  longWords: "skip",

  pipeline: (lowercase) => ({
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: PREFIX, cleanup: true },
  }),

  /** The most frequent characters, at most half of the vocabulary: rare ones must not crowd out words. */
  alphabet(counts, size) {
    const characters = new Map<string, number>();
    for (const [word, count] of counts)
      for (const character of word) characters.set(character, (characters.get(character) ?? 0) + count);
    const kept = new Set(
      [...characters]
        .filter(([, count]) => count >= LEAST_COUNT)
        .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
        .slice(0, Math.ceil(size / 2))
        .map(([character]) => character),
    );
    // Every character may also begin a word: a new word that begins with another one would be unknown as a whole.
    const symbols = new Set(kept);
    for (const word of counts.keys())
      for (const [at, character] of [...word].entries())
        if (at > 0 && kept.has(character)) symbols.add(PREFIX + character);
    return [...symbols].sort();
  },

  symbols: (word) => [...word].map((character, at) => (at === 0 ? character : PREFIX + character)),
  join: (left, right) => left + right.slice(PREFIX.length),
  model: (vocab) => ({
    type: "WordPiece",
    unk_token: SPECIAL.unknown,
    continuing_subword_prefix: PREFIX,
    max_input_chars_per_word: LONGEST_WORD,
    vocab,
  }),
};
