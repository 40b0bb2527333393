import type { Source } from "../../data/source.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { isTokenized, type Text } from "./text.ts";
import type { TextVocabulary } from "./vocabulary.ts";

/** Texts that are looked at, evenly spread, and characters of each. */
const [PROBES, CHARACTERS] = [1000, 10_000];

/** What a vocabulary has to know: letters, digits, punctuation, symbols. Accents may be dropped on purpose. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/gu;
const visibleIn = (text: string): number => text.match(VISIBLE)?.length ?? 0;

export interface Unknown {
  /** Mean over the texts of the share of their characters that the vocabulary does not know, 0 to 1. */
  readonly share: number;
  /** Texts looked at, those that are unknown for the most part, and the name of the first of these. */
  readonly texts: number;
  readonly mostly: number;
  readonly example?: string;
}

/** Counts what a vocabulary does not know of some texts of a source: what is lost on the way to tokens and back. */
export async function unknownIn(source: Source<Text>, vocabulary: TextVocabulary): Promise<Unknown> {
  let [texts, mostly, sum] = [0, 0, 0];
  let example: string | undefined;
  for (let probe = 0; probe < Math.min(PROBES, source.length); probe++) {
    const index = Math.floor((probe * source.length) / Math.min(PROBES, source.length));
    const sample = await source.read(index).catch(skipBroken);
    if (!sample || isTokenized(sample)) continue;
    const text = sample.text.slice(0, CHARACTERS);
    const visible = visibleIn(text);
    if (visible === 0) continue;
    const share = Math.max(0, 1 - visibleIn(vocabulary.decode(vocabulary.tokenize(text).ids)) / visible);
    texts++;
    sum += share;
    if (share <= 0.5) continue;
    mostly++;
    example ??= source.name(index);
  }
  return { share: texts > 0 ? sum / texts : 0, texts, mostly, ...(example === undefined ? {} : { example }) };
}

/**
 * Counts what a vocabulary does not know of the data.
 * @param who the vocabulary, for the message: a file, or that it was learned
 * @param advice what to do where it does not suit the data
 * @returns what is unknown, in words; empty if nothing is
 * @throws UserError when most of the characters are unknown: a model would see nothing of the texts
 */
export async function checkVocabulary(
  source: Source<Text>,
  vocabulary: TextVocabulary,
  who: string,
  advice: string,
): Promise<string> {
  const { share, texts, mostly, example } = await unknownIn(source, vocabulary);
  if (share < 0.0005 && mostly === 0) return "";
  const part = `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % of the characters in a text are unknown to it`;
  const worst = mostly > 0 ? `; ${mostly} of ${texts} texts for the most part, the first is ${example}` : "";
  if (share > 0.5) throw new UserError(`${who}: ${part}; ${advice}`);
  return `${part}${worst}`;
}
