/** Exports of video encoders: Hugging Face's VideoMAEModel, and plain ONNX. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Array, float32, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import type { InitialParams, Params } from "../../../../src/encoders/index.ts";
import { encoders } from "../../../../src/encoders/index.ts";
import { exportModel } from "../../../../src/interop/export.ts";
import { openExported } from "../../../../src/interop/exported-model.ts";
import type { PublishedModel } from "../../../../src/interop/publisher.ts";
import { readSafetensors } from "../../../../src/interop/safetensors.ts";
import { linear } from "../../../../src/layers/linear.ts";
import { video } from "../../../../src/modalities/video/index.ts";
import { videoPublisher } from "../../../../src/modalities/video/publish/index.ts";
import { assertMatches, evaluate, fill, torchCase } from "../../../fixtures/torch/reference.ts";

const root = await mkdtemp(join(tmpdir(), "autodidact-videomae-"));
after(() => rm(root, { recursive: true, force: true }));

const WIDTH = 12;
const SHAPE = [4, 3, 8, 8];
/** The parameters of transformers' VideoMAEModel of this size, by hand. */
const LAYER = {
  "attention.attention.query.weight": [WIDTH, WIDTH],
  "attention.attention.key.weight": [WIDTH, WIDTH],
  "attention.attention.value.weight": [WIDTH, WIDTH],
  "attention.attention.q_bias": [WIDTH],
  "attention.attention.v_bias": [WIDTH],
  "attention.output.dense.weight": [WIDTH, WIDTH],
  "attention.output.dense.bias": [WIDTH],
  "intermediate.dense.weight": [2 * WIDTH, WIDTH],
  "intermediate.dense.bias": [2 * WIDTH],
  "output.dense.weight": [WIDTH, 2 * WIDTH],
  "output.dense.bias": [WIDTH],
  "layernorm_before.weight": [WIDTH],
  "layernorm_before.bias": [WIDTH],
  "layernorm_after.weight": [WIDTH],
  "layernorm_after.bias": [WIDTH],
};
const NAMES: Readonly<Record<string, readonly number[]>> = {
  "embeddings.patch_embeddings.projection.weight": [WIDTH, 3, 2, 4, 4],
  "embeddings.patch_embeddings.projection.bias": [WIDTH],
  ...Object.fromEntries([0, 1].flatMap((at) => Object.entries(LAYER).map(([n, s]) => [`encoder.layer.${at}.${n}`, s]))),
  "layernorm.weight": [WIDTH],
  "layernorm.bias": [WIDTH],
};
/** A parameter of the class with the values that `videomae.py` gave it. */
const torchTensor = (name: string): Tensor => {
  const isScale = name.includes("layernorm") && name.endsWith("weight");
  return isScale ? fill(name, NAMES[name]!, 0.25, 1) : fill(name, NAMES[name]!, 0.5);
};

const modality = video.build(video.options.parse({ imageSize: 8, frames: 4, frameRate: 8 }));

async function encoderOf(options: Readonly<Record<string, unknown>> = {}) {
  const definition = await encoders.stored("vit");
  const small = { width: WIDTH, depth: 2, heads: 3, mlpRatio: 2, patchSize: [2, 4, 4], positions: "videomae" };
  return definition.build(definition.options.parse({ ...small, ...options }), modality.specs);
}

/** Our parameters that are those of the class: a random bias of the keys must make no difference. */
function ours(params: InitialParams): InitialParams {
  const valuesOf = (path: string): Float32Array => {
    const block = /^blocks\.(\d+)\.(.*)$/.exec(path);
    const at = (name: string) =>
      Float32Array.from(torchTensor(block ? `encoder.layer.${block[1]}.${name}` : name).data);
    const kind = path.endsWith("scale") || path.endsWith("weight") ? "weight" : "bias";
    const inner = `${block?.[2] ?? path}`;
    if (inner === "attention.qkv.weight")
      return Float32Array.from(
        ["query", "key", "value"].flatMap((role) => [...at(`attention.attention.${role}.weight`)]),
      );
    if (inner === "attention.qkv.bias")
      return Float32Array.from([
        ...at("attention.attention.q_bias"),
        ...fill("any", [WIDTH]).data,
        ...at("attention.attention.v_bias"),
      ]);
    if (inner === "patch.weight") return flattened(at("embeddings.patch_embeddings.projection.weight"));
    const names: Readonly<Record<string, string>> = {
      "patch.bias": "embeddings.patch_embeddings.projection",
      "attention.output": "attention.output.dense",
      up: "intermediate.dense",
      down: "output.dense",
      norm1: "layernorm_before",
      norm2: "layernorm_after",
      norm: "layernorm",
    };
    const name = names[inner] ?? names[inner.replace(/\.\w+$/, "")];
    assert.ok(name, path);
    return at(`${name}.${kind}`);
  };
  return tree.map<Tensor, Tensor>(params, ({ shape }, path) => float32(valuesOf(path), shape)) as InitialParams;
}

/** `[width, channels, frames, rows, columns]` → ours, `[width, frames × rows × columns × channels]`. */
function flattened(values: Float32Array): Float32Array {
  const cells = 2 * 4 * 4;
  return Float32Array.from({ length: values.length }, (_, at) => {
    const [out, cell, channel] = [Math.floor(at / (3 * cells)), Math.floor(at / 3) % cells, at % 3];
    return values[(out * 3 + channel) * cells + cell]!;
  });
}

const card = {
  ...{ method: "mae", paper: "p", encoder: "vit", encoderPaper: "p", data: "clips", note: "" },
  ...{ entries: 1, steps: 1, epochs: 1, seed: 0, embedDim: WIDTH },
};

async function exported(name: string, model: PublishedModel) {
  const out = join(root, name);
  await exportModel({ model, publisher: videoPublisher, card, out });
  const text = (file: string) => readFile(join(out, file), "utf8");
  return {
    tensors: new Map((await readSafetensors(join(out, "model.safetensors"))).tensors),
    config: JSON.parse(await text("config.json")),
    preprocessor: JSON.parse(await text("preprocessor_config.json")),
    readme: await text("README.md"),
    onnx: await readFile(join(out, "model.onnx")),
  };
}

test("names, shapes and numbers are those of VideoMAEModel", async () => {
  const encoder = await encoderOf();
  const params = { encoder: ours(encoder.init(new Rng(1))) };
  const { tensors, config, preprocessor, readme, onnx } = await exported("plain", { encoder, params, modality });
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  assert.deepEqual(shapes, NAMES);
  for (const [name, { data }] of tensors) assert.deepEqual([...data], [...torchTensor(name).data], name);

  const pixels = fill("pixel_values", [2, ...SHAPE]);
  const expected = await torchCase("videomae", "model");
  const swapped = videoPublisher.feeds({ pixels: batchOfOurs(pixels) }).pixel_values;
  assert.deepEqual(swapped, pixels);
  const { hidden, vector } = (await evaluate(
    (weights: Params, x: Array) => ({
      hidden: encoder.hidden(weights, { pixels: x }),
      vector: encoder.apply(weights, { pixels: x }),
    }),
    [params.encoder, batchOfOurs(pixels)] as const,
  )) as Record<string, Tensor>;
  assertMatches(hidden!, expected.last_hidden_state, "last_hidden_state", 1e-4);
  assertMatches(vector!, expected.mean, "mean", 1e-4);
  const model = await openExported(onnx, videoPublisher);
  const vectors = await model.vectors(model.feeds({ pixels: batchOfOurs(pixels) }));
  await model.dispose();
  assertMatches(float32(Float32Array.from(vectors.data), [2, WIDTH]), expected.mean, "mean by the ONNX file", 1e-4);

  assert.deepEqual(
    [config.model_type, config.architectures, config.num_frames, config.tubelet_size, config.patch_size],
    ["videomae", ["VideoMAEModel"], 4, 2, 4],
  );
  assert.deepEqual(
    [config.image_size, config.hidden_size, config.num_hidden_layers, config.num_attention_heads],
    [8, WIDTH, 2, 3],
  );
  assert.deepEqual(
    [config.intermediate_size, config.use_mean_pooling, config.qkv_bias, config.layer_norm_eps, config.hidden_act],
    [2 * WIDTH, false, true, 1e-6, "gelu"],
  );
  assert.deepEqual(
    [preprocessor.image_processor_type, preprocessor.size, preprocessor.crop_size, preprocessor.image_mean],
    ["VideoMAEImageProcessor", { shortest_edge: 8 }, { height: 8, width: 8 }, [0.485, 0.456, 0.406]],
  );
  assert.match(readme, /names of Hugging Face's `VideoMAEModel`; the representation is `last_hidden_state.mean\(1\)`/);
  assert.match(readme, /`pixel_values`, float32 `\[batch, 4, 3, 8, 8\]`/);
});

/** `[batch, frames, channels, …]` → `[batch, channels, frames, …]`. */
function batchOfOurs({ data, shape }: Tensor): Tensor {
  const [batch = 0, frames = 0, channels = 0, height = 0, width = 0] = shape;
  const plane = height * width;
  const values = Float32Array.from({ length: data.length }, (_, at) => {
    const [cell, frame, channel, sample] = [
      ...[at % plane, Math.floor(at / plane) % frames, Math.floor(at / plane / frames) % channels],
      Math.floor(at / plane / frames / channels),
    ] as [number, number, number, number];
    return data[((sample * frames + frame) * channels + channel) * plane + cell]!;
  });
  return float32(values, [batch, channels, frames, height, width]);
}

test("a classifier has the names of the class with a head, and the card says what that class does otherwise", async () => {
  const encoder = await encoderOf();
  const layer = linear(WIDTH, 2);
  const params = { encoder: encoder.init(new Rng(1)), head: layer.init(new Rng(2)) };
  const head: PublishedModel["head"] = {
    ...{ task: "classification", outputs: ["left", "right"] },
    predict: ({ encoder: weights, head: last }, inputs) =>
      layer.apply(last as Parameters<typeof layer.apply>[0], encoder.apply(weights, inputs)),
    linear: { weight: params.head.weight, bias: params.head.bias },
  };
  const { tensors, config, readme } = await exported("classes", { encoder, params, modality, head });
  assert.deepEqual(config.architectures, ["VideoMAEForVideoClassification"]);
  assert.deepEqual(config.id2label, { 0: "left", 1: "right" });
  const names = [...Object.keys(NAMES).map((name) => `videomae.${name}`), "classifier.weight", "classifier.bias"];
  assert.deepEqual([...tensors.keys()].sort(), names.sort());
  assert.match(readme, /multiply `last_hidden_state.mean\(1\)` by `classifier.weight`/);
});

for (const [name, options, reason] of [
  ["axes", { positions: "sincos" }, /numbers the patches \(train with `--positions videomae`/],
  ["oblong", { patchSize: [2, 2, 4] }, /patches are 2 × 4/],
  ["class", { pooling: "class" }, /no class token/],
] as const)
  test(`an encoder that the class cannot be keeps our names: ${name}`, async () => {
    const encoder = await encoderOf(options);
    const params = { encoder: encoder.init(new Rng(1)) };
    const { tensors, config, readme } = await exported(name, { encoder, params, modality });
    assert.equal(config.model_type, "videomae");
    assert.deepEqual([...tensors.keys()].sort(), [...tree.paths(params.encoder)].sort());
    assert.match(readme, reason);
  });
