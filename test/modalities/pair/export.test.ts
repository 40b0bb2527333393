/** Runs on pairs, exported and quantised as a whole and by their sides. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AutoTokenizer, CLIPTextModelWithProjection, env, pipeline } from "@huggingface/transformers";
import { exportedFeatures } from "../../../src/evaluation/smaller/shipped.ts";
import { exportRun, extractFeatures, openRun, pretrain, quantizeRun, UserError } from "../../../src/index.ts";
import { openExported } from "../../../src/interop/exported-model.ts";
import { unsealed } from "../../../src/interop/onnx-seal.ts";
import { captions } from "../../../src/modalities/pair/captions.ts";
import { pairPublisher } from "../../../src/modalities/pair/publish/index.ts";
import { writePairs } from "../../fixtures/pairs.ts";
import { autodidact } from "../../support/cli.ts";
import { close } from "../../support/close.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-export-pairs-"));
const images = join(folder, "pairs", "images");
const data = join(folder, "pairs", "pairs.csv");
const [clip, captioner] = [join(folder, "clip"), join(folder, "captioner")];
before(async () => {
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  await writePairs(join(folder, "pairs"), 12);
  const shared = {
    ...{ data, training: { epochs: 1, batchSize: 4, workers: 0, threads: 1 } },
    modalityOptions: { imageSize: 24, maxLength: 16 },
  };
  const image = { imageLayers: "8", imageWidth: 4, imageOptions: { stem: "stride2" } } as const;
  const text = { textWidth: 16, textDepth: 1, textHeads: 2 };
  await pretrain({
    ...{ ...shared, out: clip, method: "clip", encoder: "towers" },
    encoderOptions: { image: "resnet", dim: 8, ...image, ...text },
  });
  await pretrain({
    ...{ ...shared, out: captioner, method: "virtex", options: { decoderWidth: 64 } },
    ...{ encoder: "resnet", encoderOptions: { layers: "8", width: 4, stem: "stride2" } },
  });
});
after(() => rm(folder, { recursive: true, force: true }));

const typeOf = async (out: string) => JSON.parse(await readFile(join(out, "config.json"), "utf8")).model_type;

test("a run in a shared space is quantised with both towers, which transformers.js loads", async () => {
  const out = join(folder, "small");
  const { files, models } = await quantizeRun({
    run: await openRun(clip),
    out,
    calibration: { samples: 8 },
    seconds: 0.1,
  });
  const names = await readdir(join(out, "onnx"));
  for (const name of ["model", "text_model", "vision_model"]) {
    assert.ok(files.includes(`onnx/${name}_quantized.onnx`), name);
    assert.ok(names.includes(`${name}_quantized.onnx`), name);
  }
  assert.equal(models.length, 2);
  const classify = await pipeline("zero-shot-image-classification", "small", { dtype: "q8" });
  const [{ score = 0 } = {}] = await classify(join(images, "0.png"), ["a small red square"]);
  assert.equal(score, 1);
  await classify.dispose();
  const tokenize = await AutoTokenizer.from_pretrained("small");
  const texts = await CLIPTextModelWithProjection.from_pretrained("small", { dtype: "q8" });
  const { text_embeds } = await texts(tokenize(["a small red square"]));
  assert.ok(Math.abs(Math.hypot(...text_embeds.data) - 1) < 1e-3);
  await texts.dispose();
});

test("each side of a run is exported as its own kind of data, also the image encoder of a captioner", async () => {
  for (const [run, side, type] of [
    [clip, "image", "resnet"],
    [clip, "text", "bert"],
    [captioner, "image", "resnet"],
  ] as const) {
    const out = join(folder, `${side}-of-${run === clip ? "clip" : "captioner"}`);
    await exportRun({ run: await openRun(join(run, side)), out });
    assert.equal(await typeOf(out), type);
  }
  await assert.rejects(openRun(join(captioner, "text")), (error) => {
    assert.ok(error instanceof UserError);
    return /the encoder resnet has no side "text"/.test(error.message);
  });
});

test("a captioner is exported as one, and writes the same there", async () => {
  const out = join(folder, "writes");
  await exportRun({ run: await openRun(captioner), out });
  assert.equal(await typeOf(out), "vision-encoder-decoder");
  const { captions: written, broken } = await captions({ run: await openRun(captioner), data: images });
  assert.deepEqual(broken, []);
  assert.equal(written.length, 12);
  const write = await pipeline("image-to-text", "writes", { dtype: "fp32" });
  for (const { path, caption } of written.slice(0, 3)) {
    const [answer] = (await write(join(images, path))) as { generated_text: string }[];
    assert.equal(answer!.generated_text, caption);
  }
  await write.dispose();
  const readme = await readFile(join(out, "README.md"), "utf8");
  assert.match(readme, /pipeline_tag: image-to-text/);
});

test("captions of pairs are beside those of the data, and a table is written; a run that writes none says so", async () => {
  const out = join(folder, "captions.csv");
  const { captions: written } = await captions({ run: await openRun(captioner), data, out });
  const [first] = written;
  assert.equal(first!.given, "a small red square, number 0");
  const [header, row, ...others] = (await readFile(out, "utf8")).trim().split("\n");
  assert.equal(header!.trim(), "path,caption,given");
  assert.ok(row!.includes("images/0.png") && row!.includes("a small red square"), row);
  assert.equal(others.length, 11);
  await assert.rejects(captions({ run: await openRun(clip), data }), /method clip writes no captions; virtex does/);
  await assert.rejects(
    captions({ run: await openRun(captioner), data, split: "test" }),
    /--split test: the data have no column split; leave --split out/,
  );
  const notes = join(folder, "notes.txt");
  await writeFile(notes, "The cat sat on the mat.\nThe dog ran.\n");
  await assert.rejects(
    captions({ run: await openRun(captioner), data: notes }),
    /text data; .* writes about image data/,
  );
});

test("pairs that a captioner was trained on are read by the columns that it read, unless others are named", async () => {
  const rows = (await readFile(data, "utf8")).trim().split("\n").slice(1);
  const table = join(folder, "pairs", "two.csv");
  await writeFile(table, ["path,caption,label,title", ...rows.map((row, at) => `${row},square ${at}`)].join("\n"));
  const out = join(folder, "of-titles");
  const run = await pretrain({
    ...{ data: table, out, column: "title", method: "virtex", options: { decoderWidth: 64 } },
    ...{ encoder: "resnet", encoderOptions: { layers: "8", width: 4, stem: "stride2" } },
    modalityOptions: { imageSize: 24, maxLength: 16, tokenizerKind: "bpe" },
    training: { epochs: 1, batchSize: 4, workers: 0, threads: 1 },
  });
  const { captions: written } = await captions({ run, data: table });
  assert.equal(written[3]!.given, "square 3");
  const { code, stdout, stderr } = autodidact("pair", "caption", out, table, "--column", "caption", "--json");
  assert.equal(code, 0, stderr);
  assert.match(JSON.parse(stdout).captions[3].given, /^a small/);
});

test("of a combination the task is exported that other programs can use; of a method without a shared space, plain ONNX", async () => {
  const shared = {
    ...{ data, training: { epochs: 1, batchSize: 4, workers: 0, threads: 1 } },
    modalityOptions: { imageSize: 16, maxLength: 16 },
  };
  const both = await pretrain({
    ...{ ...shared, out: join(folder, "both"), method: "icmlm+clip:0.5", encoder: "towers" },
    encoderOptions: {
      ...{ image: "resnet", imageLayers: "8", imageWidth: 4, imageOptions: { stem: "stride2" }, dim: 8 },
      ...{ textWidth: 16, textDepth: 1, textHeads: 2 },
    },
  });
  const out = join(folder, "both-out");
  await exportRun({ run: both, out });
  assert.equal(await typeOf(out), "clip");

  const joint = await pretrain({
    ...{ ...shared, out: join(folder, "joint"), method: "m3ae", encoder: "joint" },
    ...{ options: { decoderWidth: 16, decoderDepth: 1, decoderHeads: 2 } },
    encoderOptions: { width: 16, depth: 1, heads: 2, patchSize: 4 },
  });
  const plain = join(folder, "joint-out");
  await exportRun({ run: joint, out: plain });
  const names = await readdir(plain);
  for (const name of ["tokenizer.json", "preprocessor_config.json"]) assert.ok(names.includes(name), name);
  const source = await joint.modalityDefinition.open(data);
  const expected = await extractFeatures({ ...joint, source });
  const publisher = await pairPublisher();
  const model = unsealed(await readFile(join(plain, "model.onnx")), "model.onnx");
  const file = await openExported(model, publisher);
  const actual = await exportedFeatures(file, joint, source);
  await file.dispose();
  await source.close();
  close(actual.data, expected.data, 1e-4);
});
