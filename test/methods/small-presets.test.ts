import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, type TreeRecord } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { methods } from "../../src/methods/index.ts";
import type { Method, MethodDefinition } from "../../src/methods/method.ts";
import { image } from "../../src/modalities/image/index.ts";
import { TrainingOptions } from "../../src/training/run/config.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import { lookAt } from "./plain.ts";
import { stack } from "./toy.ts";

const SIZE = 16;
const names = [
  "autoencoder",
  "beta-vae",
  "colorization",
  "context-encoder",
  "cropped-region",
  "denoising-autoencoder",
  "jigsaw",
  "relative-position",
  "rotation",
];

/** Smooth blobs, so that there is something to learn. */
const samples = Array.from({ length: 8 }, (_, index) => {
  const rng = new Rng(index);
  const [fx, fy, phase] = [rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.6), rng.uniform(0, 6)];
  const data = Uint8Array.from({ length: 24 * 24 * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % 24, Math.floor(at / 72)];
    return 127 + 120 * Math.sin(fx * x + fy * y * (1 + (at % 3)) + phase);
  });
  return { width: 24, height: 24, channels: 3 as const, data };
});

function build(definition: MethodDefinition, encoder?: Encoder): { method: Method; batch: TreeRecord<Tensor> } {
  const small = definition.presets?.small;
  assert.ok(small, `${definition.name} has no preset for small data`);
  const modality = image.build(image.options.parse({ imageSize: SIZE, ...small.modalityOptions }));
  const options = { ...small.options, ...("decoderWidth" in definition.options.shape ? { decoderWidth: 4 } : {}) };
  const network =
    encoder ?? resnet.build(resnet.options.parse({ layers: "8", width: 16, stem: "stride2" }), modality.specs);
  const method = definition.build({
    encoder: network as never,
    modality: modality as never,
    options: definition.options.parse(options),
    samples: samples.length,
  });
  const batch = stack(
    samples.map((sample, index) => method.views(sample, new Rng(7).split(index), { index, label: -1 })),
  );
  return { method, batch };
}

async function train(definition: MethodDefinition, encoder?: Encoder): Promise<number[]> {
  const { method, batch } = build(definition, encoder);
  const given = TrainingOptions.parse(definition.presets?.small?.training ?? {});
  const training = {
    ...given,
    optimizer: given.optimizer ?? "adamw",
    weightDecay: 0,
    gradientClip: given.gradientClip ?? 0,
    beta2: 0.999,
    threads: 1,
  } as const;
  const optimizer = optimizerOf(training);
  const start = initialState(method, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state: start, batch, name: definition.name });
  const losses: number[] = [];
  let state: DeviceState = start;
  for (let index = 0; index < 10; index++) {
    const result = await step.run(state, batch, index, {
      learningRate: given.learningRate ?? 1e-3,
      progress: index / 10,
    });
    state = result.state;
    losses.push(result.loss);
  }
  await step.dispose();
  return losses;
}

for (const name of names)
  test(`${name}: the small preset's options exist; ten steps on a fixed batch lower the loss`, async () => {
    const definition = await methods.load(name);
    const { options = {}, encoderOptions = {}, modalityOptions = {}, training = {} } = definition.presets!.small!;
    for (const [given, schema] of [
      [options, definition.options],
      [encoderOptions, resnet.options],
      [modalityOptions, image.options],
      [training, TrainingOptions],
    ] as const)
      for (const option of Object.keys(given)) assert.ok(option in schema.shape, `${name} has no option ${option}`);
    const losses = await train(definition);
    assert.ok(losses.every(Number.isFinite) && losses[9]! < 0.97 * losses[0]!, `${losses}`);
  });

test("what restores from a map also reads a ViT's tokens", async () => {
  const modality = image.build(image.options.parse({ imageSize: SIZE }));
  for (const pooling of ["class", "mean"] as const) {
    const options = { width: 16, depth: 1, heads: 2, patchSize: 4, pooling };
    const encoder = vit.build(vit.options.parse(options), modality.specs);
    for (const name of ["denoising-autoencoder", "context-encoder", "colorization", "autoencoder", "beta-vae"]) {
      const definition = await methods.load(name);
      const small = { ...definition.presets?.small, options: { ...definition.presets?.small?.options } } as never;
      const narrow =
        name === "autoencoder"
          ? { ...definition, presets: { small: { summary: "", options: { codeDim: 8 } } } }
          : { ...definition, presets: { small } };
      const losses = await train(narrow as MethodDefinition, encoder);
      assert.ok(losses[9]! < losses[0]!, `${name}: ${losses}`);
    }
  }
});

test("pictures of `look`: one per image of the batch, in the encoder's pixels", async () => {
  for (const name of names.filter((other) => other !== "rotation")) {
    const { method, batch } = build(await methods.load(name));
    const pictures = await lookAt(method, method.init(new Rng(0)), batch);
    assert.ok(pictures.size > 0, name);
    for (const [what, { shape, data }] of pictures) {
      assert.deepEqual(shape.slice(0, 2), [samples.length, 3], `${name}: ${what}`);
      assert.equal(shape.length, 4);
      assert.ok(data.every(Number.isFinite), `${name}: ${what}`);
    }
  }
});
