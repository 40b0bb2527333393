import { Tokenizer } from "@huggingface/tokenizers";
import { padded } from "../../data/tokens/padded.ts";
import { TOKENIZER_FILE, type Vocabulary } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";
import { checkTokenizer, guardOf } from "./foreign.ts";
import { type Parse, parserOf, sentencesBy, TokenizerFile, withoutPrefix, withoutSpecial } from "./parse.ts";
import { isTokenized, type Text, type TokenizedText } from "./text.ts";
import { BYTE_LEVEL_SPACES } from "./tokenizers/byte-level.ts";

/** Names of special tokens: BERT's before RoBERTa's before GPT-2's. */
const NAMES = {
  pad: ["[PAD]", "<pad>", "</s>", "<|endoftext|>"],
  unknown: ["[UNK]", "<unk>", "<|endoftext|>"],
  begin: ["[CLS]", "<s>", "<|endoftext|>"],
  end: ["[SEP]", "</s>", "<|endoftext|>"],
  mask: ["[MASK]", "<mask>", "<|mask|>"],
} as const;

const utf8 = new TextEncoder();

export interface TextVocabulary extends Vocabulary<Text> {
  /**
   * All of a text's tokens without `begin` and `end`, and where its sentences start. Special tokens' names in the text are
   * text.
   */
  tokenize(text: string): TokenizedText;
  readonly mask: number | undefined;
}

/**
 * The vocabulary of a tokenizer.
 * @param json the text of Hugging Face's `tokenizer.json`
 * @param length most tokens of a sample, `begin` and `end` included
 * @throws UserError when it is not a tokenizer, or lacks a padding, begin, end or unknown token
 */
export function vocabularyOf(json: string, length: number, file = TOKENIZER_FILE): TextVocabulary {
  const { tokenizer, content, size } = load(json, file);
  const special = new Set(content.added_tokens.filter((token) => token.special ?? true).map(({ id }) => id));
  const find = (what: keyof typeof NAMES): number | undefined =>
    NAMES[what].map((name) => tokenizer.token_to_id(name)).find((id) => id !== undefined);
  const idOf = (what: keyof typeof NAMES): number => {
    const id = find(what);
    if (id !== undefined) return id;
    throw new UserError(`${file}: has no token for "${what}" (one of ${NAMES[what].join(", ")})`);
  };
  const ids = {
    pad: idOf("pad"),
    unknown: idOf("unknown"),
    begin: idOf("begin"),
    end: idOf("end"),
  };
  const mask = find("mask");
  for (const id of [...Object.values(ids), mask]) if (id !== undefined) special.add(id);
  const isWordPiece = content.model.type === "WordPiece";
  const prefix = content.model.continuing_subword_prefix || "##";
  // WordPiece marks tokens that continue a word; other tokenizers mark those that begin one, by a space.
  const starts = Uint8Array.from({ length: size }, (_, id) => {
    const token = tokenizer.id_to_token(id) ?? "";
    if (special.has(id)) return 0;
    return Number(isWordPiece ? !token.startsWith(prefix) : WORD_MARKS.some((mark) => token.startsWith(mark)));
  });

  const guard = guardOf(content, file);
  const parserFor = (json: TokenizerFile): Parse => {
    const made = guard(0, () => new Tokenizer(json, {}));
    const parse = parserOf(made, json, ids.unknown, special);
    return (text) => guard(text.length, () => parse(text));
  };
  const written = withoutSpecial(content);
  const cut = sentencesBy(parserFor(written), () => parserFor(withoutPrefix(written)));
  const tokenize = (text: string): TokenizedText => {
    const parts = cut(text).filter((part) => part.length > 0);
    const sentences = new Int32Array(parts.length);
    for (let part = 1; part < parts.length; part++) sentences[part] = sentences[part - 1]! + parts[part - 1]!.length;
    const joined = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.forEach((part, at) => {
      joined.set(part, sentences[at]!);
    });
    return { ids: joined, sentences };
  };

  const decode = (tokens: ArrayLike<number>): string => {
    const kept = Array.from(tokens).filter((id) => !special.has(id));
    if (kept.length === 0) return "";
    const cleaned = { clean_up_tokenization_spaces: isWordPiece };
    return guard(kept.length, () => tokenizer.decode(kept, cleaned));
  };

  return {
    size,
    length,
    ids,
    mask,
    tokenize,
    isSpecial: (id) => special.has(id),
    tokens(sample) {
      const { ids: whole, sentences, isCut = false } = isTokenized(sample) ? sample : tokenize(sample.text);
      const kept = whole.subarray(0, length - 2);
      const all = Int32Array.of(ids.begin, ...kept, ids.end);
      const wordStarts = Uint8Array.from(all, (id) => starts[id] ?? 0);
      // The first token starts a word, even if the window begins inside one or the text has no space before it.
      if (kept.length > 0 && !special.has(kept[0]!)) wordStarts[1] = 1;
      const startsInside = kept.length > 0 && sentences[0] !== 0;
      const within = sentences.filter((at) => at < kept.length);
      return {
        ids: all,
        wordStarts,
        sentences: Int32Array.of(...(startsInside ? [1] : []), ...within.map((at) => at + 1)),
        startsInside,
        isCut: isCut || kept.length < whole.length,
      };
    },
    encode: (sequence) => padded(sequence, length, ids.pad),
    allTokens: (sample) => (isTokenized(sample) ? sample : tokenize(sample.text)).ids,
    byteLength: (sample) => utf8.encode(isTokenized(sample) ? decode(sample.ids) : sample.text).length,
    parse: parserOf(tokenizer, content, ids.unknown),
    decode,
    token: (id) => tokenizer.id_to_token(id) ?? "",
  };
}

/** Characters that mark a word's first token: byte-level spaces, and SentencePiece's. */
const WORD_MARKS = [...BYTE_LEVEL_SPACES, "▁"];

/** A text of letters, digits, signs, spaces and scripts, so that what cannot be used shows before training. */
const SAMPLE = "It's 1,000 Zürich—naïve cafés…  \t\n これは。 🙂 Ωmega x\u0301 <s> ##a";

/** @returns the tokenizer, its file, and the number of tokens */
function load(json: string, file: string): { tokenizer: Tokenizer; content: TokenizerFile; size: number } {
  const parsed = TokenizerFile.safeParse(parseJson(json, file));
  if (!parsed.success) throw new UserError(`${file}: not a tokenizer.json of Hugging Face's (it has no "model")`);
  // What is put around a text is this program's own business.
  const content = { ...parsed.data, post_processor: null };
  const guard = guardOf(content, file, true);
  const size = guard(json.length, () => checkTokenizer(content));
  const tokenizer = guard(json.length, () => new Tokenizer(content, {}));
  guard(SAMPLE.length, () => {
    const { ids } = tokenizer.encode(SAMPLE, { add_special_tokens: false });
    if (ids.length > 0) tokenizer.decode(ids.map((id: number | undefined) => id ?? 0));
  });
  return { tokenizer, content, size };
}
