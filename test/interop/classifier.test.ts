import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import {
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  AutoProcessor,
  AutoTokenizer,
  env,
  pipeline,
  RawImage,
} from "@huggingface/transformers";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { LabelTask, Modality } from "../../src/data/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { transformer } from "../../src/encoders/transformer.ts";
import { vit } from "../../src/encoders/vit.ts";
import { finetune } from "../../src/evaluation/labels/finetune.ts";
import { judge } from "../../src/evaluation/labels/judge.ts";
import { predictor, predictorOf } from "../../src/evaluation/labels/predictor.ts";
import { quantizeRun } from "../../src/evaluation/smaller/quantize-run.ts";
import { shippedTable } from "../../src/evaluation/smaller/shipped-table.ts";
import { exportModel } from "../../src/interop/export.ts";
import { readSafetensors } from "../../src/interop/safetensors.ts";
import { type MethodDefinition, methods } from "../../src/methods/index.ts";
import { supervised } from "../../src/methods/supervised.ts";
import { image } from "../../src/modalities/image/index.ts";
import { imagePublisher } from "../../src/modalities/image/publish/index.ts";
import { text } from "../../src/modalities/text/index.ts";
import { importBert } from "../../src/modalities/text/publish/bert-import.ts";
import { textPublisher } from "../../src/modalities/text/publish/index.ts";
import { embedder } from "../../src/training/features.ts";
import { weights } from "../fixtures/torch/reference.ts";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";
import { close } from "../support/close.ts";
import { tokenizer } from "../support/tokenizer.ts";

const SIZE = 16;
const LENGTH = 16;
const photos = image.build(image.options.parse({ imageSize: SIZE }));
const texts = text.build(text.options.parse({ maxLength: LENGTH }), { "tokenizer.json": tokenizer });
const vocabulary = texts.vocabulary;
const card = {
  method: "supervised",
  paper: "p",
  encoder: "e",
  encoderPaper: "p",
  data: "photos",
  entries: 2,
  steps: 1,
  epochs: 1,
  seed: 0,
  embedDim: 24,
};
const labels: Record<Exclude<LabelTask, "similarity" | "token-classification">, Record<string, unknown>> = {
  classification: { classes: ["cat", "dog", "tree"] },
  "multi-label": { task: "multi-label", classes: ["red|round", "blue", "round"] },
  regression: { task: "regression", classes: ["1", "2.5"], center: 40, spread: 3 },
};

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-classifier-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
});
after(() => rm(folder, { recursive: true, force: true }));

type Predictions = { label: string; score: number }[];
/** A pipeline's scores in the order of the outputs. */
const scoresOf = (predictions: Predictions, outputs: readonly string[]) =>
  outputs.map((name) => predictions.find(({ label }) => label === name)!.score);

/** An encoder with a head: parameters, predictor, and the head as an export needs it. */
async function headOn(
  encoder: Encoder,
  modality: Modality<unknown>,
  options: Record<string, unknown>,
  definition: MethodDefinition = supervised,
) {
  const method = definition.build({ encoder, modality, options: definition.options.parse(options), samples: 8 });
  const params = weights(method.init(new Rng(1)));
  const direct = await predictorOf(method, params, modality, { batchSize: 4 });
  const head = { ...method.answers!, params, predict: method.predict!, linear: method.linearHead!(params) };
  return { params, direct, head, outputs: method.answers!.outputs };
}

/** `representation · weightᵀ + bias` on the host. */
function linear(x: ArrayLike<number>, weight: Tensor, bias: Tensor): number[] {
  const width = weight.shape[1]!;
  return Array.from(bias.data, (start, output) => {
    let sum = start;
    for (let i = 0; i < width; i++) sum += x[i]! * weight.data[output * width + i]!;
    return sum;
  });
}

const images = [1, 2, 3].map((seed) => {
  const rng = new Rng(seed);
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => rng.integer(0, 255));
  return { width: SIZE, height: SIZE, channels: 3 as const, data };
});
const rawImages = images.map(({ data }) => new RawImage(data, SIZE, SIZE, 3));
const tinyVit = { width: 24, depth: 2, heads: 3, patchSize: 4 };
const seeing: Record<string, { encoder: Encoder; model: string; layer: string; first: string }> = {
  "vit with a class token": {
    encoder: vit.build(vit.options.parse({ ...tinyVit, pooling: "class", positions: "learned" }), photos.specs),
    model: "ViTForImageClassification",
    layer: "classifier",
    first: "vit.embeddings.cls_token",
  },
  "vit with mean pooling": {
    encoder: vit.build(vit.options.parse(tinyVit), photos.specs),
    model: "ViTForImageClassification",
    layer: "classifier",
    first: "vit.embeddings.patch_embeddings.projection.weight",
  },
  resnet: {
    encoder: resnet.build(resnet.options.parse({ layers: "10", width: 4, stem: "imagenet" }), photos.specs),
    model: "ResNetForImageClassification",
    layer: "classifier.1",
    first: "resnet.embedder.embedder.convolution.weight",
  },
};

for (const [name, { encoder, model, layer, first }] of Object.entries(seeing))
  test(`${name}: image-classification predicts the same as our predictor`, async () => {
    for (const task of ["classification", "multi-label", "regression"] as const) {
      const to = join(folder, `${name.replaceAll(" ", "-")}-${task}`);
      const { params, direct, head, outputs } = await headOn(encoder, photos, labels[task]);
      await exportModel({
        model: { encoder, params, modality: photos, head },
        publisher: imagePublisher,
        card,
        out: to,
      });
      const rows = images.map((sample) => photos.tensors(sample));
      const [logits, expected] = [await direct.logits(rows), await direct.predict(rows)];
      await direct.dispose();
      assert.ok(new Set(logits).size === logits.length && logits.every(Number.isFinite));

      // The model itself gives logits, or values, for every task.
      const processor = await AutoProcessor.from_pretrained(basename(to));
      const network = await AutoModelForImageClassification.from_pretrained(basename(to), { dtype: "fp32" });
      const output = await network(await processor(rawImages));
      assert.deepEqual(output.logits.dims, [3, outputs.length]);
      close(output.logits.data, logits);
      if (task === "multi-label") close(output.logits.sigmoid().data, expected);
      await network.dispose();

      if (task === "classification") {
        const classify = await pipeline("image-classification", basename(to), { dtype: "fp32" });
        for (const [row, image] of rawImages.entries()) {
          const predictions = (await classify(image, { top_k: outputs.length })) as Predictions;
          close(scoresOf(predictions, outputs), expected.subarray(row * outputs.length, (row + 1) * outputs.length));
        }
        await classify.dispose();
      }

      // The representation is still an output, and the published layer on top of it gives the same logits.
      const encoderOnly = await embedder(encoder, params.encoder, photos, { batchSize: 3 });
      const vectors = await encoderOnly.embed(rows);
      await encoderOnly.dispose();
      const extract = await pipeline("image-feature-extraction", basename(to), { dtype: "fp32" });
      const { tensors } = await readSafetensors(join(to, "model.safetensors"));
      const [weight, bias] = [tensors.get(`${layer}.weight`)!, tensors.get(`${layer}.bias`)!];
      assert.deepEqual([weight.shape, bias.shape], [[outputs.length, encoder.embedDim], [outputs.length]]);
      assert.ok(tensors.has(first));
      for (const [row, image] of rawImages.entries()) {
        const vector = (await extract(image, { pool: true })).data as Float32Array;
        close(vector, vectors.subarray(row * encoder.embedDim, (row + 1) * encoder.embedDim));
        close(linear(vector, weight, bias), logits.subarray(row * outputs.length, (row + 1) * outputs.length), 2e-4);
      }
      await extract.dispose();

      const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
      assert.deepEqual(config.architectures, [model]);
      assert.deepEqual(Object.values(config.id2label), outputs);
      assert.deepEqual(config.label2id, Object.fromEntries(outputs.map((output, at) => [output, at])));
      const problem = {
        classification: "single_label_classification",
        "multi-label": "multi_label_classification",
        regression: "regression",
      };
      assert.equal(config.problem_type, problem[task]);
      const about = await readFile(join(to, "README.md"), "utf8");
      assert.match(about, /pipeline_tag: image-classification/);
      assert.equal(about.includes("AutoModelForImageClassification"), task !== "classification");
      assert.equal(about.includes("which classifies by a class token"), name === "vit with mean pooling");
    }
  });

const reading: Record<string, Record<string, unknown>> = {
  "bert by its first token": { norm: "post", positions: "learned", pooling: "first" },
  "bert by the mean of the tokens": { norm: "post", positions: "learned", pooling: "mean" },
  "rotary positions": { norm: "pre", positions: "rotary", pooling: "mean" },
  "a causal encoder": { norm: "pre", positions: "learned", pooling: "mean", causal: true },
};
const sentences = ["the dogs ran .", "a cat sat on the unknown mat .", "cat"];
/** As many labels as a text has tokens, which must not be mistaken for them. */
const many = { task: "multi-label", classes: Array.from({ length: LENGTH }, (_, at) => `label ${at}`) };

for (const [name, options] of Object.entries(reading))
  test(`${name}: text-classification predicts the same as our predictor`, async () => {
    const encoder = transformer.build(
      transformer.options.parse({ width: 24, depth: 2, heads: 3, ...options }),
      texts.specs,
      vocabulary,
    );
    const cases = { ...labels, "multi-label": many };
    for (const [task, taskLabels] of Object.entries(cases)) {
      const to = join(folder, `${name.replaceAll(" ", "-")}-${task}`);
      const { params, direct, head, outputs } = await headOn(encoder, texts, taskLabels);
      const model = { encoder, params, modality: texts, files: { "tokenizer.json": tokenizer }, head };
      await exportModel({ model, publisher: textPublisher, card, out: to });
      const rows = sentences.map((one) => texts.tensors({ text: one }));
      const [logits, expected] = [await direct.logits(rows), await direct.predict(rows)];
      await direct.dispose();
      const of = (values: Float32Array, row: number) =>
        values.subarray(row * outputs.length, (row + 1) * outputs.length);

      const tokenize = await AutoTokenizer.from_pretrained(basename(to));
      const network = await AutoModelForSequenceClassification.from_pretrained(basename(to), { dtype: "fp32" });
      const output = await network(await tokenize(sentences, { padding: true }));
      assert.deepEqual(output.logits.dims, [3, outputs.length]);
      close(output.logits.data, logits);
      await network.dispose();

      const warned = /call the model itself/.test(await readFile(join(to, "README.md"), "utf8"));
      assert.equal(warned, task === "regression");
      if (task !== "regression") {
        const classify = await pipeline("text-classification", basename(to), { dtype: "fp32" });
        for (const [row, sentence] of sentences.entries()) {
          const predictions = (await classify(sentence, { top_k: null as unknown as number })) as Predictions;
          close(scoresOf(predictions, outputs), of(expected, row));
        }
        await classify.dispose();
      }

      const encoderOnly = await embedder(encoder, params.encoder, texts, { batchSize: 3 });
      const vectors = await encoderOnly.embed(rows);
      await encoderOnly.dispose();
      const { tensors } = await readSafetensors(join(to, "model.safetensors"));
      if (options.norm === "post") {
        assert.ok(tensors.has("bert.embeddings.word_embeddings.weight"));
        const pooler = tensors.get("bert.pooler.dense.weight");
        assert.equal(pooler !== undefined, options.pooling === "first");
        for (const row of sentences.keys()) {
          const vector = vectors.subarray(row * 24, (row + 1) * 24);
          // BertPooler: a dense layer and tanh, in float32.
          const pooled = pooler
            ? Float32Array.from(linear(vector, pooler, tensors.get("bert.pooler.dense.bias")!), Math.tanh)
            : vector;
          const found = linear(pooled, tensors.get("classifier.weight")!, tensors.get("classifier.bias")!);
          close(found, of(logits, row));
        }
        // Another run can start from it.
        const back = (await importBert(to)).tensors(LENGTH, vocabulary.size);
        for (const [path, leaf] of tree.entries<Tensor>(params.encoder))
          assert.deepEqual([...back.get(`encoder.${path}`)!.data], [...leaf.data], path);
      } else {
        const same = tree.entries<Tensor>(params).map(([path]) => path);
        assert.deepEqual([...tensors.keys()].sort(), same.sort());
      }
      if (options.pooling === "mean") {
        const extract = await pipeline("feature-extraction", basename(to), { dtype: "fp32" });
        for (const [row, sentence] of sentences.entries())
          close(
            (await extract(sentence, { pooling: "mean" })).data as Float32Array,
            vectors.subarray(row * 24, (row + 1) * 24),
          );
        await extract.dispose();
      }
    }
  });

test("a combination exports the head of its labelled task only", async () => {
  const { encoder } = seeing.resnet!;
  const to = join(folder, "combination");
  const definition = await methods.load("simclr:0.3+fixmatch");
  const { params, direct, head, outputs } = await headOn(encoder, photos, labels.classification!, definition);
  assert.deepEqual(outputs, ["cat", "dog", "tree"]);
  const logits = await direct.logits([photos.tensors(images[0]!)]);
  await direct.dispose();
  await exportModel({ model: { encoder, params, modality: photos, head }, publisher: imagePublisher, card, out: to });
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  const { linear: layer } = head;
  assert.deepEqual(tensors.get("classifier.1.weight"), layer.weight);
  const file = await readFile(join(to, "model.onnx"));
  assert.ok(file.includes("tasks.fixmatch.head.weight") && !file.includes("tasks.simclr"));
  const network = await AutoModelForImageClassification.from_pretrained(basename(to), { dtype: "fp32" });
  const { Tensor: HostTensor } = await import("@huggingface/transformers");
  const { data } = photos.tensors(images[0]!).pixels!;
  const pixel_values = new HostTensor("float32", Float32Array.from(data), [1, 3, SIZE, SIZE]);
  close((await network({ pixel_values })).logits.data, logits);
  await network.dispose();
});

test("a fine-tuned run is exported with its head, in float32 and in int8", { timeout: 120_000 }, () =>
  inFolder(async (inside) => {
    const [data, pretrained, to] = [join(inside, "data"), join(inside, "run"), join(inside, "model")];
    const unseen = join(inside, "unseen");
    const paths = await writeImages(data, 8);
    await writeImages(unseen, 4);
    assert.equal(autodidact("pretrain", data, "--out", pretrained, ...TINY).code, 0);
    const run = await finetune({
      ...{ from: pretrained, train: data, out: join(inside, "tuned"), steps: 6, with: "simclr:0.3" },
      training: { workers: 0 },
    });
    const labels = { train: data, test: unseen };
    const { files, models } = await quantizeRun({ run, out: to, seconds: 0, labels });
    const judged = await judge({ run, data: unseen });
    assert.equal(models[0]!.head, judged.measures.accuracy);
    assert.ok(models[1]!.head! >= 0.5 && models[1]!.linear! >= 0.5);
    assert.match(shippedTable(models), /kNN, k = 20 +linear probe +head\n/);
    assert.ok(files.includes("onnx/model_quantized.onnx"));
    const direct = await predictor(run);
    const source = await run.modalityDefinition.open(data);
    env.localModelPath = dirname(to);
    for (const [dtype, tolerance] of [
      ["fp32", 1e-4],
      ["q8", 0.05],
    ] as const) {
      const classify = await pipeline("image-classification", basename(to), { dtype });
      for (const index of [0, 9]) {
        const expected = await direct.predict([run.modality.tensors(await source.read(index))]);
        const path = paths.find((one) => one.endsWith(source.name(index)))!;
        const predictions = (await classify(path)) as Predictions;
        close(scoresOf(predictions, ["class0", "class1"]), expected, tolerance);
      }
      await classify.dispose();
    }
    env.localModelPath = folder;
    await direct.dispose();
    await source.close();
    assert.match(await readFile(join(to, "README.md"), "utf8"), /one of `class0`, `class1`/);
  }),
);
