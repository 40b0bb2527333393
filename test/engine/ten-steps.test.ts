import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, float32, int32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { supervised } from "../../src/methods/supervised.ts";
import { image } from "../../src/modalities/image/index.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";

const [BATCH, SIZE, CLASSES] = [6, 16, 3];
const modality = image.build(image.options.parse({ imageSize: SIZE, channels: 1 }));
const encoders: Record<string, Encoder> = {
  vit: vit.build(
    vit.options.parse({
      width: 24,
      depth: 2,
      heads: 3,
      patchSize: 4,
      pooling: "class",
      positions: "learned",
      dropPath: 0.2,
    }),
    modality.specs,
  ),
  resnet: resnet.build(resnet.options.parse({ layers: "10", width: 4, stem: "imagenet" }), modality.specs),
};
const rng = new Rng(8);
const labels = Int32Array.from({ length: BATCH }, (_, row) => row % CLASSES);
const oneHot = Array.from({ length: BATCH * CLASSES }, (_, at) =>
  Number(labels[Math.floor(at / CLASSES)] === at % CLASSES),
);
const batch = {
  views: [{ pixels: rng.normals([BATCH, 1, SIZE, SIZE]) }],
  target: { values: float32(oneHot, [BATCH, CLASSES]), weight: filled([BATCH], 1) },
  label: int32(labels, [BATCH]),
};

/** Losses of ten steps and the weights after them. */
async function train(encoder: Encoder, device: "cpu" | "wasm"): Promise<{ losses: number[]; weights: Tensor[] }> {
  const training = {
    optimizer: "sgd",
    beta2: 0.999,
    weightDecay: 1e-3,
    gradientClip: 1,
    ema: 0.9,
    seed: 0,
    device,
  } as const;
  const method = supervised.build({
    encoder,
    modality,
    options: supervised.options.parse({ classes: ["a", "b", "c"] }),
    samples: 8,
  });
  const optimizer = optimizerOf(training);
  const start = initialState(method, optimizer, training, new Rng(0));
  const step = await compileStep({ method, optimizer, training, state: start, batch, name: encoder.name });
  let state: DeviceState = start;
  const losses: number[] = [];
  for (let index = 0; index < 10; index++) {
    const result = await step.run(state, batch, index, { learningRate: 0.05, progress: index / 10 });
    state = result.state;
    losses.push(result.loss);
  }
  const weights = await Promise.all(
    tree
      .leaves<Tensor | { read(): Promise<Tensor> }>(state.params)
      .map((leaf) => ("read" in leaf ? leaf.read() : leaf)),
  );
  await step.dispose();
  return { losses, weights: weights.map(({ data, shape }) => float32(Float32Array.from(data), shape)) };
}

for (const [name, encoder] of Object.entries(encoders))
  test(`ten steps of a whole ${name} agree between ONNX Runtime and jax-js`, async () => {
    const [actual, reference] = [await train(encoder, "cpu"), await train(encoder, "wasm")];
    actual.losses.forEach((loss, step) => {
      assert.ok(Math.abs(loss - reference.losses[step]!) < 1e-3, `step ${step}: ${loss} and ${reference.losses[step]}`);
    });
    assert.ok(actual.losses[9]! < actual.losses[0]!, `the loss falls: ${actual.losses}`);
    actual.weights.forEach(({ data }, leaf) => {
      const other = reference.weights[leaf]!.data;
      const norm = Math.hypot(...data);
      const distance = Math.hypot(...data.map((value, i) => value - other[i]!));
      assert.ok(distance <= 5e-3 * (norm + 0.1), `leaf ${leaf}: ${distance} of ${norm}`);
    });
  });

test("the same step on the same engine gives the same bits", async () => {
  const [first, second] = [await train(encoders.vit!, "cpu"), await train(encoders.vit!, "cpu")];
  assert.deepEqual(first, second);
});
