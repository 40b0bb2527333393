import type { Tokenizer } from "@huggingface/tokenizers";
import * as z from "zod";
import { sentencesOf } from "./sentences.ts";

/** The parts of `tokenizer.json` that are used here; the rest is the library's. */
export const TokenizerFile = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: z.int(),
        content: z.string(),
        special: z.boolean().optional(),
        normalized: z.boolean().optional(),
      }),
    )
    .default([]),
  model: z.looseObject({
    type: z.string().optional(),
    continuing_subword_prefix: z.string().nullish(),
    fuse_unk: z.unknown().optional(),
  }),
});
export type TokenizerFile = z.infer<typeof TokenizerFile>;

/** Tokenizes a piece of text. */
export type Parse = (text: string) => Int32Array;

/** Words whose ids are cached, and their longest. */
const [CACHED_WORDS, CACHED_LENGTH] = [1 << 16, 100];

/** Longer words are tokenized in pieces: the time that merging takes grows faster than the word, and a file may be one. */
const LONGEST_WORD = 1000;

/**
 * The `tokenizer.json` for text that says nothing to the model: `[MASK]` or `</s>` in a user's file are characters, and not
 * the tokens of those names.
 */
export const withoutSpecial = (content: TokenizerFile): TokenizerFile => ({
  ...content,
  added_tokens: content.added_tokens.filter(({ special = true }) => !special),
});

/** A word in pieces of at most 1,000 characters; the whole where it is prose, or unknown beyond some length anyway. */
function piecesOf(word: string, { model: { type } }: TokenizerFile): readonly string[] {
  if (word.length <= LONGEST_WORD || type === "WordPiece" || /[\s▁]/.test(word.slice(1))) return [word];
  const pieces: string[] = [];
  for (let start = 0; start < word.length; ) {
    const cut = start + LONGEST_WORD;
    // Not between the halves of a surrogate pair.
    const end = (word.codePointAt(cut - 1) ?? 0) > 0xffff ? cut + 1 : cut;
    pieces.push(word.slice(start, end));
    start = end;
  }
  return pieces;
}

/**
 * A function from text to ids. For texts without added tokens the library's stages are called one by one, and the last is
 * cached word by word: most words of a text are frequent ones.
 * @param never ids that text must not become: `unknown` stands for them
 */
export function parserOf(
  tokenizer: Tokenizer,
  content: TokenizerFile,
  unknown: number,
  never: ReadonlySet<number> = new Set(),
): Parse {
  const { normalizer, pre_tokenizer, model } = tokenizer;
  const added = content.added_tokens.map(({ content: token }) => token);
  // Word by word only if unknown words are not fused, and if added tokens are not searched in the normalised text.
  const isWordwise = !content.model.fuse_unk && content.added_tokens.every(({ normalized }) => normalized === false);
  const cache = new Map<string, readonly number[]>();
  const allowed = (id: number | undefined): number => (id === undefined || never.has(id) ? unknown : id);
  const idsOf = (word: string): readonly number[] => {
    const cached = cache.get(word);
    if (cached) return cached;
    const encoded = piecesOf(word, content).flatMap((piece) =>
      (model?.encode([piece]) ?? []).map((token: string) => allowed(tokenizer.token_to_id(token))),
    );
    if (word.length > CACHED_LENGTH) return encoded;
    if (cache.size >= CACHED_WORDS) cache.clear();
    cache.set(word, encoded);
    return encoded;
  };
  return (text: string): Int32Array => {
    if (!isWordwise || !pre_tokenizer || added.some((token) => text.includes(token))) {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      return Int32Array.from(ids, allowed);
    }
    const normal = normalizer ? normalizer.normalize(text) : text;
    const ids: number[] = [];
    if (normal)
      for (const word of pre_tokenizer.pre_tokenize(normal, { section_index: 0 }))
        for (const id of idsOf(word)) ids.push(id);
    return Int32Array.from(ids);
  };
}

/** Tokenizes a text sentence by sentence. */
type Cut = (text: string) => Int32Array[];

/** Sentences with a space between them, and without. */
const PROBES = ["One two. Three four.", "これは。それは。"];

/**
 * Tokenizes a text sentence by sentence, so that together the tokens are those of the whole text. A tokenizer that puts a
 * space before a text would put one before every sentence: all but the first are then read without it. If that changes
 * more than the beginning, sentences are cut at white space only; if even that changes the tokens, a text is one sentence.
 * @param inside makes a parser that puts nothing before the text
 */
export function sentencesBy(parse: Parse, inside: () => Parse): Cut {
  const inPieces =
    (rest: Parse): Cut =>
    (text) =>
      sentencesOf(text).map((sentence, at) => (at === 0 ? parse : rest)(sentence));
  const atSpaces: Cut = (text) => {
    const joined: string[] = [];
    for (const sentence of sentencesOf(text)) {
      if (joined.length === 0 || /^\s/.test(sentence)) joined.push(sentence);
      else joined.push(joined.pop() + sentence);
    }
    return joined.map(parse);
  };
  const isWhole = (cut: Cut) =>
    PROBES.every(
      (probe) =>
        cut(probe)
          .flatMap((part) => [...part])
          .join() === parse(probe).join(),
    );
  const ways = [() => inPieces(parse), () => inPieces(inside()), () => atSpaces];
  for (const way of ways) {
    const cut = way();
    if (isWhole(cut)) return cut;
  }
  return (text) => [parse(text)];
}

/** The `tokenizer.json` without the space that it puts before a text. */
export function withoutPrefix(content: TokenizerFile): TokenizerFile {
  const { normalizer, pre_tokenizer } = content;
  return { ...content, normalizer: unprefixed(normalizer), pre_tokenizer: unprefixed(pre_tokenizer) };
}

const Stage = z.looseObject({ type: z.string() });

/** A stage, or a sequence of stages, without the prefix; null for a stage that does nothing else. */
function unprefixed(stage: unknown): unknown {
  const parsed = Stage.safeParse(stage);
  if (!parsed.success) return stage;
  if (parsed.data.type === "Prepend") return null;
  const parts = Object.entries(parsed.data).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map(unprefixed).filter((part) => part !== null) : value,
  ]);
  return { ...Object.fromEntries(parts), add_prefix_space: false, prepend_scheme: "never" };
}
