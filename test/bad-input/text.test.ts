import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CORPUS } from "../modalities/text/corpus.ts";
import { autodidact, type Ended, inFolder } from "../support/cli.ts";

const ENCODER = fileURLToPath(new URL("../fixtures/text/encoder.ts", import.meta.url));
const TINY = ["--method", "simclr", "--encoder", ENCODER, "--epochs", "1", "--batch-size", "16", "--workers", "1"];

/** The user's mistake: code 2 and one readable line, no stack trace. */
function refused({ code, stderr }: Ended, expected: RegExp): void {
  const said = stderr
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("autodidact: "));
  assert.equal(code, 2, stderr);
  assert.equal(said.length, 1, stderr);
  assert.match(said[0]!, expected);
  assert.doesNotMatch(stderr, /\n {4}at /);
}

test("texts that cannot be learned from are refused, and no run is begun", () =>
  inFolder(async (folder) => {
    const write = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const out = join(folder, "run");
    const learn = (data: string, ...more: string[]) => autodidact("pretrain", data, "--out", out, ...TINY, ...more);
    refused(
      learn(await write("latin1.txt", Buffer.from("caf\u00e9\n", "latin1"))),
      /latin1\.txt: not UTF-8: byte 3 is 0xe9/,
    );
    const unnamed = await write("latin1.foo", Buffer.from("caf\u00e9\n", "latin1"));
    refused(learn(unnamed), /latin1\.foo: kind of data not recognised; name it: --modality image or text or /);
    refused(learn(unnamed, "--modality", "text"), /latin1\.foo: not UTF-8: byte 3 is 0xe9/);
    refused(learn(join(folder, "none")), /none: could not be read \(there is no such file or folder\)/);
    refused(learn(await write("blank.txt", "\n\n \n")), /blank\.txt: no text, only empty lines/);
    refused(learn(await write("endless.txt", Buffer.alloc(17 << 20, "x"))), /does not end within 16 MiB/);
    const table = await write("table.csv", "title\na\nb\n");
    refused(learn(table), /table\.csv: no column "text"; there are: title/);
    refused(learn(table, "--column", "0"), /table\.csv: no column 0; --column counts from 1/);
    refused(learn(table, "--column", "2"), /table\.csv: no column 2; --column counts from 1, up to 1/);
    const corpus = await write("corpus.txt", CORPUS.join("\n"));
    refused(learn(corpus, "--vocabulary-size", "30000"), /vocabulary size 30000: larger than the corpus allows/);
    refused(learn(corpus, "--tokenizer", table), /table\.csv: not JSON/);
    refused(
      autodidact("pretrain", corpus, "--out", out, "--method", "mae"),
      /grid of patches, and no encoder of text data does/,
    );
    refused(learn(corpus, "--image-size", "32"), /--image-size is an option of modality image/);
    assert.ok(!(await readdir(folder)).includes("run"));
    const tokenizer = join(folder, "tokenizer.json");
    refused(
      autodidact("text", "tokenize", corpus, "--out", tokenizer, "--kind", "words"),
      /--kind words.*wordpiece, bpe/,
    );
    refused(
      autodidact("text", "tokenize", corpus, "--out", tokenizer, "--vocabulary-size", "99999"),
      /larger than the corpus/,
    );
    assert.ok(!(await readdir(folder)).includes("tokenizer.json"));
  }));

test("a start's other tokens, a missing mask token, and tokens that see too much are refused", () =>
  inFolder(async (folder) => {
    const corpus = join(folder, "corpus.txt");
    await writeFile(corpus, CORPUS.join("\n"));
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const learn = (out: string, ...more: string[]) =>
      autodidact("pretrain", corpus, "--out", out, ...TINY, "--max-length", "16", ...more);
    const started = learn(first, "--tokenizer-kind", "bpe", "--vocabulary-size", "300");
    assert.equal(started.code, 0, started.stderr);

    // As many tokens as the start's, in another order.
    const file = JSON.parse(await readFile(join(first, "tokenizer.json"), "utf8"));
    const [one = "", two = ""] = Object.keys(file.model.vocab).slice(-2);
    const vocab = { ...file.model.vocab, [one]: file.model.vocab[two], [two]: file.model.vocab[one] };
    const turned = join(folder, "turned.json");
    await writeFile(turned, JSON.stringify({ ...file, model: { ...file.model, vocab } }));
    refused(learn(second, "--from", first, "--tokenizer", turned), /first: token 298 is ".*" there and ".*" here/);
    refused(learn(second, "--from", first, "--tokenizer-kind", "bpe"), /is learned already/);

    const bert = ["--method", "bert", "--encoder", "transformer", "--width", "16", "--depth", "1", "--heads", "2"];
    refused(learn(second, ...bert, "--causal"), /method bert predicts tokens from both sides/);
    refused(
      learn(second, ...bert, "--method", "bert+simcse", "--causal", "--pooling", "mean"),
      /method bert predicts tokens from both sides/,
    );
    refused(learn(second, ...bert, "--method", "causal-lm", "--no-causal"), /method causal-lm .*add --causal/);

    const added: { content: string }[] = file.added_tokens;
    const kept = Object.keys(file.model.vocab).filter((token) => token !== "<mask>");
    const unmasked = Object.fromEntries(kept.map((token, id) => [token, id]));
    await writeFile(
      turned,
      JSON.stringify({
        ...file,
        added_tokens: added
          .filter(({ content }) => content !== "<mask>")
          .map((token) => ({ ...token, id: unmasked[token.content] })),
        model: { ...file.model, vocab: unmasked },
      }),
    );
    refused(learn(second, ...bert, "--tokenizer", turned), /method bert needs "maskToken"/);
    assert.ok(!(await readdir(folder)).includes("second"));
    const writer = learn(second, ...bert, "--method", "causal-lm", "--tokenizer", turned);
    assert.equal(writer.code, 0, writer.stderr);
    const written = autodidact("text", "complete", second, "the sea", "--tokens", "4");
    assert.equal(written.code, 0, written.stderr);
    // A start's tokenizer and how it was learned come along.
    const again = learn(join(folder, "third"), "--from", first);
    assert.equal(again.code, 0, again.stderr);
  }));

test("tokenize, pretrain, info, embed and search on texts", () =>
  inFolder(async (folder) => {
    const corpus = join(folder, "corpus.txt");
    await writeFile(corpus, CORPUS.join("\n"));
    const tokenizer = join(folder, "tokenizer.json");
    const learned = autodidact(
      "text",
      "tokenize",
      corpus,
      "--out",
      tokenizer,
      "--kind",
      "bpe",
      "--vocabulary-size",
      "300",
    );
    assert.equal(learned.code, 0, learned.stderr);
    assert.match(learned.stdout, /tokenizer\.json: 300 tokens, learned from 400 texts/);
    const info = JSON.parse(autodidact("info", corpus, "--json").stdout);
    assert.equal(info.modality, "text");
    assert.equal(info.entries, 400);
    assert.match(info.sizes.median, /^\d+ characters$/);
    const run = join(folder, "run");
    const trained = autodidact(
      "pretrain",
      corpus,
      "--out",
      run,
      ...TINY,
      "--tokenizer",
      tokenizer,
      "--max-length",
      "32",
    );
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /samples\/s/);
    const vectors = join(folder, "all.parquet");
    assert.equal(autodidact("embed", run, corpus, "--out", vectors, "--trust-code").code, 0);
    const found = autodidact("search", run, CORPUS[5]!, "--in", vectors, "--top", "2", "--json", "--trust-code");
    assert.equal(found.code, 0, found.stderr);
    assert.equal(JSON.parse(found.stdout)[0].path, "corpus.txt:6");
    refused(
      autodidact("evaluate", run, "--train", corpus, "--test", corpus, "--trust-code"),
      /no labels.*--label-column/,
    );
  }));
