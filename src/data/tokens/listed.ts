import type { Rng } from "../../array/rng.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { padded } from "./padded.ts";

/** Tokens that are fixed, and not learned from data: residues, the atoms and bonds of a SMILES. */
export interface TokenList {
  /** Every token, by its id. */
  readonly tokens: readonly string[];
  readonly special: Readonly<Record<"pad" | "unknown" | "begin" | "end" | "mask", string>>;
  /** Tokens that are read and written, and never masked, drawn or predicted, since they are rare or stand for no single thing. */
  readonly rare?: readonly string[];
  /** A regular expression for one token, in what JavaScript's and Rust's syntax share. What it does not match is no token. */
  readonly pattern: string;
}

/** A sample as tokens: a view, or a part of a sample. */
export interface Tokenized {
  /** Without `begin` and `end`. */
  readonly ids: Int32Array;
  /** The place of the first of them in the whole sample. */
  readonly start: number;
  /** The sample continues after them. */
  readonly isCut: boolean;
}

const isTokenized = (sample: unknown): sample is Tokenized =>
  typeof sample === "object" && sample !== null && "ids" in sample;

export interface ListedVocabulary<S> extends Vocabulary<S> {
  readonly mask: number;
  /** All of the sample's tokens. */
  tokenize(sample: S): Tokenized;
  /** What the encoder sees of a sample: with `rng` a random part of a longer one, else its beginning. */
  part(sample: S, rng?: Rng): Tokenized;
}

/**
 * The vocabulary of a list.
 * @param length most tokens of a sample, `begin` and `end` included
 * @param written the text of a sample that is not tokens yet, as the list has it
 * @param normal brings a piece of typed text into that form
 */
export function listedVocabulary<S>(
  { tokens, special, rare = [], pattern }: TokenList,
  length: number,
  written: (sample: Exclude<S, Tokenized>) => string,
  normal: (text: string) => string = (text) => text,
): ListedVocabulary<S> {
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const known = (token: string): number => {
    const id = idOf.get(token);
    if (id === undefined) throw new Error(`the list has no token ${token}`);
    return id;
  };
  const ids = {
    pad: known(special.pad),
    unknown: known(special.unknown),
    begin: known(special.begin),
    end: known(special.end),
  };
  const mask = known(special.mask);
  const control = new Set<number>([...Object.values(ids), mask]);
  const apart = new Set<number>([...control, ...rare.map(known)]);
  const single = new RegExp(pattern, "g");
  const names = Object.values(special).map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const named = new RegExp(`(${names.join("|")})`);
  const room = length - 2;

  const idsOf = (text: string): Int32Array =>
    Int32Array.from(text.match(single) ?? [], (token) => idOf.get(token) ?? ids.unknown);
  const tokenize = (sample: S): Tokenized =>
    isTokenized(sample) ? sample : { ids: idsOf(written(sample as Exclude<S, Tokenized>)), start: 0, isCut: false };
  const part = (sample: S, rng?: Rng): Tokenized => {
    const whole = tokenize(sample);
    const spare = whole.ids.length - room;
    if (spare <= 0) return whole;
    const from = rng ? rng.integer(0, spare) : 0;
    return {
      ids: whole.ids.subarray(from, from + room),
      start: whole.start + from,
      isCut: whole.isCut || from < spare,
    };
  };

  return {
    size: tokens.length,
    length,
    ids,
    mask,
    tokenize,
    part,
    isSpecial: (id) => apart.has(id),
    tokens(sample, rng) {
      const { ids: content, start, isCut } = part(sample, rng);
      const wordStarts = new Uint8Array(content.length + 2).fill(1, 1, content.length + 1);
      return {
        ids: Int32Array.of(ids.begin, ...content, ids.end),
        wordStarts,
        sentences: Int32Array.from(content.length > 0 ? [1] : []),
        startsInside: start > 0,
        isCut,
      };
    },
    encode: (sequence) => padded(sequence, length, ids.pad),
    allTokens: (sample) => tokenize(sample).ids,
    byteLength: (sample) => tokenize(sample).ids.reduce((sum, id) => sum + (tokens[id]?.length ?? 0), 0),
    parse: (text) =>
      Int32Array.from(
        text.split(named).flatMap((piece, at) => (at % 2 === 1 ? [known(piece)] : [...idsOf(normal(piece))])),
      ),
    decode: (sequence) =>
      Array.from(sequence)
        .filter((id) => !control.has(id))
        .map((id) => tokens[id] ?? "")
        .join(""),
    token: (id) => tokens[id] ?? "",
  };
}

/** The list as Hugging Face's `tokenizer.json`, which every library of theirs reads: `begin`, the tokens, `end`. */
export function tokenizerJson({ tokens, special, pattern }: TokenList): string {
  const { begin, end } = special;
  const place = (token: string) => tokens.indexOf(token);
  const wrap = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Object.values(special)
      .map((content) => ({
        ...{ id: place(content), content, single_word: false, lstrip: false, rstrip: false },
        ...{ normalized: false, special: true },
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [wrap(begin), sequence("A", 0), wrap(end)],
      pair: [wrap(begin), sequence("A", 0), wrap(end), sequence("B", 0), wrap(end)],
      special_tokens: Object.fromEntries([begin, end].map((id) => [id, { id, ids: [place(id)], tokens: [id] }])),
    },
    decoder: { type: "Fuse" },
    model: {
      type: "WordPiece",
      unk_token: special.unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}
