/** One side of a run on pairs, and a run on pairs that starts from runs of its sides. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Tensor, tree } from "../../../src/array/index.ts";
import type { InitialParams } from "../../../src/encoders/index.ts";
import { extractFeatures, modalities, openRun, pretrain, UserError } from "../../../src/index.ts";
import { openStart } from "../../../src/training/run/start.ts";
import { writePairs } from "../../fixtures/pairs.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
const training = { epochs: 1, batchSize: 4, workers: 0, threads: 1 };
const encoderOptions = {
  image: "resnet",
  imageLayers: "8",
  imageWidth: 4,
  dim: 8,
  textWidth: 8,
  textDepth: 1,
  textHeads: 2,
} as const;
const [pairs, images] = [join(folder, "pairs", "pairs.csv"), join(folder, "pairs", "images")];
const out = join(folder, "run");

before(async () => {
  await writePairs(join(folder, "pairs"), 12);
  await pretrain({
    ...{ data: pairs, out, method: "clip", encoder: "towers", encoderOptions, training },
    modalityOptions: { imageSize: 16, maxLength: 16 },
  });
});
after(() => rm(folder, { recursive: true, force: true }));

const leaves = (params: InitialParams) =>
  new Map(tree.entries<Tensor>(params).map(([path, leaf]) => [path, [...leaf.data]]));

test("a side opens as a run on data of its kind, with its encoder's parameters and its data's options", async () => {
  const [whole, image, text] = await Promise.all(
    [out, join(out, "image"), join(out, "text")].map((path) => openRun(path)),
  );
  assert.equal(image!.modality.name, "image");
  assert.equal(image!.encoder.name, "resnet");
  assert.equal(image!.modalityOptions.imageSize, 16);
  assert.equal(text!.encoder.name, "transformer");
  const all = leaves(whole!.params);
  for (const [path, data] of leaves(image!.params)) assert.deepEqual(data, all.get(`image.${path}`));
  for (const [path, data] of leaves(text!.params)) assert.deepEqual(data, all.get(`text.${path}`));

  const source = await (await modalities.load("image")).open(images);
  const features = await extractFeatures({ ...image!, source });
  assert.equal(features.indices.length, 12);
  assert.equal(features.dim, image!.encoder.embedDim);
  await source.close();
});

test("what is no side is no run", async () => {
  await assert.rejects(openRun(join(out, "sound")), /not a run \(it has no config.json\)/);
});

test("a frozen side keeps the parameters of the run that it starts from, the other learns", async () => {
  const photos = join(folder, "photos");
  const start = await pretrain({
    ...{ data: images, out: photos, method: "simclr", encoder: "resnet", encoderOptions: { layers: "8", width: 4 } },
    ...{ modalityOptions: { imageSize: 16 }, training },
  });
  const tuned = await pretrain({
    ...{ data: pairs, out: join(folder, "lit"), method: "clip", encoder: "towers", sidesFrom: { image: photos } },
    encoderOptions: { dim: 8, textWidth: 8, textDepth: 1, textHeads: 2 },
    ...{ modalityOptions: { maxLength: 16 }, training: { ...training, freeze: ["image"] } },
  });
  assert.equal(tuned.modalityOptions.imageSize, 16);
  // Images alone are flipped, images of which captions may say left or right are not.
  assert.deepEqual([start.modalityOptions.flip, tuned.modalityOptions.flip], [0.5, 0]);
  const [before, later] = [leaves(start.params), leaves(tuned.params)];
  for (const [path, data] of before) assert.deepEqual(later.get(`image.${path}`), data, path);
});

test("where one side is frozen, the other's BatchNorm learns the statistics of its batches", async () => {
  const tuned = await pretrain({
    ...{ data: pairs, out: join(folder, "words"), method: "clip", encoder: "towers", encoderOptions },
    sidesFrom: { text: join(out, "text") },
    ...{ modalityOptions: { imageSize: 16 }, training: { ...training, freeze: ["text"] } },
  });
  const means = [...leaves(tuned.params)].filter(([path]) => /^image\..*runningMean$/.test(path));
  assert.ok(means.length > 0);
  for (const [path, data] of means)
    assert.ok(
      data.some((mean) => mean !== 0),
      path,
    );
});

test("what starts from a side has the tokenizer of the whole run", async () => {
  const { modalityOptions } = await openStart(join(out, "text"));
  assert.equal(modalityOptions.tokenizer, join(out, "tokenizer.json"));
});

test("a run of another kind is refused as the start of a side, and a side that does not exist", async () => {
  const begin = (sidesFrom: Record<string, string>) =>
    pretrain({ data: pairs, out: join(folder, "refused"), method: "clip", encoder: "towers", sidesFrom, training });
  const isUser = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);
  await assert.rejects(
    begin({ text: join(out, "image") }),
    isUser(/--text-from .*: learned from image data, not from text data/),
  );
  await assert.rejects(begin({ sound: out }), isUser(/--sound-from is for pairs; the training data are pair data/));
});
