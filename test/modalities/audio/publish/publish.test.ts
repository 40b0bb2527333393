/** What transformers.js answers with an exported model, against our own answers for the same recordings. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { AutoModel, AutoProcessor, env, pipeline } from "@huggingface/transformers";
import { np, Rng, type Tensor, type Array as Traced } from "../../../../src/array/index.ts";
import { offerOf } from "../../../../src/data/ability.ts";
import { patches } from "../../../../src/encoders/abilities.ts";
import { type Encoder, type EncoderDefinition, encoders } from "../../../../src/encoders/index.ts";
import { openOnnx } from "../../../../src/engine/index.ts";
import { exportModel } from "../../../../src/interop/export.ts";
import { openExported } from "../../../../src/interop/exported-model.ts";
import { unsealed } from "../../../../src/interop/onnx-seal.ts";
import type { PublishedModel } from "../../../../src/interop/publisher.ts";
import { readSafetensors } from "../../../../src/interop/safetensors.ts";
import { linear } from "../../../../src/layers/linear.ts";
import { sinCosPositions, tokenPositions } from "../../../../src/layers/transformer/positions.ts";
import { audio } from "../../../../src/modalities/audio/index.ts";
import { audioPublisher } from "../../../../src/modalities/audio/publish/index.ts";
import type { Sound } from "../../../../src/modalities/audio/sound.ts";
import { embedder } from "../../../../src/training/features.ts";

const RATE = 16000;
const RECORDINGS = 20;
const WINDOW = 0.45;
const outputs = ["yes", "no", "perhaps"];

const root = await mkdtemp(join(tmpdir(), "autodidact-publish-"));
after(() => rm(root, { recursive: true, force: true }));
env.allowRemoteModels = false;
env.localModelPath = root;

const card = {
  ...{ method: "simclr", paper: "p", encoder: "vit", encoderPaper: "p", data: "sounds", note: "" },
  ...{ entries: RECORDINGS, steps: 1, epochs: 1, seed: 0, embedDim: 32 },
};

/** Tones and noise that swell, of 0.1 to 1 s: shorter and longer than the window. */
const recordings: Sound[] = Array.from({ length: RECORDINGS }, (_, seed) => {
  const rng = new Rng(seed);
  const length = rng.integer(RATE / 10, RATE);
  const [hertz, loud, noise] = [rng.uniform(80, 6000), rng.uniform(0.05, 0.8), rng.uniform(0.001, 0.1)];
  const values = Float32Array.from({ length }, (_unused, at) => {
    const swell = 0.2 + 0.8 * Math.sin((Math.PI * at) / length);
    return swell * (loud * Math.sin((2 * Math.PI * hertz * at) / RATE) + noise * rng.normal(0, 1));
  });
  return { rate: RATE, wave: values };
});

/** As the model card has it. */
function fitted({ wave: values }: Sound, samples: number): Float32Array {
  const start = Math.floor((values.length - samples) / 2);
  return Float32Array.from({ length: samples }, (_, at) => values[start + at] ?? 0);
}

function withHead(encoder: Encoder) {
  const layer = linear(encoder.embedDim, outputs.length);
  const params = { encoder: encoder.init(new Rng(3)), head: layer.init(new Rng(4)) };
  const head: PublishedModel["head"] = {
    task: "classification",
    outputs,
    predict: ({ encoder: weights, head: last }, inputs) =>
      layer.apply(last as { weight: Traced; bias: Traced }, np.multiply(encoder.apply(weights, inputs), 4)),
    linear: { weight: params.head.weight, bias: params.head.bias },
  };
  return { params, head };
}

interface Wanted {
  readonly name: string;
  readonly encoder: "vit" | "wave" | "resnet";
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly classifies?: boolean;
}

async function exported({ name, encoder: kind, encoderOptions = {}, options = {}, classifies = false }: Wanted) {
  const input = kind === "wave" ? "wave" : "spectrogram";
  const modality = audio.build(
    audio.options.parse({ rate: RATE, window: WINDOW, bands: 32, mean: -7.5, std: 3.5, input, ...options }),
  );
  const definition: EncoderDefinition = await encoders.stored(kind);
  const encoder = definition.build(definition.options.parse(encoderOptions), modality.specs);
  const { params, head } = withHead(encoder);
  const out = join(root, name);
  const model: PublishedModel = { encoder, params, modality, ...(classifies ? { head } : {}) };
  const { files } = await exportModel({ model, publisher: audioPublisher, card, out });
  return { out, modality, encoder, params, head, files, samples: Math.round(WINDOW * modality.hearing.rate) };
}
type Exported = Awaited<ReturnType<typeof exported>>;

/** Our vectors of the recordings, one after the other. */
async function vectorsOf({ encoder, params, modality }: Exported): Promise<Float32Array> {
  const own = await embedder(encoder, params.encoder, modality, { batchSize: RECORDINGS });
  const result = await own.embed(recordings.map((sound) => modality.tensors(sound)));
  await own.dispose();
  return result;
}

function close(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string) {
  assert.equal(found.length, wanted.length, what);
  let worst = 0;
  for (let at = 0; at < found.length; at++) worst = Math.max(worst, Math.abs(found[at]! - wanted[at]!));
  assert.ok(worst < tolerance, `${what}: ${worst}`);
}

const SMALL_VIT = { width: 32, depth: 2, heads: 4, patchSize: 8, pooling: "distilled", positions: "learned" };
const SMALL_WAVE = { convWidth: 16, width: 32, depth: 2, heads: 4, positionKernel: 16, positionGroups: 4 };

for (const [name, wanted, key] of [
  ["ast", { encoder: "vit", encoderOptions: SMALL_VIT }, "spectrogram"],
  [
    "ast-oblong",
    { encoder: "vit", encoderOptions: { ...SMALL_VIT, patchSize: [32, 4], pooling: "mean" } },
    "spectrogram",
  ],
  ["wav2vec2", { encoder: "wave", encoderOptions: SMALL_WAVE }, "wave"],
] as const)
  test(`${name}: transformers.js reads recordings as we do, and its vectors are ours`, async () => {
    const made = await exported({ name, ...wanted });
    const vectors = await vectorsOf(made);
    const read = await AutoProcessor.from_pretrained(name);
    const model = await AutoModel.from_pretrained(name, { dtype: "fp32" });
    const width = made.encoder.embedDim;
    for (const [at, sound] of recordings.entries()) {
      const inputs = await read(fitted(sound, made.samples));
      const own: Tensor | undefined = Reflect.get(made.modality.tensors(sound), key);
      assert.ok(own);
      const batched = { [key]: { ...own, shape: [1, ...own.shape] } };
      const { input_values: ours } = audioPublisher.feeds(batched);
      assert.deepEqual(inputs.input_values.dims, ours?.shape);
      close(inputs.input_values.data, (ours?.data ?? []) as Float32Array, 1e-4, `input ${at}`);
      const { pooler_output } = await model(inputs);
      close(pooler_output.data, vectors.subarray(at * width, (at + 1) * width), 1e-4, `vector ${at}`);
    }
    await model.dispose();
  });

test("ast: fixed positions are the encoder's, after zeros for both tokens in front", async () => {
  for (const positions of ["sincos", "videomae"]) {
    const name = `ast-${positions}`;
    const made = await exported({ name, encoder: "vit", encoderOptions: { ...SMALL_VIT, positions } });
    const { grid = [] } = offerOf(made.encoder, patches) ?? {};
    const [rows = 0, columns = 0] = grid;
    const fixed = positions === "sincos" ? sinCosPositions(grid, 32) : tokenPositions(rows * columns, 32);
    const { tensors } = await readSafetensors(join(made.out, "model.safetensors"));
    const { data } = tensors.get("embeddings.position_embeddings")!;
    assert.deepEqual([...data], [...new Float32Array(2 * 32), ...fixed.data], positions);
  }
});

for (const [name, wanted] of [
  ["ast-classes", { encoder: "vit", encoderOptions: SMALL_VIT }],
  ["wav2vec2-classes", { encoder: "wave", encoderOptions: SMALL_WAVE }],
] as const)
  test(`${name}: the pipeline audio-classification gives our probabilities`, async () => {
    const made = await exported({ name, ...wanted, classifies: true });
    const { encoder, params, head, modality } = made;
    const { compile } = await import("../../../../src/engine/index.ts");
    const batch = Object.fromEntries(
      Object.entries(modality.tensors(recordings[0]!)).map(([key, one]) => [key, { ...one, shape: [1, ...one.shape] }]),
    );
    const program = await compile((weights: never, inputs: never) => head!.predict(weights, inputs), [params, batch]);
    const run = await pipeline("audio-classification", name, { dtype: "fp32" });
    const seen = new Set<string>();
    for (const sound of recordings) {
      const answer = await run(fitted(sound, made.samples), { top_k: outputs.length });
      const inputs = Object.fromEntries(
        Object.entries(modality.tensors(sound)).map(([key, one]) => [key, { ...one, shape: [1, ...one.shape] }]),
      );
      const { data: logits } = await (await program.run(params, inputs)).read();
      const powers = Array.from(logits, (value) => Math.exp(value));
      const total = powers.reduce((sum, value) => sum + value, 0);
      for (const { label, score } of answer as { label: string; score: number }[])
        assert.ok(Math.abs(score - powers[outputs.indexOf(label)]! / total) < 1e-3, label);
      seen.add((answer as { label: string }[])[0]!.label);
    }
    assert.equal(encoder.embedDim, 32);
    assert.ok(seen.size > 0);
    await program.dispose();
    await run.dispose();
  });

for (const convention of ["kaldi", "whisper", "librosa"] as const)
  for (const rate of [8000, 16000])
    test(`waveform.onnx, ${convention} at ${rate} Hz: the spectrogram inside is ours, and so are the vectors`, async () => {
      const name = `waveform-${convention}-${rate}`;
      const std = convention === "librosa" ? 20 : convention === "whisper" ? 0.5 : 4;
      const made = await exported({
        ...{ name, encoder: "resnet", encoderOptions: { layers: "10", width: 8, stem: "small" } },
        options: { convention, rate, mean: convention === "kaldi" ? -6 : 0, std },
      });
      assert.ok(made.files.includes("waveform.onnx"));
      const vectors = await vectorsOf(made);
      const width = made.encoder.embedDim;
      const file = await openOnnx(unsealed(await readFile(join(made.out, "waveform.onnx")), name));
      assert.deepEqual(file.inputNames, ["waveform"]);
      const plain = await openExported(await readFile(join(made.out, "model.onnx")), audioPublisher);
      const { resample } = await import("../../../../src/modalities/audio/signal/resample.ts");
      for (const [at, sound] of recordings.slice(0, 8).entries()) {
        const heard = { rate, wave: resample(sound.wave, sound.rate, rate) };
        const waveform = { dtype: "float32", shape: [1, made.samples], data: fitted(heard, made.samples) } as const;
        const { pooler_output } = await file.run({ waveform }, ["pooler_output"]);
        const own = vectors.subarray(at * width, (at + 1) * width);
        close(pooler_output!.data, own, 1e-4, `vector ${at} by its waveform`);
        const map = made.modality.tensors(sound).spectrogram!;
        const feeds = plain.feeds({ spectrogram: { ...map, shape: [1, ...map.shape] } });
        close((await plain.vectors(feeds)).data, own, 1e-4, `vector ${at} by its spectrogram`);
      }
      await file.dispose();
      await plain.dispose();
      const readme = await readFile(join(made.out, "README.md"), "utf8");
      assert.match(readme, /waveform\.onnx/);
      assert.match(readme, new RegExp(`resample to ${rate.toLocaleString("en")} Hz`));
    });

test("parameters have the names of ASTModel where it computes the same; else the card says why not", async () => {
  const { out } = await exported({ name: "ast-names", encoder: "vit", encoderOptions: { ...SMALL_VIT, depth: 1 } });
  const { tensors } = await readSafetensors(join(out, "model.safetensors"));
  const block = ["query", "key", "value"].flatMap((role) => both(`encoder.layer.0.attention.attention.${role}`));
  assert.deepEqual(
    [...tensors.keys()].sort(),
    [
      ...["cls_token", "distillation_token", "position_embeddings"].map((name) => `embeddings.${name}`),
      ...both("embeddings.patch_embeddings.projection"),
      ...block,
      ...[
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
        "layernorm_before",
        "layernorm_after",
      ].flatMap((name) => both(`encoder.layer.0.${name}`)),
      ...both("layernorm"),
    ].sort(),
  );
  assert.deepEqual(tensors.get("embeddings.patch_embeddings.projection.weight")?.shape, [32, 1, 8, 8]);
  // 32 bands by 32 frames in patches of 8, and the two tokens before them.
  assert.deepEqual(tensors.get("embeddings.position_embeddings")?.shape, [1, 2 + 16, 32]);
  for (const [encoderOptions, why] of [
    [{ ...SMALL_VIT, pooling: "class" }, /mean of two tokens .* by one/],
    [{ ...SMALL_VIT, patchSize: [16, 8] }, /patches are square, and this encoder's are 16 × 8/],
  ] as const) {
    const { out: other } = await exported({ name: "ast-other", encoder: "vit", encoderOptions });
    assert.match(await readFile(join(other, "README.md"), "utf8"), why);
  }
});

const both = (name: string) => [`${name}.bias`, `${name}.weight`];

test("parameters have the names of Wav2Vec2Model, the position convolution with its weight norm", async () => {
  const made = await exported({ name: "wave-names", encoder: "wave", encoderOptions: { ...SMALL_WAVE, depth: 1 } });
  const { tensors } = await readSafetensors(join(made.out, "model.safetensors"));
  const layer = ["k_proj", "v_proj", "q_proj", "out_proj"].map((name) => `attention.${name}`);
  assert.deepEqual(
    [...tensors.keys()].sort(),
    [
      "masked_spec_embed",
      ...Array.from({ length: 7 }, (_, at) => `feature_extractor.conv_layers.${at}.conv.weight`),
      ...both("feature_extractor.conv_layers.0.layer_norm"),
      ...both("feature_projection.layer_norm"),
      ...both("feature_projection.projection"),
      ...["bias", "weight_g", "weight_v"].map((name) => `encoder.pos_conv_embed.conv.${name}`),
      ...both("encoder.layer_norm"),
      ...[
        ...layer,
        "layer_norm",
        "feed_forward.intermediate_dense",
        "feed_forward.output_dense",
        "final_layer_norm",
      ].flatMap((name) => both(`encoder.layers.0.${name}`)),
    ].sort(),
  );
  const [g, v] = ["g", "v"].map((one) => tensors.get(`encoder.pos_conv_embed.conv.weight_${one}`)!);
  assert.deepEqual(g!.shape, [1, 1, 16]);
  assert.deepEqual(v!.shape, [32, 8, 16]);
  for (let place = 0; place < 16; place++) {
    const length = Math.sqrt(
      Array.from(v!.data).reduce((sum, value, at) => sum + (at % 16 === place ? value ** 2 : 0), 0),
    );
    assert.ok(Math.abs(length / g!.data[place]! - 1) < 1e-5);
  }
});

test("an encoder that sees only the past is no Wav2Vec2Model, and still runs in transformers.js", async () => {
  const encoderOptions = { ...SMALL_WAVE, causal: true };
  const made = await exported({ name: "causal", encoder: "wave", encoderOptions });
  assert.match(await readFile(join(made.out, "README.md"), "utf8"), /Autodidact's own names/);
  const model = await AutoModel.from_pretrained(basename(made.out), { dtype: "fp32" });
  const read = await AutoProcessor.from_pretrained(basename(made.out));
  const { pooler_output } = await model(await read(fitted(recordings[0]!, made.samples)));
  close(pooler_output.data, (await vectorsOf(made)).subarray(0, 32), 1e-4, "vector");
  await model.dispose();
});
