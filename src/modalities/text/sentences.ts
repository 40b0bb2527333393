const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * Splits a text into sentences by Unicode's rules (UAX 29). White space between two sentences belongs to the second, since
 * tokenizers begin a word with it; boundaries within a word or a run of punctuation are ignored. So the concatenated tokens
 * of the sentences are the tokens of the text.
 */
export function sentencesOf(text: string): string[] {
  const cuts = [0];
  let before = 0;
  for (const { index } of segmenter.segment(text)) {
    if (index === 0) continue;
    // Only the first boundary of a run of empty lines counts: the others would go back to it.
    const isBlank = text.slice(before, index).trim() === "";
    before = index;
    if (isBlank) continue;
    let cut = index;
    while (cut > 0 && /\s/.test(text[cut - 1]!)) cut--;
    const isBetweenWords =
      cut < index || (/\p{P}$/u.test(text.slice(cut - 2, cut)) && /^[\p{L}\p{N}]/u.test(text.slice(cut, cut + 2)));
    if (isBetweenWords && cut > cuts.at(-1)!) cuts.push(cut);
  }
  return cuts.map((cut, at) => text.slice(cut, cuts[at + 1]));
}
