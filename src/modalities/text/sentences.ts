const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * Cuts a text into its sentences, by Unicode's rules (UAX 29). White space between two sentences goes with the second,
 * where a tokenizer's words begin; a boundary at which one word or one run of signs would be cut is none. So the tokens
 * of the sentences, one after the other, are the tokens of the text.
 */
export function sentencesOf(text: string): string[] {
  const cuts = [0];
  let before = 0;
  for (const { index } of segmenter.segment(text)) {
    if (index === 0) continue;
    // Of a run of empty lines the first boundary counts: the others would go all the way back to it.
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
