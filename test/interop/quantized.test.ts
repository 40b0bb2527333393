import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { env, pipeline, RawImage } from "@huggingface/transformers";
import { Rng } from "../../src/array/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { quantize } from "../../src/engine/quantize/index.ts";
import { exportModel } from "../../src/interop/export.ts";
import { openExported } from "../../src/interop/exported-model.ts";
import { image } from "../../src/modalities/image/index.ts";
import { imagePublisher } from "../../src/modalities/image/publish/index.ts";

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
const encoders = {
  vit: vit.build(vit.options.parse({ width: 48, depth: 2, heads: 3, patchSize: 4 }), modality.specs),
  resnet: resnet.build(resnet.options.parse({ layers: "10", width: 8, stem: "small" }), modality.specs),
};
const calibration = [1, 2].map((seed) => ({ pixel_values: new Rng(seed).normals([16, 3, SIZE, SIZE]) }));

for (const [name, encoder] of Object.entries(encoders))
  test(`${name}: transformers.js loads the int8 model as "q8", and its vectors are close to the float model's`, async () => {
    const to = await mkdtemp(join(tmpdir(), "autodidact-quantized-"));
    try {
      const params = encoder.init(new Rng(5));
      await rm(to, { recursive: true });
      const described = { encoder, params: { encoder: params }, modality };
      await exportModel({ model: described, publisher: imagePublisher, card, out: to });
      const model = await readFile(join(to, "model.onnx"));
      env.allowRemoteModels = false;
      env.localModelPath = dirname(to);
      const rng = new Rng(9);
      const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => rng.integer(0, 255));
      const { pixels } = modality.tensors({ width: SIZE, height: SIZE, channels: 3, data });
      const exported = await openExported(model, imagePublisher);
      const batch = { pixels: { ...pixels!, shape: [1, ...pixels!.shape] } };
      const expected = (await exported.vectors(exported.feeds(batch))).data;
      await exported.dispose();
      for (const [kind, options] of Object.entries({ dynamic: {}, static: { calibration } })) {
        const small = await quantize(model, options);
        assert.ok(small.length < 0.5 * model.length, `${kind}: ${small.length} of ${model.length}`);
        await writeFile(join(to, "onnx", "model_quantized.onnx"), small);
        const extract = await pipeline("image-feature-extraction", basename(to), { dtype: "q8" });
        const output = await extract(new RawImage(data, SIZE, SIZE, 3), { pool: true });
        await extract.dispose();
        const found = output.data as Float32Array;
        assert.equal(found.length, encoder.embedDim);
        assert.ok(cosine(found, expected) > 0.995, `${kind}: ${cosine(found, expected)}`);
        assert.ok(
          found.some((value, at) => value !== expected[at]),
          "the float model was loaded",
        );
      }
    } finally {
      await rm(to, { recursive: true, force: true });
    }
  });

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    ofA += a[i]! ** 2;
    ofB += b[i]! ** 2;
  }
  return dot / Math.sqrt(ofA * ofB);
}
