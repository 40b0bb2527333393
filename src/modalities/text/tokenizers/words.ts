import type { Tokenizer } from "@huggingface/tokenizers";

/** Above this many different words those seen once are forgotten, again and again: memory stays bounded. */
const MOST_WORDS = 4_000_000;

/** Words longer than this are no words (base64, a line without spaces); they take no part in training. */
const LONGEST_WORD = 100;

/** Counts the words of a corpus, as the tokenizer's own normaliser and pre-tokenizer cut them. */
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
