import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { UserError } from "../../../../src/foundation/errors.ts";
import { tokenize } from "../../../../src/modalities/text/tokenizers/learn.ts";
import { trainTokenizer } from "../../../../src/modalities/text/tokenizers/train.ts";
import { type TextVocabulary, vocabularyOf } from "../../../../src/modalities/text/vocabulary.ts";
import { inFolder } from "../../../support/cli.ts";
import { CORPUS } from "../corpus.ts";

const bpe = await trainTokenizer(CORPUS, { kind: "bpe", lowercase: false });
const wordpiece = await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: true });

/** Every block of Unicode is 16 characters or more long: one character of each sixteen is in every block. */
function* everySixteenth(): Generator<string> {
  for (let point = 0; point < 0x110000; point += 16)
    for (const own of [point, point + (point % 15) + 1])
      if (own < 0xd800 || own > 0xdfff) yield String.fromCodePoint(own);
}

const roundTrip = (vocabulary: TextVocabulary, text: string) => vocabulary.decode(vocabulary.parse(text));

test("byte-level BPE gives back a text of any block of Unicode, in NFC", () => {
  const vocabulary = vocabularyOf(bpe, 64);
  let line = "";
  for (const character of everySixteenth()) {
    line += character;
    if (line.length < 512) continue;
    assert.equal(roundTrip(vocabulary, line), line.normalize("NFC"));
    line = "";
  }
  assert.equal(roundTrip(vocabulary, line), line.normalize("NFC"));
});

test("byte-level BPE gives back any text, in NFC; so do the tokens of its sentences", () => {
  const vocabulary = vocabularyOf(bpe, 64);
  const pieces = fc.constantFrom(..."Hello.| world |! |。|「|\n|  |'s|e\u0301|3.5|Mr. Smith went. |?\" |…".split("|"));
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(pieces, { maxLength: 20 }).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      // Names of special tokens are no text.
      fc.pre(!/<\/?s>|<(pad|unk|mask)>/.test(text));
      const normal = text.normalize("NFC");
      assert.equal(roundTrip(vocabulary, text), normal);
      const { ids, sentences } = vocabulary.tokenize(normal);
      assert.deepEqual([...ids], [...vocabulary.parse(normal)]);
      const parts = [...sentences].map((at, part) => vocabulary.decode(ids.subarray(at, sentences[part + 1])));
      assert.equal(parts.join(""), normal);
    }),
    { numRuns: 200, seed: 9 },
  );
});

test("ids are those of the library's `encode`, with and without special tokens in the text", () => {
  const pieces = "lobster |Lobsters, |[MASK]|<mask>| <mask> |sea|\u6f22\u5b57|\u00e9|don't | \n|x".split("|");
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => all.join(""));
  for (const json of [bpe, wordpiece]) {
    const tokenizer = new Tokenizer(JSON.parse(json), {});
    const vocabulary = vocabularyOf(json, 64);
    fc.assert(
      fc.property(texts, (text) => {
        const { ids } = tokenizer.encode(text, { add_special_tokens: false });
        assert.deepEqual([...vocabulary.parse(text)], ids);
      }),
      { numRuns: 200, seed: 4 },
    );
  }
});

test("WordPiece encodes any block of Unicode, as known tokens or [UNK], and restores known words", () => {
  const vocabulary = vocabularyOf(wordpiece, 64);
  let line = "";
  for (const character of everySixteenth()) {
    line += `${character} `;
    if (line.length < 512) continue;
    const ids = vocabulary.parse(line);
    assert.ok(ids.every((id) => id >= 0 && id < vocabulary.size));
    line = "";
  }
  const words = fc.array(fc.constantFrom(..."lobster sea river mountain larvae the of walked".split(" ")), {
    minLength: 1,
  });
  fc.assert(
    fc.property(words, (given) => {
      const text = given.join(" ");
      assert.equal(roundTrip(vocabulary, text), text);
      assert.deepEqual([...vocabulary.tokenize(text).ids], [...vocabulary.parse(text)]);
    }),
    { numRuns: 100, seed: 2 },
  );
});

test("the file is Hugging Face's: special tokens, their ids, a text and a pair of texts", () => {
  for (const [json, begin, end] of [
    [wordpiece, "[CLS]", "[SEP]"],
    [bpe, "<s>", "</s>"],
  ] as const) {
    const file = JSON.parse(json);
    assert.deepEqual(Object.keys(file), [
      "version",
      "truncation",
      "padding",
      "added_tokens",
      "normalizer",
      "pre_tokenizer",
      "decoder",
      "post_processor",
      "model",
    ]);
    const ids = Object.values(file.model.vocab) as number[];
    assert.deepEqual(
      [...ids].sort((a, b) => a - b),
      Array.from(ids, (_, id) => id),
    );
    for (const { id, content } of file.added_tokens) assert.equal(file.model.vocab[content], id);
    const tokenizer = new Tokenizer(file, {});
    const text = tokenizer.encode("the sea");
    assert.equal(text.tokens[0], begin);
    assert.equal(text.tokens.at(-1), end);
    const pair = tokenizer.encode("the sea", { text_pair: "the river", return_token_type_ids: true });
    assert.equal(pair.tokens.filter((token: string) => token === end).length, 2);
    assert.equal(pair.token_type_ids[0], 0);
    assert.equal(pair.token_type_ids.at(-1), 1);
  }
});

test("frequent words are one token, and capitals and accents matter only if they are kept", async () => {
  const vocabulary = vocabularyOf(wordpiece, 64);
  assert.deepEqual([...vocabulary.parse("The LOBSTER")].map(vocabulary.token), ["the", "lobster"]);
  assert.deepEqual(vocabulary.parse("thé"), vocabulary.parse("the"));
  const cased = vocabularyOf(await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: false }), 64);
  assert.notDeepEqual(cased.parse("The"), cased.parse("the"));
  const byteLevel = vocabularyOf(bpe, 64);
  assert.deepEqual([...byteLevel.parse(" lobster")].map(byteLevel.token), ["Ġlobster"]);
});

test("the size is kept to; without one it is what the corpus allows", async () => {
  for (const [kind, vocabularySize] of [
    ["bpe", 300],
    ["wordpiece", 150],
  ] as const) {
    const sized = await trainTokenizer(CORPUS, { kind, vocabularySize, lowercase: true });
    assert.equal(vocabularyOf(sized, 64).size, vocabularySize);
    const free = vocabularyOf(await trainTokenizer(CORPUS, { kind, lowercase: true }), 64).size;
    assert.ok(free > vocabularySize && free < 8192, `${free}`);
    await assert.rejects(
      trainTokenizer(CORPUS, { kind, vocabularySize: 50_000, lowercase: true }),
      (error) => error instanceof UserError && /larger than the corpus allows.*no more than/.test(error.message),
    );
    await assert.rejects(trainTokenizer(CORPUS, { kind, vocabularySize: 20, lowercase: true }), /give at least \d+/);
  }
});

test("the same corpus gives the same file, through the library and on disk", () =>
  inFolder(async (folder) => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${folder}/corpus.txt`, `${CORPUS.join("\n")}\n`);
    const [out, again] = [`${folder}/a.json`, `${folder}/b.json`];
    const learned = await tokenize({ data: `${folder}/corpus.txt`, out, kind: "bpe", lowercase: false });
    await tokenize({ data: `${folder}/corpus.txt`, out: again, kind: "bpe", lowercase: false });
    assert.equal(await readFile(out, "utf8"), bpe);
    assert.equal(await readFile(again, "utf8"), bpe);
    assert.deepEqual(learned, { texts: CORPUS.length, tokens: vocabularyOf(bpe, 64).size });
  }));

test("a character that begins no word of the corpus may begin one in other texts", async () => {
  const file = await trainTokenizer(Array(50).fill("aqua aquatic"), { kind: "wordpiece", lowercase: true });
  const { parse, token } = vocabularyOf(file, 16);
  assert.deepEqual([...parse("quit")].map(token), ["q", "##u", "##i", "##t"]);
});
