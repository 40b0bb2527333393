import type { Source } from "../../data/source.ts";
import { kinds } from "./kinds.ts";
import type { PairSample } from "./pair.ts";
import { captionsIn, imagesIn } from "./sources/sides.ts";

/** Captions whose lengths are looked at, evenly spread. */
const PROBES = 1000;
/** Share of the captions that fit. */
const FITTING = 0.99;
/** Characters of a word that make a token, roughly. */
const CHARACTERS = 8;
const [SHORTEST, LONGEST, STEP] = [16, 64, 8];

/** Tokens of a text, roughly and rather too many: words, signs, and each character of scripts without spaces. */
function tokensOf(text: string): number {
  const parts = text.match(/\p{L}[\p{L}\p{M}]*|\p{N}+|[^\s\p{L}\p{N}]/gu) ?? [];
  return parts.reduce(
    (sum, part) =>
      sum +
      (/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}/u.test(part)
        ? part.length
        : Math.ceil(part.length / CHARACTERS)),
    0,
  );
}

/** Options of both sides, and the length that nearly all captions fit. */
export async function inferPairs(source: Source<PairSample>): Promise<Record<string, unknown>> {
  const image = await kinds.image.infer(imagesIn(source));
  const texts = captionsIn(source);
  const count = Math.min(PROBES, texts.length);
  const lengths = Array.from(
    { length: count },
    (_, probe) => tokensOf(texts.text(Math.floor((probe * texts.length) / count))) + 2,
  ).sort((a, b) => a - b);
  const fitting = lengths[Math.ceil(FITTING * lengths.length) - 1] ?? LONGEST;
  return { ...image, maxLength: Math.max(SHORTEST, Math.min(LONGEST, Math.ceil(fitting / STEP) * STEP)) };
}
