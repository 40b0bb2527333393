import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import type { Source } from "../../../src/data/source.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { cropAndDelete } from "../../../src/modalities/text/augment.ts";
import { text } from "../../../src/modalities/text/index.ts";
import type { Text } from "../../../src/modalities/text/text.ts";
import { isTokenized, type TokenizedText } from "../../../src/modalities/text/text.ts";
import { trainTokenizer } from "../../../src/modalities/text/tokenizers/train.ts";
import { vocabularyOf } from "../../../src/modalities/text/vocabulary.ts";
import { isWindowIndex, windowsOf } from "../../../src/modalities/text/windows.ts";
import { CORPUS } from "./corpus.ts";

const json = await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: true });
const LENGTH = 12;
const vocabulary = vocabularyOf(json, LENGTH);

const given = (texts: readonly string[]): Source<Text> => ({
  length: texts.length,
  name: (index) => `text ${index}`,
  read: async (index) => ({ text: texts[index]! }),
  manifest: undefined,
  close: async () => undefined,
});

async function windows(source: Source<Text>): Promise<TokenizedText[]> {
  const samples = await Promise.all(Array.from({ length: source.length }, (_, index) => source.read(index)));
  return samples.filter(isTokenized);
}

const tokensOf = (texts: readonly string[]) => texts.map((own) => [...vocabulary.tokenize(own).ids]);

test("without packing, a window holds tokens of one text, and all windows hold all of them", async () => {
  const texts = [...CORPUS.slice(0, 20), "", "the sea"];
  const source = await windowsOf(given(texts), vocabulary, false);
  const found = await windows(source);
  assert.ok(found.every(({ ids }) => ids.length > 0 && ids.length <= LENGTH - 2));
  assert.deepEqual(
    found.flatMap(({ ids }) => [...ids]),
    tokensOf(texts).flat(),
  );
  const parts = tokensOf(texts).map((ids) => Math.ceil(ids.length / (LENGTH - 2)));
  assert.equal(
    found.length,
    parts.reduce((sum, count) => sum + count, 0),
  );
  await source.close();
});

test("packed, every window but the last is full, and [SEP] separates texts", async () => {
  const texts = CORPUS.slice(0, 20);
  const source = await windowsOf(given(texts), vocabulary, true);
  const found = await windows(source);
  assert.ok(found.slice(0, -1).every(({ ids }) => ids.length === LENGTH - 2));
  const { end } = vocabulary.ids;
  assert.deepEqual(
    found.flatMap(({ ids }) => [...ids]),
    tokensOf(texts).flatMap((ids, at) => (at === 0 ? ids : [end, ...ids])),
  );
  await source.close();
});

test("a window knows whether its text continues after it", async () => {
  const texts = ["the sea left", CORPUS.slice(0, 5).join(" "), "a city"];
  const lengths = tokensOf(texts).map((ids) => ids.length);
  assert.ok(lengths[1]! > 2 * LENGTH);
  for (const pack of [false, true]) {
    const source = await windowsOf(given(texts), vocabulary, pack);
    // Where texts end, counted in tokens, with one between two texts of a packed corpus.
    const ends = new Set(
      lengths.map((_, at) => lengths.slice(0, at + 1).reduce((sum, length) => sum + length, 0) + (pack ? at : 0)),
    );
    let read = 0;
    for (const sample of await windows(source)) {
      read += sample.ids.length;
      assert.equal(sample.isCut, !ends.has(read));
      assert.equal(vocabulary.tokens(sample).isCut, sample.isCut);
    }
    assert.equal(read, Math.max(...ends));
    await source.close();
  }
  assert.equal(vocabulary.tokens({ text: texts[1]! }).isCut, true);
  assert.equal(vocabulary.tokens({ text: texts[0]! }).isCut, false);
});

test("sentences start where they start in the texts", async () => {
  const source = await windowsOf(given(["The sea left. The ship saw.", "A city."]), vocabulary, true);
  const found = await windows(source);
  const starts = found.flatMap(({ ids, sentences }) => [...sentences].map((at) => vocabulary.token(ids[at]!)));
  assert.deepEqual(starts, ["the", "the", "a"]);
  const { sentences } = vocabulary.tokens(found[0]!);
  assert.deepEqual([...sentences], [1, 5, 10]);
  await source.close();
});

test("a window's file is read again from its manifest, and goes away with the source", async () => {
  const source = await windowsOf(given(CORPUS), vocabulary, true);
  const { manifest } = source;
  assert.ok(isWindowIndex(manifest));
  const again = await text.reopen(structuredClone(manifest));
  assert.deepEqual(await again.read(7), await source.read(7));
  await again.close();
  await access(manifest.path);
  await source.close();
  await assert.rejects(access(manifest.path), /ENOENT/);
  await assert.rejects(windowsOf(given(["", " "]), vocabulary, false), UserError);
});

test("a view is a crop with tokens left out, in order, and sentences stay with their tokens", () => {
  const ids = Int32Array.from({ length: 100 }, (_, at) => 1000 + at);
  const sentences = Int32Array.of(0, 30, 60, 90);
  for (let seed = 0; seed < 50; seed++) {
    const view = cropAndDelete({ ids, sentences }, { cropMin: 0.5, deletion: 0.2 }, new Rng(seed));
    assert.ok(view.ids.length >= 1 && view.ids.length <= 100);
    assert.ok(view.ids.every((id, at) => at === 0 || id > view.ids[at - 1]!));
    assert.ok(view.ids.at(-1)! - view.ids[0]! < 100);
    for (const at of view.sentences) {
      const start = [...sentences].filter((position) => 1000 + position <= view.ids[at]!).at(-1)!;
      assert.ok(at === 0 || view.ids[at - 1]! < 1000 + start);
    }
  }
  const same = cropAndDelete({ ids, sentences }, { cropMin: 1, deletion: 0 }, new Rng(1));
  assert.deepEqual(same, { ids, sentences });
  const short = cropAndDelete(
    { ids: ids.subarray(0, 1), sentences: Int32Array.of(0) },
    { cropMin: 0.5, deletion: 0.9 },
    new Rng(2),
  );
  assert.equal(short.ids.length, 1);
});
