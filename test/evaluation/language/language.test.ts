import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Rng, type Tensor, tree } from "../../../src/array/index.ts";
import type { Source } from "../../../src/data/index.ts";
import { complete, draw } from "../../../src/evaluation/language/complete.ts";
import { evaluateLanguage } from "../../../src/evaluation/language/language.ts";
import { tfIdf } from "../../../src/modalities/text/tf-idf.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import type { Run } from "../../../src/training/run/run.ts";
import { toyText } from "../../methods/toy-text.ts";

let folder = "";
let masked: Run;
let causal: Run;
/** Every text is one of four, so that a token follows from its context. */
const SENTENCES = [
  "the cat sat on the mat",
  "a dog ran in the park",
  "my bird sang from a tree",
  "our fish swam under the bridge",
];
const base = {
  modality: "text",
  encoderOptions: { width: 32, depth: 1, heads: 2 },
  modalityOptions: { maxLength: 12, pack: false },
} as const;
const training = {
  epochs: 40,
  batchSize: 16,
  learningRate: 5e-3,
  warmupEpochs: 1,
  workers: 0,
  threads: 1,
  checkpointEvery: 1000,
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-words-"));
  const lines = globalThis.Array.from({ length: 64 }, (_, index) => SENTENCES[index % 4]);
  await writeFile(join(folder, "train.csv"), `text\n${lines.join("\n")}\n`);
  const data = join(folder, "train.csv");
  masked = await pretrain({ ...base, data, out: join(folder, "bert"), method: "bert", training });
  causal = await pretrain({ ...base, data, out: join(folder, "gpt"), method: "causal-lm", training });
});
after(() => rm(folder, { recursive: true, force: true }));

test("a masked model fills the gap in a sentence that it was trained on", async () => {
  const { masks, text } = await complete({ run: masked, text: "the cat sat on the [MASK]", top: 3 });
  assert.equal(masks?.length, 1);
  assert.equal(masks[0]!.length, 3);
  assert.equal(masks[0]![0]!.token, "mat");
  assert.equal(text, "the cat sat on the mat");
  const probabilities = masks[0]!.map(({ probability }) => probability);
  assert.deepEqual(
    probabilities,
    [...probabilities].sort((a, b) => b - a),
  );
  assert.ok(
    probabilities[0]! > 0.5 && probabilities.reduce((sum, value) => sum + value) <= 1 + 1e-6,
    `${probabilities}`,
  );
});

test("a causal model goes on as it has learned, and by the seed", async () => {
  const { text, masks } = await complete({ run: causal, text: "our fish", temperature: 0 });
  assert.equal(masks, undefined);
  assert.equal(text, "our fish swam under the bridge");
  const sampled = (seed: number) => complete({ run: causal, text: "the", temperature: 3, topK: 0, seed, tokens: 6 });
  assert.deepEqual(await sampled(1), await sampled(1));
  const several = await Promise.all([1, 2, 3, 4].map(sampled));
  assert.ok(new Set(several.map((one) => one.text)).size > 1);
});

test("tokens are drawn by their probabilities, sharpened by the temperature, among the top k", () => {
  const row = Float32Array.from([0.5, 0.25, 0.2, 0.05], Math.log);
  const counts = (temperature: number, topK: number) => {
    const rng = new Rng(3);
    const found = new Float64Array(4);
    for (let i = 0; i < 4000; i++) found[draw(row, (id) => id !== 2, { temperature, topK, rng })]! += 1 / 4000;
    return [...found];
  };
  const near = (measured: number[], expected: number[]) =>
    measured.forEach((share, id) => {
      assert.ok(Math.abs(share - expected[id]!) < 0.04, `${measured}, not ${expected}`);
    });
  near(counts(1, 0), [0.5 / 0.8, 0.25 / 0.8, 0, 0.05 / 0.8]);
  near(counts(1, 2), [2 / 3, 1 / 3, 0, 0]);
  near(counts(0.5, 2), [0.8, 0.2, 0, 0]);
  assert.ok(counts(0, 0)[0]! > 0.999);
});

test("texts that cannot be completed get one clear line", async () => {
  await assert.rejects(complete({ run: masked, text: "the cat sat" }), { name: "UserError", message: /put \[MASK\]/ });
  await assert.rejects(complete({ run: masked, text: "the cat ".repeat(9) }), {
    name: "UserError",
    message: /18 tokens.*10/,
  });
});

test("sentences of the training data are predicted better than by counting, every token once", async () => {
  const data = join(folder, "train.csv");
  for (const run of [masked, causal]) {
    const result = await evaluateLanguage({ run, data, train: data, samples: 8 });
    assert.equal(result.samples, 8);
    assert.ok(
      result.accuracy > result.bigram!.accuracy && result.bigram!.accuracy > result.unigram!.accuracy,
      JSON.stringify(result),
    );
    // Pairs counted in these very texts are nearly certain of the next word; less certain is a fair model's due.
    assert.ok(result.perplexity < result.unigram!.perplexity && result.bigram!.perplexity < result.unigram!.perplexity);
    assert.ok(result.perplexity >= 1 && result.bitsPerByte > 0);
    // Six tokens per text; a causal model also predicts the end.
    if (result.kind === "masked") assert.equal(result.words, 48);
    else assert.equal(result.words, 8 * 7);
    const bytes = result.bitsPerByte;
    const bits = (result.words * Math.log2(result.perplexity)) / bytes;
    assert.ok(bits > 8 * 20 && bits < 8 * 31, `${bits} bytes`);
  }
});

test("unknown tokens are predicted too, and their bytes count", async () => {
  const data = join(folder, "unknown.csv");
  const texts = ["the cat sat on the 日本", "a 日本 ran in the park"];
  await writeFile(data, `text\n${texts.join("\n")}\n`);
  const bytes = Buffer.byteLength(texts.join(""));
  const tokens = 2 * 7;
  for (const run of [masked, causal]) {
    const result = await evaluateLanguage({ run, data });
    // Two Chinese characters per text, a token each; a causal model also predicts the end of a text.
    assert.equal(result.words, result.kind === "masked" ? tokens : tokens + 2);
    assert.equal(result.unknown, 4 / tokens);
    const bits = result.words * Math.log2(result.perplexity);
    assert.ok(Math.abs(bits / bytes - result.bitsPerByte) < 1e-6, `${bits / bytes}, not ${result.bitsPerByte}`);
    const one = await evaluateLanguage({ run, data, samples: 1 });
    const share = one.words * Math.log2(one.perplexity);
    assert.ok(Math.abs(share / one.bitsPerByte - bytes / 2) < 1e-6, "both texts have seven tokens");
  }
});

test("pre-training goes on from a run, and refuses one of another shape", async () => {
  const data = join(folder, "train.csv");
  const start = { ...base, data, method: "bert", from: masked.path };
  const short = { ...training, epochs: 1, learningRate: 1e-9 };
  const next = await pretrain({
    ...start,
    encoderOptions: {},
    modalityOptions: {},
    out: join(folder, "next"),
    training: short,
  });
  const before_ = new Map(tree.entries<Tensor>(masked.methodParams));
  for (const [path, leaf] of tree.entries<Tensor>(next.methodParams))
    leaf.data.forEach((value, at) => {
      assert.ok(Math.abs(value - before_.get(path)!.data[at]!) < 1e-4, path);
    });
  const simcse = await pretrain({
    ...start,
    method: "simcse",
    encoderOptions: {},
    modalityOptions: {},
    out: join(folder, "simcse"),
    training: short,
  });
  assert.equal(simcse.config.encoder.options.dropout, 0.1, "the method's own need comes before what the run had");
  assert.equal(simcse.config.encoder.options.width, 32);
  assert.deepEqual(next.config.modality.files, masked.config.modality.files);
  await assert.rejects(
    pretrain({
      ...start,
      encoderOptions: { width: 16 },
      modalityOptions: {},
      out: join(folder, "other"),
      training: short,
    }),
    { name: "UserError", message: /do not match/ },
  );
});

const source = (rows: number[][]): Source<unknown> => ({
  length: rows.length,
  name: String,
  read: async (index) => rows[index],
  manifest: {},
  close: async () => undefined,
});

test("TF-IDF is scikit-learn's, of all of a text: smooth idf, rows of unit length", async () => {
  const modality = toyText({ size: 12, length: 4 });
  const texts = [
    [6, 6, 8],
    [6, 10],
    [8, 11, 11],
  ];
  const { data, dim, rows } = await (await tfIdf(modality, source(texts))).extract(source([...texts, [5]]));
  // TfidfVectorizer(analyzer=lambda x: x).fit_transform(texts), its columns in the order 6, 8, 10, 11.
  const [twice, once] = [Math.log(4 / 3) + 1, Math.log(2) + 1];
  const unit = (row: number[]) => row.map((value) => value / (Math.hypot(...row) || 1));
  const expected = [
    unit([2 * twice, twice, 0, 0]),
    unit([twice, 0, once, 0]),
    unit([0, twice, 0, 2 * once]),
    [0, 0, 0, 0],
  ];
  assert.deepEqual([rows, dim], [4, 4]);
  expected.flat().forEach((value, at) => {
    assert.ok(Math.abs(data[at]! - value) < 1e-6, `${data}`);
  });
});

test("TF-IDF keeps as many terms as fit into memory, and says so", async () => {
  const rows = source([
    [6, 6, 8],
    [6, 10],
    [8, 6, 11],
  ]);
  const all = await tfIdf(toyText({ size: 12 }), rows);
  assert.equal(all.note, undefined);
  const few = await tfIdf(toyText({ size: 12 }), rows, 2 ** 27);
  assert.match(few.note ?? "", /2 most frequent tokens instead of 4: 134,217,728 rows/);
  const { data, dim } = await few.extract(rows);
  assert.equal(dim, 2);
  assert.deepEqual([...data.subarray(2, 4)], [1, 0], "of 6 and 10 only 6 is one of the two most frequent");
});
