/** Texts that a vocabulary of words cannot hold, and names of special tokens in texts. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { buildTexts } from "../../../src/modalities/text/build.ts";
import { learnVocabulary } from "../../../src/modalities/text/learn.ts";
import { TextOptions } from "../../../src/modalities/text/options.ts";
import { givenTexts } from "../../../src/modalities/text/sources/given.ts";
import { tokenize } from "../../../src/modalities/text/tokenizers/learn.ts";
import { trainTokenizer } from "../../../src/modalities/text/tokenizers/train.ts";
import { unknownIn } from "../../../src/modalities/text/unknown.ts";
import { vocabularyOf } from "../../../src/modalities/text/vocabulary.ts";
import { inFolder } from "../../support/cli.ts";
import { CORPUS } from "./corpus.ts";

const rng = new Rng(5);
/** Letters in a row, without a space. */
const unbroken = (alphabet: string, length: number) =>
  Array.from({ length }, () => [...alphabet][rng.integer(0, [...alphabet].length - 1)]).join("");
const lines = (alphabet: string, count: number, length: number) =>
  Array.from({ length: count }, () => unbroken(alphabet, length));

const THAI = "กขคงจฉชซญดตถทนบปผพฟมยรลวสหอ";
const PROTEIN = "ACDEFGHIKLMNPQRSTVWY";

async function learn(texts: readonly string[], options: Partial<TextOptions>) {
  const notes: string[] = [];
  const settled = { ...TextOptions.parse({ maxLength: 32 }), ...options };
  const files = await learnVocabulary(givenTexts(texts), settled, (note) => notes.push(note));
  return { notes, vocabulary: vocabularyOf(files["tokenizer.json"]!, 32) };
}

const refused = (promise: Promise<unknown>, expected: RegExp) =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, expected);
    return true;
  });

test("texts without spaces: a vocabulary of words is refused and names what would do, bytes learn it", async () => {
  for (const texts of [lines(THAI, 20, 300), lines(PROTEIN, 20, 250), lines("ACGT", 20, 150)]) {
    await refused(learn(texts, {}), /no words to learn a vocabulary from.*--tokenizer-kind bpe/);
    const { vocabulary, notes } = await learn(texts, { tokenizerKind: "bpe" });
    // Pieces of long words are learned from: pairs and more than pairs.
    assert.ok(vocabulary.size > 300, notes.join());
    assert.deepEqual(notes, [`learned a vocabulary of ${vocabulary.size} tokens (bpe)`]);
    assert.equal((await unknownIn(givenTexts(texts), vocabulary)).share, 0);
  }
  const mixed = [...CORPUS.slice(0, 20), ...lines("ACGT", 60, 150)];
  await refused(learn(mixed, {}), /75 % of the characters in a text are unknown to it; .*--tokenizer-kind bpe/);
});

test("what is unknown is counted and said, where it is not most", async () => {
  const { notes } = await learn([...CORPUS, unbroken("abcXYZ019", 2000)], {});
  assert.equal(notes.length, 1);
  assert.match(
    notes[0]!,
    /learned a vocabulary of \d+ tokens \(wordpiece\): 0\.2 % .*; 1 of 401 texts for the most part, the/,
  );
  assert.deepEqual(
    (await learn(CORPUS, {})).notes.map((note) => /unknown/.test(note)),
    [false],
  );
  // Chinese has no spaces, and a token for each character.
  const chinese = Array.from({ length: 20 }, () => unbroken("我你他们的是了在有不这中大来上个国", 60));
  assert.deepEqual(
    (await learn(chinese, {})).notes.map((note) => /unknown/.test(note)),
    [false],
  );
});

test("a tokenizer that is given is held to the same, and so is one that is written", () =>
  inFolder(async (folder) => {
    const tokenizer = join(folder, "tokenizer.json");
    await writeFile(tokenizer, await trainTokenizer(CORPUS, { kind: "wordpiece" }));
    await refused(learn(lines(THAI, 20, 30), { tokenizer }), /tokenizer\.json: 100 % of the characters .*name another/);
    const { notes } = await learn(CORPUS, { tokenizer });
    assert.deepEqual(notes, []);
    const data = join(folder, "thai.txt");
    await writeFile(data, lines(THAI, 20, 300).join("\n"));
    const out = join(folder, "out.json");
    await refused(tokenize({ data, out, kind: "wordpiece" }), /text tokenize: --kind bpe/);
    assert.ok((await tokenize({ data, out, kind: "bpe" })).tokens > 300);
  }));

test("a word of any length is tokenized, in pieces, in time that grows as it does", async () => {
  const json = await trainTokenizer(lines("ACGT", 50, 150), { kind: "bpe", vocabularySize: 400 });
  const vocabulary = vocabularyOf(json, 32);
  const word = unbroken("ACGT", 5000);
  const pieces = Array.from({ length: 5 }, (_, at) => [
    ...vocabulary.tokenize(word.slice(1000 * at, 1000 * at + 1000)).ids,
  ]);
  assert.deepEqual([...vocabulary.tokenize(word).ids], pieces.flat());
  assert.equal(vocabulary.decode(vocabulary.tokenize(word).ids), word);
  const long = unbroken("ACGT", 400_000);
  assert.equal(vocabulary.decode(vocabulary.tokenize(long).ids), long);
});

test("names of special tokens in a text are text; only a prompt has the tokens", async () => {
  const said = "the [MASK] and [PAD] [SEP] [UNK] <mask> </s> <s> <|endoftext|>";
  for (const kind of ["wordpiece", "bpe"] as const) {
    const vocabulary = vocabularyOf(await trainTokenizer([...CORPUS, said, said], { kind }), 64);
    const { ids } = vocabulary.tokenize(said);
    assert.deepEqual(
      [...ids].filter((id) => vocabulary.isSpecial(id)),
      [],
      kind,
    );
    const spaceless = (text: string) => text.replaceAll(/\s/g, "").toLowerCase();
    assert.equal(spaceless(vocabulary.decode(ids)), spaceless(said));
    const mask = kind === "bpe" ? "<mask>" : "[MASK]";
    assert.ok(vocabulary.parse(`the ${mask}`).includes(vocabulary.mask!));
  }
});

test("a text of which nothing is known would be the same as any other: it is not embedded", async () => {
  const files = { "tokenizer.json": await trainTokenizer(CORPUS, { kind: "wordpiece" }) };
  const modality = buildTexts(TextOptions.parse({ maxLength: 16 }), files);
  const why = (text: string) => modality.unseen(modality.tensors({ text }));
  assert.match(why("\u0e01\u0e02\u0e04 \u0e07") ?? "", /none of its characters are known/);
  assert.match(why("\u200b") ?? "", /none of its characters are known/);
  assert.equal(why("the sea"), undefined);
  assert.equal(why("\u0e01\u0e02 sea"), undefined);
});
