import type { Tokenizer } from "@huggingface/tokenizers";

/** Above this many distinct words those seen once are dropped, to bound the memory. */
const MOST_WORDS = 4_000_000;

/** Longer "words" (base64, a line without spaces) are ignored in training. */
const LONGEST_WORD = 100;

/** Counts the words of a corpus, as split by the tokenizer's normaliser and pre-tokenizer. */
export async function countWords(
  texts: AsyncIterable<string> | Iterable<string>,
  { normalizer, pre_tokenizer }: Pick<Tokenizer, "normalizer" | "pre_tokenizer">,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const text of texts) {
    const normal = normalizer ? normalizer.normalize(text) : text;
    for (const word of pre_tokenizer ? pre_tokenizer.pre_tokenize(normal) : [normal])
      if (word.length <= LONGEST_WORD) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (counts.size > MOST_WORDS) for (const [word, count] of counts) if (count < 2) counts.delete(word);
  }
  return counts;
}
