/** An exported PatchTST against Hugging Face's names, written down by hand, and against our own encoder. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { np, Rng, type Tensor, type Array as Traced, tree } from "../../../../src/array/index.ts";
import type { InitialParams } from "../../../../src/encoders/encoder.ts";
import { patchtst } from "../../../../src/encoders/patchtst.ts";
import { vit } from "../../../../src/encoders/vit.ts";
import { openOnnx } from "../../../../src/engine/index.ts";
import { exportModel } from "../../../../src/interop/export.ts";
import { unsealed } from "../../../../src/interop/onnx-seal.ts";
import type { PublishedModel } from "../../../../src/interop/publisher.ts";
import { readSafetensors } from "../../../../src/interop/safetensors.ts";
import { linear } from "../../../../src/layers/linear.ts";
import { series } from "../../../../src/modalities/series/index.ts";
import { seriesPublisher } from "../../../../src/modalities/series/publish/index.ts";
import type { Series } from "../../../../src/modalities/series/series.ts";
import { embedder, stack } from "../../../../src/training/features.ts";
import { fill } from "../../../fixtures/torch/reference.ts";

const root = await mkdtemp(join(tmpdir(), "autodidact-publish-"));
after(() => rm(root, { recursive: true, force: true }));

const [CHANNELS, WINDOW, WIDTH] = [2, 40, 16];
const card = {
  ...{ method: "simmim", paper: "p", encoder: "patchtst", encoderPaper: "p", data: "series", note: "" },
  ...{ entries: 8, steps: 1, epochs: 1, seed: 0, embedDim: 32 },
};
const samples: Series[] = Array.from({ length: 5 }, (_, at) => {
  const values = Float32Array.from(fill(`series ${at}`, [CHANNELS * WINDOW]).data, (value, index) =>
    at === 1 && index > WINDOW + 20 ? Number.NaN : 3 * value + index / 20,
  );
  return { channels: ["load", "oil"], length: WINDOW, values };
});

interface Wanted {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly mask?: boolean;
  readonly classifies?: boolean;
}

/** Statistics of norms that are not 0 and 1, so that mixing them up shows. */
const used = (params: InitialParams): InitialParams =>
  Object.fromEntries(
    Object.entries(params).map(([key, part]) => [
      key,
      tree.map<Tensor, Tensor>(part, (leaf, path) =>
        /running|scale|shift/.test(path)
          ? fill(`${key}.${path}`, leaf.shape, 0.3, /Variance|scale/.test(path) ? 1 : 0)
          : leaf,
      ),
    ]),
  );

async function exported({ name, options = {}, mask = false, classifies = false }: Wanted) {
  const modality = series.build(
    series.options.parse({ channels: ["load", "oil"], window: WINDOW, mask, mean: [1, 2], std: [3, 0.5] }),
  );
  const encoder = patchtst.build(
    patchtst.options.parse({ width: WIDTH, heads: 4, depth: 2, mlpRatio: 2, patchLength: 8, ...options }),
    modality.specs,
  );
  const layer = linear(encoder.embedDim, 3);
  const params = { encoder: used(encoder.init(new Rng(3))), head: layer.init(new Rng(4)) };
  const head: PublishedModel["head"] = {
    ...{ task: "classification", outputs: ["idle", "low", "high"] },
    predict: ({ encoder: weights, head: last }, inputs) =>
      layer.apply(last as { weight: Traced; bias: Traced }, np.multiply(encoder.apply(weights, inputs), 1)),
    linear: { weight: params.head.weight, bias: params.head.bias },
  };
  const out = join(root, name);
  const files = { "statistics.json": JSON.stringify({ mean: [1, 2], std: [3, 0.5] }) };
  const model: PublishedModel = { encoder, params, modality, files, ...(classifies ? { head } : {}) };
  await exportModel({ model, publisher: seriesPublisher, card, out });
  const { tensors } = await readSafetensors(join(out, "model.safetensors"));
  const config: Record<string, unknown> = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
  return { out, modality, encoder, params, config, tensors: new Map(tensors) };
}

/** Of `PatchTSTModel` with one layer, from transformers' source. */
const layerShapes = (isBatch: boolean): Record<string, readonly number[]> => {
  const norm = (name: string): [string, readonly number[]][] =>
    isBatch
      ? [
          [`${name}.batchnorm.weight`, [WIDTH]],
          [`${name}.batchnorm.bias`, [WIDTH]],
          [`${name}.batchnorm.running_mean`, [WIDTH]],
          [`${name}.batchnorm.running_var`, [WIDTH]],
          [`${name}.batchnorm.num_batches_tracked`, []],
        ]
      : [
          [`${name}.weight`, [WIDTH]],
          [`${name}.bias`, [WIDTH]],
        ];
  return {
    "self_attn.k_proj.weight": [WIDTH, WIDTH],
    "self_attn.k_proj.bias": [WIDTH],
    "self_attn.v_proj.weight": [WIDTH, WIDTH],
    "self_attn.v_proj.bias": [WIDTH],
    "self_attn.q_proj.weight": [WIDTH, WIDTH],
    "self_attn.q_proj.bias": [WIDTH],
    "self_attn.out_proj.weight": [WIDTH, WIDTH],
    "self_attn.out_proj.bias": [WIDTH],
    ...Object.fromEntries([...norm("norm_sublayer1"), ...norm("norm_sublayer3")]),
    "ff.0.weight": [2 * WIDTH, WIDTH],
    "ff.0.bias": [2 * WIDTH],
    "ff.3.weight": [WIDTH, 2 * WIDTH],
    "ff.3.bias": [WIDTH],
  };
};
const shapesOf = (isBatch: boolean, prefix = ""): Record<string, readonly number[]> =>
  Object.fromEntries([
    [`${prefix}encoder.embedder.input_embedding.weight`, [WIDTH, 8]],
    [`${prefix}encoder.embedder.input_embedding.bias`, [WIDTH]],
    [`${prefix}encoder.positional_encoder.position_enc`, [5, WIDTH]],
    ...[0, 1].flatMap((layer) =>
      Object.entries(layerShapes(isBatch)).map(([name, shape]) => [`${prefix}encoder.layers.${layer}.${name}`, shape]),
    ),
  ]);

for (const [name, options, isBatch] of [
  ["batch", {}, true],
  ["layer", { norm: "layer", normOrder: "pre", instanceNorm: false }, false],
] as const)
  test(`${name} norm: the file has the names and shapes of PatchTSTModel, and its configuration`, async () => {
    const { tensors, config, params } = await exported({ name, options });
    const found = Object.fromEntries([...tensors].map(([key, { shape }]) => [key, [...shape]]));
    assert.deepEqual(
      Object.fromEntries(Object.entries(found).sort()),
      Object.fromEntries(Object.entries(shapesOf(isBatch)).sort()),
    );
    const expected = {
      ...{ architectures: ["PatchTSTModel"], model_type: "patchtst", num_input_channels: 2, context_length: 40 },
      ...{ patch_length: 8, patch_stride: 8, d_model: 16, num_hidden_layers: 2, num_attention_heads: 4, ffn_dim: 32 },
      ...{ norm_type: isBatch ? "batchnorm" : "layernorm", pre_norm: !isBatch, scaling: isBatch ? "std" : null },
      ...{ use_cls_token: false, share_embedding: true, channel_attention: false, activation_function: "gelu" },
    };
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(config[key], value, key);
    // Queries, keys and values are thirds of one product.
    const all = new Map(tree.entries<Tensor>(params.encoder)).get("blocks.1.attention.qkv.weight")!.data;
    for (const [which, role] of ["q", "k", "v"].entries())
      assert.deepEqual(
        tensors.get(`encoder.layers.1.self_attn.${role}_proj.weight`)?.data,
        all.slice(which * WIDTH ** 2, (which + 1) * WIDTH ** 2),
      );
  });

test("with classes it is PatchTSTForClassification, whose head reads the channels' mean tokens one after the other", async () => {
  const { tensors, config } = await exported({ name: "classes", classifies: true });
  const expected = { ...shapesOf(true, "model."), "head.linear.weight": [3, 2 * WIDTH], "head.linear.bias": [3] };
  const found = Object.fromEntries([...tensors].map(([key, { shape }]) => [key, [...shape]]));
  assert.deepEqual(
    Object.fromEntries(Object.entries(found).sort()),
    Object.fromEntries(Object.entries(expected).sort()),
  );
  assert.deepEqual(config.architectures, ["PatchTSTForClassification"]);
  const mean = await exported({ name: "mean", classifies: true, options: { pooling: "mean" } });
  assert.ok(mean.tensors.has("encoder.patch.weight"), "a classifier of the channels' mean has our names");
});

for (const mask of [false, true])
  test(`the ONNX file reads past_values${mask ? " and past_observed_mask" : ""}, time first, and gives our vectors`, async () => {
    const { out, modality, encoder, params } = await exported({ name: `onnx-${mask}`, mask });
    const rows = samples.map((sample) => modality.tensors(sample));
    const compiled = await embedder(encoder, params.encoder, modality, { batchSize: rows.length });
    const expected = await compiled.embed(rows);
    await compiled.dispose();
    const file = await openOnnx(unsealed(await readFile(join(out, "model.onnx")), "model.onnx"));
    const feeds = seriesPublisher.feeds(stack(rows, rows.length));
    assert.deepEqual(feeds.past_values?.shape, [5, WINDOW, CHANNELS]);
    const ours = stack(rows, rows.length).series!.data;
    assert.equal(feeds.past_values?.data[2 * 7 + 1], ours[WINDOW + 7], "step 7 of the second channel");
    const inputs = Object.fromEntries(file.inputNames.map((name) => [name, feeds[name]!]));
    assert.deepEqual(Object.keys(inputs), mask ? ["past_values", "past_observed_mask"] : ["past_values"]);
    const results = await file.run(inputs);
    assert.deepEqual(results.last_hidden_state?.shape, [5, CHANNELS, 5, WIDTH]);
    const { data = [] } = results.pooler_output ?? {};
    const farthest = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - Number(data[at]))), 0);
    assert.ok(farthest < 1e-4, `vectors differ by ${farthest}`);
    await file.dispose();
    assert.deepEqual(JSON.parse(await readFile(join(out, "statistics.json"), "utf8")), { mean: [1, 2], std: [3, 0.5] });
  });

test("another encoder has our own names and inputs", async () => {
  const modality = series.build(series.options.parse({ channels: ["load", "oil"], window: WINDOW }));
  const encoder = vit.build(vit.options.parse({ width: 16, depth: 1, heads: 2, patchSize: 8 }), modality.specs);
  const out = join(root, "vit");
  await exportModel({
    model: { encoder, params: { encoder: encoder.init(new Rng(1)) }, modality },
    ...{ publisher: seriesPublisher, card, out },
  });
  const file = await openOnnx(unsealed(await readFile(join(out, "model.onnx")), "model.onnx"));
  assert.deepEqual(file.inputNames, ["series"]);
  await file.dispose();
});
