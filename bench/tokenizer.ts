/**
 * How long a tokenizer takes to learn and to work: 10 MB of text, vocabulary 8,192, both kinds. `npm run bench:tokenizer`.
 *
 * The corpus is WikiText-2's validation and test part (2.4 MB), four times and a bit: in every copy after the first a
 * tenth of the words (drawn by seed) have two of their letters exchanged, so that new words keep coming as they do in
 * real text of that length.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "../src/array/index.ts";
import { openTexts } from "../src/modalities/text/sources/open.ts";
import { tokenize } from "../src/modalities/text/tokenizers/learn.ts";
import { vocabularyOf } from "../src/modalities/text/vocabulary.ts";
import { windowsOf } from "../src/modalities/text/windows.ts";

const DATA = process.env.AUTODIDACT_DATA ?? fileURLToPath(new URL("../../shared/data", import.meta.url));
const BYTES = 10_000_000;
const VARIED = 0.1;

const rng = new Rng(0);
const varied = (text: string) =>
  text.replaceAll(/\p{L}{4,}/gu, (word) => {
    if (!rng.chance(VARIED)) return word;
    const at = rng.integer(0, word.length - 2);
    return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
  });

const parts = await Promise.all(
  ["valid.txt", "test.txt"].map((name) => readFile(join(DATA, "wikitext-2", name), "utf8")),
);
const original = parts.join("");
let corpus = original;
while (Buffer.byteLength(corpus) < BYTES) corpus += varied(original);
const bytes = Buffer.from(corpus).subarray(0, BYTES);

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
try {
  const data = join(folder, "corpus.txt");
  await writeFile(data, bytes.subarray(0, bytes.lastIndexOf(10) + 1));
  const { size } = await stat(data);
  const results = [];
  for (const kind of ["wordpiece", "bpe"] as const) {
    const out = join(folder, `${kind}.json`);
    let began = performance.now();
    const { texts, tokens } = await tokenize({ data, out, kind, vocabularySize: 8192, lowercase: true });
    const learning = (performance.now() - began) / 1000;
    const source = await openTexts(data);
    began = performance.now();
    const windows = await windowsOf(source, vocabularyOf(await readFile(out, "utf8"), 128), true);
    const working = (performance.now() - began) / 1000;
    await windows.close();
    await source.close();
    results.push({ kind, texts, tokens, learnSeconds: learning, tokenizeSeconds: working, windows: windows.length });
    console.log(
      `${kind}: ${tokens} tokens from ${(size / 1e6).toFixed(1)} MB in ${learning.toFixed(1)} s; the corpus as tokens in ${working.toFixed(1)} s (${(size / 1e6 / working).toFixed(1)} MB/s)`,
    );
  }
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const file = new URL("results/tokenizer.json", import.meta.url);
  await writeFile(file, `${JSON.stringify({ machine, bytes: size, results }, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
