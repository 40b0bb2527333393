import type { Recipe } from "./recipe.ts";

/** RoBERTa's names, in RoBERTa's order. */
const SPECIAL = { begin: "<s>", pad: "<pad>", end: "</s>", unknown: "<unk>", mask: "<mask>" };

/**
 * GPT-2's characters for the 256 bytes, in order: printable ones are themselves, the others are mapped to U+0100 and up, so
 * that a token never contains a space or a control character.
 */
function byteCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : 0x100 + moved++));
}

/** GPT-2's characters for white space: a token that begins with one begins a word. */
export const BYTE_LEVEL_SPACES: readonly string[] = [" ", "\n", "\t", "\r"].map(
  (space) => byteCharacters()[space.charCodeAt(0)]!,
);

/**
 * Byte-level byte-pair encoding, GPT-2's and RoBERTa's: nothing is ever unknown, and decoding restores the text (in NFC). https://arxiv.org/abs/1907.11692
 */
export const byteLevel: Recipe = {
  special: SPECIAL,
  longWords: "cut",

  pipeline: (lowercase) => ({
    normalizer: lowercase
      ? { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] }
      : { type: "NFC" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  }),

  alphabet: () => byteCharacters().sort(),
  symbols: (word) => [...word],
  join: (left, right) => left + right,
  model: (vocab, merges) => ({
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    byte_fallback: false,
    vocab,
    merges: merges.map(([left, right]) => `${left} ${right}`),
  }),
};
