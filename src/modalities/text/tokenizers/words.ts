import type { Tokenizer } from "@huggingface/tokenizers";

/** Above this many distinct words those seen once are dropped, to bound the memory. */
const MOST_WORDS = 4_000_000;

/** Longer "words" (base64, a language without spaces, proteins) are learned from in pieces, or not at all. */
export const LONGEST_WORD = 100;

/**
 * Counts the words of a corpus, as split by the tokenizer's normaliser and pre-tokenizer.
 * @param longWords what becomes of words of more than 100 characters
 */
export async function countWords(
  texts: AsyncIterable<string> | Iterable<string>,
  { normalizer, pre_tokenizer }: Pick<Tokenizer, "normalizer" | "pre_tokenizer">,
  longWords: "cut" | "skip",
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count = (word: string) => counts.set(word, (counts.get(word) ?? 0) + 1);
  for await (const text of texts) {
    const normal = normalizer ? normalizer.normalize(text) : text;
    for (const word of pre_tokenizer ? pre_tokenizer.pre_tokenize(normal) : [normal])
      if (word.length <= LONGEST_WORD) count(word);
      else if (longWords === "cut")
        for (let at = 0; at < word.length; at += LONGEST_WORD) count(word.slice(at, at + LONGEST_WORD));
    if (counts.size > MOST_WORDS) for (const [word, count] of counts) if (count < 2) counts.delete(word);
  }
  return counts;
}
