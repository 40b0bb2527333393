import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Rng } from "../../../src/array/index.ts";
import { offerOf, vocabulary } from "../../../src/data/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { embed, evaluate, inspect, openRun, type PretrainOptions, pretrain, search } from "../../../src/index.ts";
import { readEmbeddings } from "../../../src/interop/parquet.ts";
import { text } from "../../../src/modalities/text/index.ts";
import { trainTokenizer } from "../../../src/modalities/text/tokenizers/train.ts";
import { inFolder } from "../../support/cli.ts";
import { CORPUS } from "./corpus.ts";

const ENCODER = fileURLToPath(new URL("../../fixtures/text/encoder.ts", import.meta.url));

const choices = (folder: string, rest: Partial<PretrainOptions> = {}): PretrainOptions => ({
  data: join(folder, "corpus.txt"),
  out: join(folder, "run"),
  method: "simclr",
  encoder: ENCODER,
  modalityOptions: { maxLength: 24 },
  training: { epochs: 2, batchSize: 32, workers: 1, logEvery: 1, warmupEpochs: 0, learningRate: 0.05 },
  ...rest,
});

const writeCorpus = (folder: string) => writeFile(join(folder, "corpus.txt"), `${CORPUS.join("\n")}\n`);

test("a run learns from a text file, keeps its tokenizer, and may be moved and resumed", () =>
  inFolder(async (folder) => {
    await writeCorpus(folder);
    const notes: string[] = [];
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const options = choices(folder, { signal: stop.signal, onProgress, onNote: (note) => notes.push(note) });
    const begun = await pretrain(options);
    assert.equal(begun.step, 1);
    assert.match(notes.join("\n"), /learned a vocabulary of \d+ tokens \(wordpiece\)/);
    assert.match(notes.join("\n"), /samples of at most 24 tokens, from 400 texts/);
    const config = JSON.parse(await readFile(join(folder, "run", "config.json"), "utf8"));
    assert.match(config.modality.files["tokenizer.json"], /^[0-9a-f]{64}$/);
    assert.equal(config.modality.options.pack, true);
    assert.equal(config.data.entries, 400);

    const moved = join(folder, "moved");
    await rename(join(folder, "run"), moved);
    const resumed = await pretrain({ data: options.data, out: moved, resume: true });
    const whole = await pretrain(choices(folder));
    const losses = async (run: typeof whole) => (await run.metrics()).map(({ loss }) => loss);
    assert.deepEqual(await losses(resumed), await losses(whole));
    assert.ok((await losses(whole)).length > 10);
    assert.equal(offerOf(whole.modality, vocabulary)?.size, offerOf(resumed.modality, vocabulary)?.size);

    const report = await inspect(moved);
    assert.ok(report.kind === "run" && report.config.modality.files === undefined);
    const tokenizer = join(moved, "tokenizer.json");
    const json = await readFile(tokenizer, "utf8");
    await writeFile(tokenizer, json.replace("lobster", "lobsters"));
    await assert.rejects(openRun(moved), (error) => error instanceof UserError && /has changed/.test(error.message));
  }));

test("a method of whole texts does not pack them, also when it begins with a run that did", () =>
  inFolder(async (folder) => {
    await writeCorpus(folder);
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const small = { encoder: "transformer", encoderOptions: { width: 8, depth: 1, heads: 2 } };
    const language = choices(folder, { ...small, method: "bert", signal: stop.signal, onProgress });
    const run = await pretrain(language);
    assert.equal(run.config.modality.options.pack, true);
    const begun = { ...small, out: join(folder, "simcse"), method: "simcse", from: run.path, modalityOptions: {} };
    const again = new AbortController();
    const { config } = await pretrain(
      choices(folder, { ...begun, signal: again.signal, onProgress: () => again.abort() }),
    );
    assert.equal(config.modality.options.pack, false);
    assert.equal(config.modality.options.maxLength, run.config.modality.options.maxLength);
    assert.equal(config.encoder.options.dropout, 0.1);
  }));

test("each row of a table is a sample; rows are embedded, searched and shown", () =>
  inFolder(async (folder) => {
    const rows = CORPUS.slice(0, 120).map((own, at) => `${at % 2},"${own}"`);
    const data = join(folder, "corpus.csv");
    await writeFile(data, `kind,body\n${rows.join("\n")}\n`);
    const columns = { column: "body", labelColumn: "kind" };
    const run = await pretrain(choices(folder, { data, ...columns }));
    assert.equal(run.config.modality.options.pack, false);
    const out = join(folder, "all.parquet");
    const { rows: count } = await embed({ run, data, out, ...columns });
    assert.equal(count, 120);
    const { labels, paths } = await readEmbeddings(out);
    assert.deepEqual(labels?.slice(0, 2), ["0", "1"]);
    assert.equal(paths[0], "corpus.csv:2");
    const html = join(folder, "page.html");
    const found = await search({ run, query: CORPUS[7]!, in: out, top: 3, html });
    assert.equal(found[0]?.path, "corpus.csv:9");
    assert.ok(found[0]?.text?.startsWith(CORPUS[7]!.slice(0, 60)));
    assert.ok(Math.abs(found[0]!.similarity - 1) < 1e-5);
    const page = await readFile(html, "utf8");
    assert.equal(page.split("<blockquote>").length, 5);
    assert.ok(page.includes(CORPUS[7]!.slice(0, 60)));
    const unseen = join(folder, "unseen.csv");
    await writeFile(unseen, (await readFile(data, "utf8")).split("\n").slice(0, 41).join("\n"));
    const { contestants, outputs } = await evaluate({
      run,
      train: data,
      test: unseen,
      ...columns,
      fromScratch: { steps: 3 },
    });
    assert.deepEqual(outputs, ["0", "1"]);
    assert.deepEqual(
      contestants.map(({ name }) => name),
      ["pretrained", "same encoder, untrained", "TF-IDF", "trained from scratch"],
    );
    await assert.rejects(embed({ run, data, out }), /no column "text"; there are: kind, body/);
  }));

test("a tokenizer of the user's is used as it is; one of another size is refused", () =>
  inFolder(async (folder) => {
    await writeCorpus(folder);
    const tokenizer = join(folder, "own.json");
    const json = await trainTokenizer(CORPUS, { kind: "bpe", vocabularySize: 280, lowercase: false });
    await writeFile(tokenizer, json);
    const training = { epochs: 1, batchSize: 64, workers: 0, learningRate: 0.01 };
    const run = await pretrain(choices(folder, { modalityOptions: { tokenizer, maxLength: 64 }, training }));
    assert.equal(offerOf(run.modality, vocabulary)?.size, 280);
    assert.equal(await readFile(join(folder, "run", "tokenizer.json"), "utf8"), json);
    const other = choices(folder, { modalityOptions: { tokenizer, vocabularySize: 300 }, out: join(folder, "other") });
    await assert.rejects(pretrain(other), /own\.json: has 280 tokens, not the 300/);
    await assert.rejects(
      pretrain(choices(folder, { modalityOptions: { tokenizer: join(folder, "none.json") }, out: other.out })),
      /none\.json: could not be read/,
    );
  }));

test("tensors are ids and mask; a view is another text; the text itself is its light view", async () => {
  const files = { "tokenizer.json": await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: true }) };
  const modality = text.build(text.options.parse({ maxLength: 16 }), files);
  const sample = { text: CORPUS[3]! };
  const { ids, mask } = modality.tensors(sample);
  assert.deepEqual(ids?.shape, [16]);
  assert.deepEqual(modality.specs, { ids: { dtype: "int32", shape: [16] }, mask: { dtype: "int32", shape: [16] } });
  assert.equal(
    [...(mask?.data ?? [])].filter((one) => one === 1).length,
    Math.min(16, modality.vocabulary.parse(sample.text).length + 2),
  );
  const view = modality.augment(sample, new Rng(1));
  assert.notDeepEqual(modality.tensors(view), modality.tensors(sample));
  assert.equal(modality.perturb(sample), sample);
  assert.deepEqual(modality.show({ text: "a\n b " }), { text: "a b" });
  assert.throws(() => text.build(text.options.parse({})), /no tokenizer\.json/);
});
