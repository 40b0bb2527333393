import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { float32 } from "../../src/array/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/interop/safetensors.ts";
import { autodidact, inFolder } from "../support/cli.ts";

const SENTENCES = ["The cat sat on the mat.", "A dog ran in the park.", "My bird sang from a tree."];

test("tokenize, complete and perplexity with a tokenizer that keeps capitals", () =>
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
    fine("text", "tokenize", corpus, "--kind", "bpe", "--out", tokenizer);
    const tiny = "--method causal-lm --width 16 --depth 1 --heads 2 --max-length 16 --epochs 80 --batch-size 16";
    const small = [...tiny.split(" "), "--workers", "0", "--learning-rate", "0.01", "--out", run];
    const refused = autodidact("pretrain", corpus, "--tokenizer", tokenizer, "--no-lowercase", ...small);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /bpe\.json: is learned already/);
    fine("pretrain", corpus, "--tokenizer", tokenizer, ...small);

    assert.match(fine("text", "complete", run, "The cat", "--temperature", "0"), /^The cat sat on the mat\./);
    const told = JSON.parse(fine("text", "perplexity", run, corpus, "--train", corpus, "--json"));
    assert.equal(told.kind, "next");
    assert.ok(told.perplexity > 1 && told.perplexity < told.unigram.perplexity, JSON.stringify(told));
    const shown = fine("text", "perplexity", run, corpus, "--samples", "5");
    assert.match(
      shown,
      /accuracy +perplexity\ncausal-lm +\d+\.\d % +\d+\.\d\n\d\.\d{3} bits per byte; .* of 5 samples/,
    );
    const none = autodidact("text", "perplexity", run, join(folder, "none.txt"));
    assert.equal(none.code, 2);
    assert.match(none.stderr, /none\.txt/);
  }));

test("pretrain --from a Hugging Face folder takes its vocabulary, its weights and its head", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeFile(at("corpus.txt"), Array.from({ length: 60 }, (_, index) => SENTENCES[index % 3]).join("\n\n"));
    const fine = (...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };
    const learn = ["pretrain", at("corpus.txt"), "--method", "bert", "--workers", "0", "--batch-size", "16"];
    const tiny = "--width 16 --depth 1 --heads 2 --max-length 16 --epochs 60 --learning-rate 0.01".split(" ");
    fine(...learn, ...tiny, "--out", at("first"));
    fine("export", at("first"), "--out", at("model"));

    // As some published files, padded for a GPU: more embedding rows than the tokenizer has tokens.
    const config = JSON.parse(await readFile(at("model/config.json"), "utf8"));
    const { tensors } = await readSafetensors(at("model/model.safetensors"));
    const rows = 128;
    assert.ok(config.vocab_size < rows);
    const padded = [...tensors].map(([name, tensor]) => {
      if (!/word_embeddings|predictions\.(decoder|bias)/.test(name)) return [name, tensor] as const;
      const data = new Float32Array((tensor.data.length / config.vocab_size) * rows).fill(9);
      data.set(tensor.data);
      return [name, float32(data, [rows, ...tensor.shape.slice(1)])] as const;
    });
    await writeSafetensors(at("model/model.safetensors"), padded);
    await writeFile(at("model/config.json"), JSON.stringify({ ...config, vocab_size: rows }));

    const more = "--max-length 16 --epochs 1 --learning-rate 1e-9 --weight-decay 0".split(" ");
    fine(...learn, "--from", at("model"), ...more, "--out", at("second"));
    const told = (run: string) =>
      JSON.parse(fine("text", "perplexity", at(run), at("corpus.txt"), "--json")).perplexity;
    const [first, second] = [told("first"), told("second")];
    assert.ok(first < config.vocab_size / 2, `${first}`);
    assert.ok(Math.abs(second / first - 1) < 1e-3, `${second}, and ${first} at first`);
  }));
