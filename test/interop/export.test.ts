import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { env, pipeline, RawImage } from "@huggingface/transformers";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { Rng } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { exportModel } from "../../src/interop/export.ts";
import { readSafetensors } from "../../src/interop/safetensors.ts";
import { sinCosPositions, tokenPositions } from "../../src/layers/transformer/positions.ts";
import { image } from "../../src/modalities/image/index.ts";
import { imagePublisher } from "../../src/modalities/image/publish/index.ts";
import { embedder } from "../../src/training/features.ts";
import { close } from "../support/close.ts";

const SIZE = 16;
const modality = image.build(image.options.parse({ imageSize: SIZE }));
const card = {
  method: "mae",
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
const encoders: Record<string, Encoder> = {
  "vit with mean pooling": vit.build(
    vit.options.parse({ width: 24, depth: 2, heads: 3, patchSize: 4 }),
    modality.specs,
  ),
  "vit with a class token": vit.build(
    vit.options.parse({ width: 24, depth: 2, heads: 3, patchSize: 4, pooling: "class", positions: "learned" }),
    modality.specs,
  ),
  resnet: resnet.build(resnet.options.parse({ layers: "10", width: 4, stem: "small" }), modality.specs),
  "resnet with the imagenet stem": resnet.build(
    resnet.options.parse({ layers: "50", width: 4, stem: "imagenet" }),
    modality.specs,
  ),
};

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-export-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const imageOf = (seed: number) => {
  const rng = new Rng(seed);
  return {
    width: SIZE,
    height: SIZE,
    channels: 3 as const,
    data: Uint8Array.from({ length: SIZE * SIZE * 3 }, () => rng.integer(0, 255)),
  };
};
for (const [name, encoder] of Object.entries(encoders))
  test(`${name}: transformers.js and ONNX Runtime agree with the encoder`, async () => {
    const to = join(folder, name.replaceAll(" ", "-"));
    const params = encoder.init(new Rng(5));
    await exportModel({
      model: { encoder, params: { encoder: params }, modality },
      publisher: imagePublisher,
      card,
      out: to,
    });
    const images = [1, 2, 3].map(imageOf);
    const direct = await embedder(encoder, params, modality, { batchSize: 3 });
    const expected = await direct.embed(images.map((sample) => modality.tensors(sample)));
    await direct.dispose();

    const session = await InferenceSession.create(join(to, "model.onnx"));
    for (const batch of [1, 3, 64]) {
      const pixels = new Float32Array(batch * 3 * SIZE * SIZE);
      for (let row = 0; row < batch; row++)
        pixels.set(modality.tensors(images[row % 3]!).pixels!.data, row * 3 * SIZE * SIZE);
      const { pooler_output: pooled } = await session.run({
        pixel_values: new OrtTensor(pixels, [batch, 3, SIZE, SIZE]),
      });
      assert.deepEqual(pooled?.dims, [batch, encoder.embedDim]);
      const data = pooled?.data as Float32Array;
      for (let row = 0; row < batch; row++)
        close(
          data.subarray(row * encoder.embedDim, (row + 1) * encoder.embedDim),
          expected.subarray((row % 3) * encoder.embedDim, ((row % 3) + 1) * encoder.embedDim),
          1e-4,
        );
    }
    await session.release();

    env.allowRemoteModels = false;
    env.localModelPath = dirname(to);
    const extract = await pipeline("image-feature-extraction", basename(to), { dtype: "fp32" });
    for (const [row, { data }] of images.entries()) {
      const output = await extract(new RawImage(data, SIZE, SIZE, 3), { pool: true });
      close(output.data as Float32Array, expected.subarray(row * encoder.embedDim, (row + 1) * encoder.embedDim), 1e-4);
    }
    await extract.dispose();
  });

test("ViT's safetensors have ViTModel's names and shapes", async () => {
  const encoder = encoders["vit with a class token"]!;
  const to = join(folder, "names");
  const params = encoder.init(new Rng(5));
  await exportModel({
    model: { encoder, params: { encoder: params }, modality },
    publisher: imagePublisher,
    card,
    out: to,
  });
  const { tensors } = await readSafetensors(join(to, "model.safetensors"));
  const shapes = Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape.join()]));
  assert.equal(shapes["embeddings.cls_token"], "1,1,24");
  assert.equal(shapes["embeddings.position_embeddings"], "1,17,24");
  assert.equal(shapes["embeddings.patch_embeddings.projection.weight"], "24,3,4,4");
  assert.equal(shapes["encoder.layer.1.attention.attention.value.weight"], "24,24");
  assert.equal(shapes["encoder.layer.0.intermediate.dense.weight"], "96,24");
  assert.equal(shapes["layernorm.weight"], "24");
  assert.equal(tensors.size, 4 + 2 * 16 + 2);
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  assert.equal(config.model_type, "vit");
  assert.equal((await stat(join(to, "onnx", "model.onnx"))).size, (await stat(join(to, "model.onnx"))).size);
});

for (const [positions, fixed] of [
  ["sincos", sinCosPositions([4, 4], 24)],
  ["videomae", tokenPositions(16, 24)],
] as const)
  test(`fixed positions, ${positions}: ViT's safetensors have the encoder's, and zeros for the class token`, async () => {
    const options = vit.options.parse({ width: 24, depth: 1, heads: 3, patchSize: 4, pooling: "class", positions });
    const encoder = vit.build(options, modality.specs);
    const to = join(folder, `fixed-${positions}`);
    const model = { encoder, params: { encoder: encoder.init(new Rng(5)) }, modality };
    await exportModel({ model, publisher: imagePublisher, card, out: to });
    const { data, shape } = (await readSafetensors(join(to, "model.safetensors"))).tensors.get(
      "embeddings.position_embeddings",
    )!;
    assert.deepEqual(shape, [1, 17, 24]);
    assert.deepEqual([...data], [...new Float32Array(24), ...fixed.data]);
  });

test("a folder with other files is left alone", async () => {
  const encoder = encoders.resnet!;
  const options = {
    model: { encoder, params: { encoder: encoder.init(new Rng(5)) }, modality },
    publisher: imagePublisher,
    card,
    out: dirname(import.meta.filename),
  };
  await assert.rejects(exportModel(options), /not empty, and no model in it/);
});
