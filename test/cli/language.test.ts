import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder } from "../support/cli.ts";

const SENTENCES = ["The cat sat on the mat.", "A dog ran in the park.", "My bird sang from a tree."];

test("perplexity and complete, after a tokenizer that keeps capitals", () =>
  inFolder(async (folder) => {
    const [corpus, tokenizer, run] = ["corpus.txt", "bpe.json", "run"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(corpus, Array.from({ length: 60 }, (_, index) => SENTENCES[index % 3]).join("\n\n"));
    const fine = (...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };
    fine("tokenize", corpus, "--kind", "bpe", "--out", tokenizer);
    const tiny = "--method causal-lm --width 16 --depth 1 --heads 2 --max-length 16 --epochs 80 --batch-size 16";
    const small = [...tiny.split(" "), "--workers", "0", "--learning-rate", "0.01", "--out", run];
    const refused = autodidact("pretrain", corpus, "--tokenizer", tokenizer, "--no-lowercase", ...small);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /bpe\.json: is learned already/);
    fine("pretrain", corpus, "--tokenizer", tokenizer, ...small);

    assert.match(fine("complete", run, "The cat", "--temperature", "0"), /^The cat sat on the mat\./);
    const told = JSON.parse(fine("perplexity", run, corpus, "--train", corpus, "--json"));
    assert.equal(told.kind, "next");
    assert.ok(told.perplexity > 1 && told.perplexity < told.unigram.perplexity, JSON.stringify(told));
    const shown = fine("perplexity", run, corpus, "--samples", "5");
    assert.match(
      shown,
      /accuracy +perplexity\ncausal-lm +\d+\.\d % +\d+\.\d\n\d\.\d{3} bits per byte; .* of 5 samples/,
    );
    const none = autodidact("perplexity", run, join(folder, "none.txt"));
    assert.equal(none.code, 2);
    assert.match(none.stderr, /none\.txt/);
  }));
