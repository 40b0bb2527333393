/** What a run on pairs is used for: recall, classes by words, search from one side to the other. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { scalar, type Tensor } from "../../../src/array/index.ts";
import {
  classificationTable,
  classify,
  embed,
  evaluatePairs,
  openRun,
  pairEvaluationTable,
  pretrain,
  type Run,
  search,
  UserError,
} from "../../../src/index.ts";
import { readEmbeddings } from "../../../src/interop/parquet.ts";
import { trainOnKinds, writeKinds } from "../../fixtures/clip-run.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
const at = (name: string) => join(folder, name);
let run: Run;
let data: string;

before(async () => {
  data = await writeKinds(folder);
  await trainOnKinds(data, at("run"));
  run = await openRun(at("run"));
});
after(() => rm(folder, { recursive: true, force: true }));

const refused = (work: Promise<unknown>, pattern: RegExp) =>
  assert.rejects(work, (error) => error instanceof UserError && pattern.test(error.message));

test("both sides find each other better than chance and untrained do, and a page shows it", async () => {
  const html = at("page.html");
  const stages = new Set<string>();
  const evaluation = await evaluatePairs({ run, data, html, onProgress: (stage) => stages.add(stage) });
  assert.equal(evaluation.part, "the test part by column split");
  assert.deepEqual([evaluation.data.used, evaluation.data.keys, evaluation.data.broken], [16, 8, 0]);
  assert.deepEqual(
    evaluation.directions.map(({ from, to, queries, candidates }) => [from, to, queries, candidates]),
    [
      ["text", "image", 32, 16],
      ["image", "text", 16, 32],
      ["image", "image", 16, 15],
    ],
  );
  for (const { from, to, scores } of evaluation.directions) {
    const of = (role: string) => scores.find((score) => score.role === role)!.recall;
    assert.ok(of("pretrained")[1]! > 0.7, JSON.stringify(scores));
    // Images of one kind are alike to any encoder.
    if (from !== to) assert.ok(of("untrained")[1]! < 0.5);
    assert.ok(Math.abs(of("chance")[1]! - 1 / 8) < 0.07);
  }
  // The test part was held out from training.
  assert.doesNotMatch(evaluation.notes.join(" "), /was trained on/);
  assert.ok(stages.has("reading and embedding pairs"));
  const table = pairEvaluationTable(evaluation);
  assert.match(table, /text → image +recall@1 +recall@5 +recall@10 +median rank\nchance level +12\.5 %/);
  const page = await readFile(html, "utf8");
  assert.ok(page.includes("a small red square") && page.includes('<figure class="hit">'));
  assert.match(page, /<table class="matrix">/);
});

test("within a column's values candidates are fewer, and every value is given", async () => {
  const { directions, within } = await evaluatePairs({ run, data, split: "all", within: "set" });
  assert.equal(within, "set");
  const [{ scores, candidates } = assert.fail()] = directions;
  assert.equal(candidates, 40);
  const { each = {}, recall } = scores.at(-1)!;
  assert.deepEqual(Object.keys(each), ["first", "second"]);
  assert.ok(Math.abs(recall[1]! - (each.first!.recall[1]! + each.second!.recall[1]!) / 2) < 1e-9);
  await refused(evaluatePairs({ run, data, within: "artist" }), /--within artist: .*pairs\.csv has no such column/);
});

test("parts are those of the column, or drawn; what is none is refused", async () => {
  const training = await evaluatePairs({ run, data, split: "train" });
  assert.equal(training.data.used, 64);
  assert.match(training.notes.join(" "), /The run was trained on all of these data: on the train part by column split/);
  const all = await evaluatePairs({ run, data, split: "all" });
  assert.match(all.notes.join(" "), /The run was trained on 64 of these 80 pairs\./);
  const drawn = await evaluatePairs({ run, data, split: "random", seed: 1 });
  assert.equal(drawn.split?.sizes.test, drawn.data.used);
  const plain = at("plain.csv");
  const lines = (await readFile(data, "utf8")).trim().split("\n");
  await writeFile(plain, lines.map((line) => line.split(",").slice(0, 2).join(",")).join("\n"));
  assert.equal((await evaluatePairs({ run, data: plain })).part, "all pairs");
  await refused(evaluatePairs({ run, data: plain, split: "test" }), /--split test: the data have no column split/);
});

test("classes are told by words alone, with the accuracy where samples have labels", async () => {
  const out = at("classes.csv");
  const colours = ["red", "green", "blue", "yellow"];
  const templates = ["a small {} square", "a large {} square"];
  const result = await classify({ run, data: at("photos"), classes: colours, templates, out, top: 2 });
  assert.deepEqual(result.columns, ["path", "prediction", "probability", "prediction_2", "probability_2", "label"]);
  const { labelled, scores } = result.accuracy!;
  assert.equal(labelled, 16);
  const accuracy = Object.fromEntries(scores.map(({ role, accuracy: share }) => [role, share]));
  assert.equal(accuracy.majority, 0.25);
  assert.ok(accuracy.pretrained! > 0.8 && accuracy.untrained! < 0.7, JSON.stringify(accuracy));
  const rows = (await readFile(out, "utf8")).trim().split("\n");
  assert.equal(rows.length, 17);
  for (const { probability, top } of result.predictions) {
    assert.ok(probability > 0.25 && probability <= 1);
    assert.ok(top![0]!.probability >= top![1]!.probability);
  }
  assert.match(classificationTable(result), /majority class +25\.0 %/);

  // Classes are those of the labels; of pairs, the images of one part.
  const ofPairs = await classify({ run, data, split: "test" });
  assert.deepEqual(
    ofPairs.classes.map(({ name }) => name),
    ["blue", "green", "red", "yellow"],
  );
  assert.equal(ofPairs.predictions.length, 16);
  // They were held out from training.
  assert.doesNotMatch(ofPairs.notes.join(" "), /was trained on/);
  // Labels of other names are not measured.
  const others = await classify({ run, data: at("photos"), classes: ["small", "large"] });
  assert.equal(others.accuracy, undefined);
  assert.match(others.notes.join(), /labels that are not among the classes are not measured: blue, green/);
  await refused(classify({ run, data: at("photos"), classes: ["red", "ψψψ"] }), /class "ψψψ": /);
});

/** The run as if `siglip` had learned its temperature, and this bias. */
const asSiglip = (bias: number): Run => ({
  ...run,
  config: { ...run.config, method: { ...run.config.method, name: "siglip" } },
  methodParams: { ...run.methodParams, logitBias: scalar(bias) },
});

test("probabilities are the method's: of siglip each class by itself, with the bias", async () => {
  const classes = ["red", "green", "blue", "yellow"];
  const bias = -3;
  const [shared, own] = await Promise.all(
    [run, asSiglip(bias)].map((one) => classify({ run: one, data: at("photos"), classes, top: 4 })),
  );
  const scale = Math.exp(Number((run.methodParams.logitScale as Tensor).data[0]));
  const words = await Promise.all(
    classes.map((word) =>
      search({ run, query: word, in: at("photos"), top: 16 }).then((found) => [word, found] as const),
    ),
  );
  const cosine = (word: string, path: string) => new Map(words).get(word)!.find((one) => one.path === path)!.similarity;
  for (const [row, { path, top = [] }] of own!.predictions.entries()) {
    for (const { prediction, probability } of top)
      assert.ok(
        Math.abs(probability - 1 / (1 + Math.exp(-(scale * cosine(prediction, path) + bias)))) < 1e-4,
        `${path} ${prediction} ${probability}`,
      );
    const sum = classes.reduce((total, word) => total + Math.exp(scale * cosine(word, path)), 0);
    const softmax = shared!.predictions[row]!;
    assert.equal(softmax.prediction, top[0]!.prediction);
    assert.ok(Math.abs(softmax.probability - Math.exp(scale * cosine(softmax.prediction, path)) / sum) < 1e-4);
  }
});

test("the nearest class is predicted, also where probabilities of several are rounded to 1", async () => {
  const classes = ["green", "yellow", "blue", "red"];
  const [shared, rounded] = await Promise.all(
    [run, asSiglip(100)].map((one) => classify({ run: one, data: at("photos"), classes, top: 4 })),
  );
  for (const [row, { probability, top = [] }] of rounded!.predictions.entries()) {
    assert.equal(probability, 1);
    assert.deepEqual(
      top.map(({ prediction }) => prediction),
      shared!.predictions[row]!.top!.map(({ prediction }) => prediction),
    );
  }
});

test("images are found by words, texts by an image, images by an image", async () => {
  const photos = at("photos");
  const found = await search({ run, query: "a large blue square", in: photos, top: 2, html: at("found.html") });
  for (const { path } of found) assert.match(path, /^blue\//);
  assert.ok((await readFile(at("found.html"), "utf8")).includes("<blockquote>a large blue square</blockquote>"));
  const image = join(photos, found[0]!.path);
  // The other side of pairs; the second caption of a pair has a number.
  const [text] = await search({ run, query: image, in: data, top: 1 });
  assert.match(text!.text!, /large blue|blue large/);
  await refused(search({ run, query: " ", in: photos }), /the query is empty/);
  await refused(search({ run, query: "photos/aple.png", in: photos }), /photos\/aple\.png: no such file/);
  const [likeness] = await search({ run, query: image, in: photos, top: 1 });
  assert.ok(likeness!.similarity > 0.999);
  const texts = await search({ run, query: "large blue", in: data, side: "text", top: 20 });
  // Eight kinds with a caption and a title each: no text is found twice, also where all there are are looked at.
  const allTexts = await search({ run, query: "large blue", in: data, side: "text", top: 200 });
  assert.equal(allTexts.length, 16);
  for (const some of [texts, allTexts]) assert.equal(new Set(some.map(({ text: shown }) => shown)).size, some.length);
  assert.ok(texts.some(({ path, text: shown }) => path.endsWith("#2") && shown === "blue large"));
});

test("one side is embedded in the shared space, and its file searched from either; whole pairs are none", async () => {
  const [sides, whole] = [at("sides.parquet"), at("whole.parquet")];
  assert.deepEqual(
    await embed({ run, data, side: "image", out: sides }).then(({ rows, dim }) => [rows, dim]),
    [80, 16],
  );
  const { metadata } = await readEmbeddings(sides);
  assert.equal(metadata.side, "image");
  const found = await search({ run, query: "a small yellow square", in: sides, top: 3 });
  for (const { path } of found) assert.equal(Number(/(\d+)\.png/.exec(path)![1]) % 8, 3, path);
  assert.equal((await embed({ run, data: at("photos"), out: at("photos.parquet") })).dim, 16);
  assert.equal((await embed({ run, data, out: whole })).dim, 32);
  await refused(search({ run, query: "red", in: whole }), /vectors of width 32.* one side: autodidact embed .* --side/);
  await refused(search({ run, query: "red", in: sides, side: "text" }), /vectors of the side image; embed again/);
  await refused(
    search({ run, query: "red", in: data, side: "sound" }),
    /--side sound: .*whose sides are image and text/,
  );
});

test("a run on one kind of data searches data, too; what needs pairs refuses it", async () => {
  const photos = await pretrain({
    ...{ data: at("images"), out: at("photos-run"), method: "simclr", encoder: "resnet" },
    ...{ encoderOptions: { layers: "8", width: 4 }, modalityOptions: { imageSize: 16 } },
    training: { epochs: 1, batchSize: 16, workers: 0, threads: 1 },
  });
  const query = at("images/3.png");
  const found = await search({ run: photos, query, in: at("images"), top: 2 });
  // Another may be the same drawing.
  assert.ok(found.some(({ path, similarity }) => path === "3.png" && similarity > 0.999));
  await refused(search({ run: photos, query, in: at("images"), side: "text" }), /--side text: .* not on pairs/);
  const vectors = at("photos-run.parquet");
  await embed({ run: photos, data: at("images"), out: vectors });
  await refused(search({ run: photos, query, in: vectors, side: "text" }), /--side text: .* not on pairs/);
  await refused(evaluatePairs({ run: photos, data }), /a run on image data, not on pairs of two kinds of data/);
  await refused(classify({ run: photos, data, classes: ["red", "blue"] }), /a run on image data, not on pairs/);
});

test("data that the run was trained on are read by the run's columns", async () => {
  const titles = await pretrain({
    ...{ data, column: "title", by: "path", out: at("titles"), method: "clip", encoder: "towers" },
    modalityOptions: { imageSize: 16, maxLength: 16 },
    encoderOptions: {
      ...{ image: "resnet", imageLayers: "8", imageWidth: 4, dim: 8 },
      ...{ textWidth: 8, textDepth: 1, textHeads: 2 },
    },
    training: { epochs: 1, batchSize: 40, workers: 0, threads: 1 },
  });
  const { data: used, directions } = await evaluatePairs({ run: titles, data, split: "all" });
  assert.deepEqual([used.used, used.keys], [80, 80]);
  assert.equal(directions.find(({ from }) => from === "text")!.queries, 80);
  const found = await search({ run: titles, query: "red", in: data, side: "text", top: 40 });
  for (const { text: shown } of found) assert.match(shown!, /^\w+ \w+$/);
  // Others are read as they are, or as the options say.
  assert.equal(
    (await evaluatePairs({ run: titles, data, split: "all", column: "caption,title" })).directions[0]!.queries,
    160,
  );
});
