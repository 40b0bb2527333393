import assert from "node:assert/strict";
import { test } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { UserError } from "../../../src/foundation/errors.ts";
import { sentencesOf } from "../../../src/modalities/text/sentences.ts";
import { trainTokenizer } from "../../../src/modalities/text/tokenizers/train.ts";
import { vocabularyOf } from "../../../src/modalities/text/vocabulary.ts";
import { CORPUS } from "./corpus.ts";

const json = await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: true });
const vocabulary = vocabularyOf(json, 16);
const words = (ids: ArrayLike<number>) => Array.from(ids, vocabulary.token);

test("a sample is [CLS], its tokens, [SEP]; words and sentences are marked", () => {
  const { ids, wordStarts, sentences } = vocabulary.tokens({ text: "The sea. The seas left!" });
  const tokens = words(ids);
  assert.equal(tokens[0], "[CLS]");
  assert.equal(tokens.at(-1), "[SEP]");
  assert.deepEqual(
    [...wordStarts],
    tokens.map((token) => Number(!token.startsWith("##") && !token.startsWith("["))),
  );
  assert.deepEqual([...sentences], [1, 4]);
  assert.deepEqual(tokens.slice(1, 6), ["the", "sea", ".", "the", "sea"]);
});

test("an empty text is [CLS] [SEP], without words or sentences", () => {
  const { ids, wordStarts, sentences } = vocabulary.tokens({ text: " " });
  assert.deepEqual(words(ids), ["[CLS]", "[SEP]"]);
  assert.deepEqual([...wordStarts], [0, 0]);
  assert.equal(sentences.length, 0);
});

test("long texts are cut, [SEP] stays; short ones are padded", () => {
  const long = vocabulary.tokens({ text: "the sea ".repeat(40) });
  assert.equal(long.ids.length, 16);
  assert.equal(vocabulary.token(long.ids[15]!), "[SEP]");
  const short = vocabulary.encode(vocabulary.tokens({ text: "the sea" }).ids);
  assert.deepEqual([...short.mask.data], [1, 1, 1, 1, ...Array(12).fill(0)]);
  assert.deepEqual(words(short.ids.data).slice(0, 5), ["[CLS]", "the", "sea", "[SEP]", "[PAD]"]);
  assert.equal(short.ids.dtype, "int32");
  const cut = vocabulary.encode([...Array(20).fill(7), vocabulary.ids.end]);
  assert.equal(cut.ids.data[15], vocabulary.ids.end);
});

test("[MASK] typed into a text is the mask token, and special tokens are not decoded", () => {
  const ids = vocabulary.parse("the [MASK] left");
  assert.equal(ids[1], vocabulary.mask!);
  assert.ok(vocabulary.isSpecial(vocabulary.mask!));
  assert.ok(!vocabulary.isSpecial(ids[0]!));
  assert.equal(vocabulary.decode(ids), "the left");
  assert.equal(vocabulary.decode([]), "");
});

test("with byte-level BPE a word starts where a space does", async () => {
  const byteLevel = vocabularyOf(await trainTokenizer(CORPUS, { kind: "bpe", lowercase: false }), 32);
  const { ids, wordStarts } = byteLevel.tokens({ text: "lobsterish sea, xyz" });
  const starts = [...ids].map(byteLevel.token).filter((_, at) => wordStarts[at] === 1);
  assert.equal(starts.length, 3);
  assert.deepEqual(
    starts.slice(1).map((token) => token[0]),
    ["Ġ", "Ġ"],
  );
});

test("sentences: a space goes with what follows, and joined they are the text", () => {
  assert.deepEqual(sentencesOf("One is here. Two?  Three"), ["One is here.", " Two?", "  Three"]);
  assert.deepEqual(sentencesOf("3.5 percent"), ["3.5 percent"]);
  assert.deepEqual(sentencesOf(""), [""]);
  assert.equal(sentencesOf("これは。それは。").length, 2);
  // However many lines are empty: the time is not to grow with their square.
  assert.deepEqual(
    sentencesOf(`One.${"\n".repeat(50_000)}Two.\n \nThree.`).map((part) => part.trim()),
    ["One.", "Two.", "Three."],
  );
});

test("what is no tokenizer, or lacks a token that every text needs, is refused by name", () => {
  const refused = (text: string, expected: RegExp) =>
    assert.throws(
      () => vocabularyOf(text, 16, "given.json"),
      (error) => error instanceof UserError && expected.test(error.message),
    );
  refused("{", /given\.json: not JSON/);
  refused("{}", /given\.json: not a tokenizer\.json/);
  refused('{"model": {"type": "Nothing"}}', /given\.json: a tokenizer that cannot be used/);
  const without = (token: string) => {
    const file = JSON.parse(json);
    const kept = Object.keys(file.model.vocab).filter((other) => other !== token);
    const vocab = Object.fromEntries(kept.map((other, id) => [other, id]));
    const added: { content: string }[] = file.added_tokens;
    return JSON.stringify({
      ...file,
      model: { ...file.model, vocab },
      added_tokens: added.filter(({ content }) => content !== token).map((one) => ({ ...one, id: vocab[one.content] })),
    });
  };
  refused(without("[PAD]"), /no token for "pad"/);
  // A model that writes needs no mask.
  assert.equal(vocabularyOf(without("[MASK]"), 16).mask, undefined);
});

/** A BPE of single letters and word marks, as converted from SentencePiece's files. */
function spaced(stages: Record<string, unknown>): string {
  const special = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"];
  const letters = [..."▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,?!。これはそ\n"];
  return JSON.stringify({
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    model: {
      type: "BPE",
      unk_token: "<unk>",
      vocab: Object.fromEntries([...special, ...letters].map((token, id) => [token, id])),
      merges: [],
    },
    decoder: null,
    post_processor: null,
    ...stages,
  });
}

const metaspace = (prepend_scheme: string) => ({ type: "Metaspace", replacement: "▁", prepend_scheme, split: true });
const prefixed: Record<string, string | Promise<string>> = {
  "Metaspace, always": spaced({ pre_tokenizer: metaspace("always"), normalizer: null }),
  "Metaspace, first": spaced({ pre_tokenizer: metaspace("first"), normalizer: null }),
  "each word by itself": spaced({
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace("always")] },
    normalizer: null,
  }),
  Prepend: spaced({
    pre_tokenizer: null,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
  }),
  "byte-level, add_prefix_space": trainTokenizer(CORPUS, { kind: "bpe", lowercase: false }).then((text) => {
    const file = JSON.parse(text);
    assert.equal(file.pre_tokenizer.type, "ByteLevel");
    return JSON.stringify({ ...file, pre_tokenizer: { ...file.pre_tokenizer, add_prefix_space: true } });
  }),
};
for (const [name, file] of Object.entries(prefixed))
  test(`${name}: sentences one by one are the text's tokens`, async () => {
    const given = await file;
    const { tokenize } = vocabularyOf(given, 64);
    const reference = new Tokenizer(JSON.parse(given), {});
    const texts = [
      "One two. Three four! Five?",
      "これは。それは。",
      "One.\nTwo.\n\nThree",
      "a b",
      " a. B c.",
      "これは。 That.",
    ];
    for (const text of texts) {
      const whole = reference.encode(text, { add_special_tokens: false }).ids;
      assert.deepEqual([...tokenize(text).ids], [...whole], JSON.stringify(text));
    }
    assert.ok(tokenize(texts[0]!).sentences.length > 1);
  });
