import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { float32, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import type { Inputs } from "../../../../src/encoders/encoder.ts";
import { encoders, type InitialParams, type Params } from "../../../../src/encoders/index.ts";
import { image } from "../../../../src/modalities/image/index.ts";
import { adoptImages } from "../../../../src/modalities/image/publish/adopt/index.ts";
import {
  type PublishedCase,
  publishedCases,
  publishedWeights,
  writePublished,
} from "../../../fixtures/torch/published.ts";
import { assertMatches, evaluate, fill } from "../../../fixtures/torch/reference.ts";

const root = await mkdtemp(join(tmpdir(), "adopt-"));
after(() => rm(root, { recursive: true, force: true }));

/** The adopted model, its modality and encoder, and the encoder's parameters. */
async function adopted(folder: string) {
  const model = await adoptImages(folder);
  const modality = image.build(image.options.parse(model.modalityOptions), model.files);
  const definition = await encoders.load(model.encoder);
  const encoder = definition.build(definition.options.parse(model.encoderOptions), modality.specs);
  const tensors = model.tensors(undefined);
  const params = tree.map<Tensor, Tensor>(encoder.init(new Rng(0)), ({ shape }, path) => {
    const found = tensors.get(`encoder.${path}`);
    assert.deepEqual(found?.shape, shape, path);
    return found;
  }) as InitialParams;
  return { model, modality, encoder, params, tensors };
}

for (const [title, published] of Object.entries(publishedCases))
  test(`${title}: hidden state and representation as its published code's`, async () => {
    const { config, preprocessor, side } = published;
    const folder = await writePublished(join(root, title.replaceAll(/\W/g, "-")), published);
    const { model, modality, encoder, params } = await adopted(folder);
    const timm = config.pretrained_cfg as { mean?: number[]; std?: number[] } | undefined;
    const expected =
      model.encoder === "resnet" && !("pretrained_cfg" in config) && !("crop_size" in preprocessor) ? 224 : side;
    assert.deepEqual(modality.specs.pixels.shape, [3, expected, expected]);
    assert.deepEqual(modality.normalization, {
      mean: preprocessor.image_mean ?? timm?.mean ?? [0.485, 0.456, 0.406],
      std: preprocessor.image_std ?? timm?.std ?? [0.229, 0.224, 0.225],
    });
    const outputs = await evaluate(
      (p: Params, inputs: Inputs) => ({ hidden: encoder.hidden(p, inputs), pooled: encoder.apply(p, inputs) }),
      [params, { pixels: fill("pixels", [2, 3, side, side]) }] as const,
    );
    const byName = new Map(tree.entries<Tensor>(outputs));
    const [hidden, pooled] = [byName.get("hidden")!, byName.get("pooled")!];
    assert.deepEqual(hidden.shape, published.hidden.shape);
    assertMatches(hidden, published.hidden.values, "hidden state");
    // The class reads the class token alone; with a distillation token the representation is the mean of both.
    if (title === "DeiTModel") return;
    assert.deepEqual(pooled.shape, published.pooled.shape);
    assertMatches(pooled, published.pooled.values, "representation");
  });

test("MAE's decoder and mask tokens are taken over where the file has them", async () => {
  const at = async (title: string) =>
    (await adopted(await writePublished(join(root, `mask ${title}`), publishedCases[title]!))).tensors;
  const mae = await at("ViTMAEForPreTraining");
  assert.deepEqual(mae.get("predict.weight"), fill("decoder.decoder_pred.weight", [192, 8], 0.3));
  assert.deepEqual(
    mae.get("blocks.0.up.weight"),
    fill("decoder.decoder_layers.0.intermediate.dense.weight", [16, 8], 0.3),
  );
  assert.deepEqual(mae.get("maskToken")?.shape, [1, 8]);
  // The learned positions of this file are not MAE's fixed ones.
  assert.ok(mae.has("encoder.positions"));
  for (const title of ["Dinov2Model", "DINOv3ViTModel", "ViTForMaskedImageModeling"])
    assert.deepEqual((await at(title)).get("maskToken")?.shape, [16], title);
});

test("MAE's positions are recognised, and stay fixed", async () => {
  const { sinCosPositions } = await import("../../../../src/layers/transformer/positions.ts");
  const published = publishedCases.ViTMAEForPreTraining!;
  const fixed = new Float32Array(160);
  fixed.set(sinCosPositions([3, 3], 16).data, 16);
  const tensors = publishedWeights(published).set("vit.embeddings.position_embeddings", float32(fixed, [1, 10, 16]));
  const { encoder, tensors: found } = await adopted(await writePublished(join(root, "sincos"), published, tensors));
  assert.equal(encoder.hyperparameters.positions, "sincos");
  assert.equal(found.has("encoder.positions"), false);
});

/** A case with something changed. */
const changed = (
  title: string,
  change: Partial<PublishedCase>,
  edit: (tensors: Map<string, Tensor>) => unknown = () => undefined,
) => {
  const published = { ...publishedCases[title]!, ...change };
  const tensors = publishedWeights(publishedCases[title]!);
  edit(tensors);
  return writePublished(join(root, `changed ${Math.random()}`), published, tensors);
};

const config = (title: string, fields: Record<string, unknown>) => ({
  config: { ...publishedCases[title]!.config, ...fields },
});

for (const [what, folder, message] of [
  [
    "a weight is missing",
    () => changed("Dinov2Model", {}, (all) => all.delete("layernorm.bias")),
    /model\.safetensors: has no layernorm\.bias/,
  ],
  [
    "a weight has another shape",
    () => changed("ViTModel", {}, (all) => all.set("layernorm.bias", fill("x", [8]))),
    /layernorm\.bias is float32 \[8\]; the model's configuration asks for float32 \[16\]/,
  ],
  [
    "a weight is not finite",
    () =>
      changed("ViTModel", {}, (all) => all.set("layernorm.bias", float32(new Float32Array(16).fill(Number.NaN), [16]))),
    /layernorm\.bias has values that are not finite/,
  ],
  [
    "the model has a part that ours has not",
    () => changed("timm vit", {}, (all) => all.set("blocks.0.attn.q_norm.weight", fill("x", [8]))),
    /has blocks\.0\.attn\.q_norm\.weight, which the encoder has no place for/,
  ],
  [
    "the model is larger than its configuration",
    () => changed("ViTModel", config("ViTModel", { num_hidden_layers: 1 })),
    /has encoder\.layer\.1\..*, which the encoder has no place for/,
  ],
  [
    "the activation is another",
    () => changed("ViTModel", config("ViTModel", { hidden_act: "relu" })),
    /config\.json: hidden_act: .*; such a model is not supported/,
  ],
  [
    "the kind is another",
    () => changed("ViTModel", config("ViTModel", { model_type: "swin" })),
    /not an image encoder that is supported: vit, deit/,
  ],
  [
    "heads are not known",
    () => changed("torchvision vit", config("torchvision vit", { model_args: undefined })),
    /do not tell the number of attention heads for a width of 16/,
  ],
  [
    "the ResNet is of a depth that is not known",
    () => changed("ResNetModel, basic", config("ResNetModel, basic", { depths: [1, 1, 1, 2] })),
    /a ResNet with 1, 1, 1, 2 basic blocks; supported: 8/,
  ],
  [
    "the strides are the first ResNets'",
    () => changed("ResNetModel, basic", config("ResNetModel, basic", { downsample_in_bottleneck: true })),
    /downsample_in_bottleneck/,
  ],
  [
    "images are normalised by numbers for other channels",
    () => changed("ViTModel", { preprocessor: { image_mean: [0.5], image_std: [0.5] } }),
    /a model of 3 channels, and 1 numbers/,
  ],
] as const)
  test(`refused: ${what}`, async () => {
    await assert.rejects(adoptImages(await folder()), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
