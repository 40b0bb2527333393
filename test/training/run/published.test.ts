import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import sharp from "sharp";
import { Rng, type Tensor, tree } from "../../../src/array/index.ts";
import { embed } from "../../../src/evaluation/collection/embed.ts";
import { search } from "../../../src/evaluation/collection/search.ts";
import { finetune } from "../../../src/evaluation/labels/finetune.ts";
import { evaluate } from "../../../src/evaluation/worth/evaluate.ts";
import { writeReport } from "../../../src/evaluation/worth/write.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { buildMethod, openRun } from "../../../src/training/run/run.ts";
import { publishedCases, publishedWeights, writePublished } from "../../fixtures/torch/published.ts";
import { COMMIT, fakeHub } from "../../support/hub.ts";

const root = await mkdtemp(join(tmpdir(), "published-"));
after(() => rm(root, { recursive: true, force: true }));

const model = join(root, "dinov2");
const photos = join(root, "photos");
const others = join(root, "others");
const weights = publishedWeights(publishedCases.Dinov2Model!);

/** Reddish and bluish noise, six of each, twice. */
before(async () => {
  await writePublished(model, publishedCases.Dinov2Model!);
  const rng = new Rng(0);
  for (const [channel, colour] of [
    [0, "red"],
    [2, "blue"],
  ] as const) {
    for (const folder of [photos, others]) await mkdir(join(folder, colour), { recursive: true });
    for (let at = 0; at < 12; at++) {
      const side = 30 + at;
      const bytes = Uint8Array.from(
        { length: side * side * 3 },
        (_, i) => 100 * rng.uniform() + (i % 3 === channel ? 150 : 0),
      );
      await sharp(bytes, { raw: { width: side, height: side, channels: 3 } }).toFile(
        join(at < 6 ? photos : others, colour, `${at}.png`),
      );
    }
  }
});

const training = { epochs: 1, batchSize: 4, workers: 0 } as const;

test("a published model is opened as a run that has no method", async () => {
  const run = await openRun(model);
  assert.deepEqual([run.path, run.config.published, run.step, run.epoch], [model, model, 0, 0]);
  assert.deepEqual(run.modality.specs, { pixels: { dtype: "float32", shape: [3, 28, 28] } });
  assert.deepEqual(await run.metrics(), []);
  await assert.rejects(
    buildMethod(run.config, 1),
    /a published model, which has no method; start from it with autodidact pretrain --from/,
  );
});

test("photos are embedded, searched and judged with it as it is", async () => {
  const run = await openRun(model);
  const out = join(root, "photos.parquet");
  const { rows, dim } = await embed({ run, data: photos, out });
  assert.deepEqual([rows, dim], [12, 16]);
  const results = await search({ run, query: join(photos, "red/3.png"), in: out, top: 3 });
  assert.deepEqual([results[0]?.path, results.every(({ label }) => label === "red")], ["red/3.png", true]);
  const evaluation = await evaluate({ run, train: photos, test: others, scratch: false, draws: 1 });
  assert.equal(evaluation.contestants[0]?.knn20?.mean, 1);
  assert.deepEqual(await writeReport(run, evaluation), [
    "evaluation.json",
    "accuracy.svg",
    "accuracy.png",
    "neighbours.png",
  ]);
});

test("training goes on from it, whatever size a preset asks for, and the run says where it began", async () => {
  const slow = { ...training, learningRate: 1e-12 };
  for (const [method, choices] of [
    ["dino", { preset: "small-vit", options: { localCrops: 1, prototypes: 8, hiddenDim: 16 } }],
    ["mae", { options: { decoderWidth: 8, decoderDepth: 1, decoderHeads: 2 } }],
    ["simclr", {}],
  ] as const) {
    const out = join(root, method);
    const run = await pretrain({ data: photos, from: model, method, ...choices, out, training: slow });
    assert.deepEqual([run.encoder.hyperparameters.patchSize, run.config.from], [14, model]);
    const byPath = new Map(tree.entries<Tensor>(run.params));
    const value = weights.get("encoder.layer.1.layer_scale2.lambda1")!;
    byPath.get("blocks.1.scale2")!.data.forEach((found, at) => {
      assert.ok(Math.abs(found - value.data[at]!) < 1e-4);
    });
  }
});

test("labels are learned with adapters and frozen layers", async () => {
  const out = join(root, "tuned");
  const run = await finetune({
    from: model,
    train: photos,
    out,
    training: { ...training, loraRank: 2, frozenLayers: 2 },
  });
  assert.equal(run.config.supervision?.from, model);
  const patch = new Map(tree.entries<Tensor>(run.params)).get("patch.bias")!;
  assert.deepEqual(patch.data, weights.get("embeddings.patch_embeddings.projection.bias")!.data);
  const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
  assert.equal("published" in config, false);
});

test("a model of the Hub is fetched once, and nothing is written beside it", async () => {
  const names = await readdir(model);
  const files = Object.fromEntries(
    await Promise.all(
      names
        .filter((name) => /config|model/.test(name))
        .map(async (name) => [name, await readFile(join(model, name))] as const),
    ),
  );
  const hub = await fakeHub({ "facebook/dinov2-tiny": { files, large: ["model.safetensors"] } });
  const before = { ...process.env };
  Object.assign(process.env, { HF_ENDPOINT: hub.url, HF_HOME: join(root, "hf") });
  try {
    const run = await openRun("facebook/dinov2-tiny");
    assert.equal(run.config.published, `facebook/dinov2-tiny@${COMMIT}`);
    assert.equal(run.encoder.embedDim, 16);
    const evaluation = await evaluate({ run, train: photos, test: others, scratch: false, draws: 1 });
    assert.deepEqual(await writeReport(run, evaluation), []);
  } finally {
    await hub.close();
    for (const name of ["HF_ENDPOINT", "HF_HOME"] as const) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
});

test("weights of torchvision need no configuration; other folders are refused in one line", async () => {
  const bare = await writePublished(join(root, "resnet"), publishedCases["torchvision resnet18"]!);
  assert.deepEqual(await readdir(bare), ["model.safetensors"]);
  assert.equal((await openRun(bare)).encoder.embedDim, 16);
  const other = { ...publishedCases.ViTModel!, config: { model_type: "swin" } };
  await assert.rejects(
    openRun(await writePublished(join(root, "swin"), other)),
    /models of type swin are not supported; supported: .*dinov2/,
  );
  await assert.rejects(openRun(photos), /not a run \(it has no config\.json\)/);
});
