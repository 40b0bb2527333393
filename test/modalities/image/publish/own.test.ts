/** What `autodidact export` wrote, read back as the start of a run. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { np, Rng, type Tensor, type Traced, tree } from "../../../../src/array/index.ts";
import { encoders } from "../../../../src/encoders/index.ts";
import { exportModel } from "../../../../src/interop/export.ts";
import type { ModelParams } from "../../../../src/interop/publisher.ts";
import { image } from "../../../../src/modalities/image/index.ts";
import { adoptImages } from "../../../../src/modalities/image/publish/adopt/index.ts";
import { imagePublisher } from "../../../../src/modalities/image/publish/index.ts";
import { weights } from "../../../fixtures/torch/reference.ts";

const root = await mkdtemp(join(tmpdir(), "own-"));
after(() => rm(root, { recursive: true, force: true }));

const card = {
  ...{ method: "simclr", paper: "p", encoder: "e", encoderPaper: "p", data: "photos", note: "" },
  ...{ entries: 2, steps: 1, epochs: 1, seed: 0, embedDim: 8 },
};
const small = { width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4 };
const dinov2 = {
  layerScale: 1,
  registers: 2,
  positions: "learned",
  positionGrid: 5,
  pooling: "class",
  antialias: true,
};

for (const [name, encoderName, options, isClassifier] of [
  ["vit", "vit", small, false],
  ["vit-class", "vit", { ...small, pooling: "class", positions: "learned" }, true],
  ["vit-resized", "vit", { ...small, pooling: "class", positions: "learned", positionGrid: 6, epsilon: 1e-5 }, false],
  ["vit-pruned", "vit", { ...small, headDim: 2, pooling: "class" }, false],
  ["vit-dinov2", "vit", { ...small, ...dinov2 }, false],
  ["vit-dinov2-head", "vit", { ...small, ...dinov2 }, true],
  ["vit-dinov3", "vit", { ...small, positions: "rotary", keyBias: false, mlp: "swiglu", layerScale: 1 }, false],
  ["resnet-small", "resnet", { layers: "8", width: 4, stem: "small" }, false],
  ["resnet-pruned", "resnet", { layers: "14", width: 4, stem: "imagenet", innerRatio: 0.5 }, true],
] as const)
  test(`${name}${isClassifier ? " with a classifier" : ""}: options and every parameter`, async () => {
    const modalityOptions = image.options.parse({ imageSize: 16, channels: 3, mean: [0.1, 0.2, 0.3], std: [1, 1, 1] });
    const modality = image.build(modalityOptions);
    const definition = await encoders.load(encoderName);
    const encoderOptions = definition.options.parse(options);
    const encoder = definition.build(encoderOptions, modality.specs);
    const params = weights(encoder.init(new Rng(0)));
    const head = { weight: new Rng(1).normals([3, encoder.embedDim]), bias: new Rng(2).normals([3]) };
    const all: ModelParams = isClassifier ? { encoder: params, head } : { encoder: params };
    const model = {
      ...{ encoder, params: all, modality, options: { encoder: encoderOptions, modality: modalityOptions } },
      ...(isClassifier
        ? {
            head: {
              ...({ task: "classification", outputs: ["a", "b", "c"], linear: head } as const),
              predict: (p: Traced<ModelParams>, inputs: Parameters<typeof encoder.apply>[1]) =>
                np.split(encoder.apply(p.encoder, inputs), [3], 1)[0]!,
            },
          }
        : {}),
    };
    const out = join(root, name);
    await exportModel({ model, publisher: imagePublisher, card, out });
    const adopted = await adoptImages(out);
    assert.equal(adopted.encoder, encoderName);
    assert.deepEqual(definition.options.parse(adopted.encoderOptions), encoderOptions);
    assert.deepEqual(image.options.parse(adopted.modalityOptions), modalityOptions);
    const found = adopted.tensors(undefined);
    for (const [path, { shape, data }] of tree.entries<Tensor>(params)) {
      const tensor = found.get(`encoder.${path}`);
      assert.deepEqual(tensor?.shape, shape, path);
      assert.deepEqual(tensor.data, data, path);
    }
  });
