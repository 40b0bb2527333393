/** A WordPiece tokenizer of a dozen words, as `tokenizer.json` has it, and its tokens in order. */
const WORDS = ["the", "cat", "dog", "sat", "ran", "on", "a", "mat", ".", "##s", "un", "##known"];
export const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS];
const special = (id: string) => ({ id, ids: [tokens.indexOf(id)], tokens: [id] });
export const tokenizer = JSON.stringify({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: tokens.slice(0, 5).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
  },
});
