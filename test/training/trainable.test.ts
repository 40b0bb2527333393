import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { linear } from "../../src/layers/linear.ts";
import { withLora } from "../../src/layers/lora.ts";
import type { Method } from "../../src/methods/method.ts";
import { image } from "../../src/modalities/image/index.ts";
import { compileStep, initialState, optimizerOf } from "../../src/training/step.ts";
import { type TrainableOptions, trainable } from "../../src/training/trainable.ts";
import { fill } from "../fixtures/torch/reference.ts";

const { specs } = image.build(image.options.parse({ imageSize: 16, channels: 1 }));
const encoder = vit.build(
  vit.options.parse({ width: 12, depth: 2, heads: 3, patchSize: 4, pooling: "class", positions: "learned" }),
  specs,
);
const head = linear(12, 3);
const init = (rng: Rng) => ({ encoder: encoder.init(rng), head: head.init(rng) });

test("rates fall from the head to the embedding, layer by layer", () => {
  const scales = trainable(init(new Rng(0)), { layerDecay: 0.5 });
  assert.equal(scales.get("head.weight"), 1);
  assert.equal(scales.get("encoder.norm.scale"), 1);
  assert.equal(scales.get("encoder.blocks.1.up.weight"), 0.5);
  assert.equal(scales.get("encoder.blocks.0.norm1.scale"), 0.25);
  for (const path of ["patch.weight", "classToken", "positions"]) assert.equal(scales.get(`encoder.${path}`), 0.125);
  const cnn = resnet.build(resnet.options.parse({ layers: "10", width: 4 }), specs);
  const own = trainable({ encoder: cnn.init(new Rng(0)) }, { layerDecay: 0.5 });
  assert.equal(own.get("encoder.stages.3.0.path.0.conv.weight"), 0.5);
  assert.equal(own.get("encoder.stem.conv.weight"), 0.5 ** 5);
  assert.ok([...own.keys()].every((path) => !path.includes("running")));
});

test("more frozen layers than there are, and additions in frozen ones only, are refused", () => {
  const params = init(new Rng(0));
  assert.equal(trainable(params, { frozenLayers: 4 }).size, 2);
  assert.throws(() => trainable(params, { frozenLayers: 5 }), /--frozen-layers 5: this encoder has 4 layers/);
  assert.throws(() => trainable(params, { loraRank: 2 }), /this encoder has none/);
  const added = { ...params, encoder: withLora(params.encoder, 2, new Rng(1)) };
  assert.equal(trainable(added, { loraRank: 2, frozenLayers: 2 }).size, 2 + 8);
  assert.throws(() => trainable(added, { loraRank: 2, frozenLayers: 3 }), /leaves no block that --lora-rank/);
});

/** How far each parameter moves in a step, as the norm of its change. */
async function moves(options: TrainableOptions): Promise<Map<string, number>> {
  const training = {
    optimizer: "sgd",
    beta2: 0.9,
    weightDecay: 0,
    gradientClip: 0,
    ema: 0,
    seed: 0,
    ...options,
  } as const;
  const method = {
    views: () => ({}),
    init,
    loss: (params: never, { pixels }: { pixels: Array }) => {
      const { encoder: weights, head: last } = params as { encoder: never; head: never };
      return { loss: np.mean(np.square(head.apply(last, encoder.apply(weights, { pixels })))) };
    },
  } as unknown as Method;
  const optimizer = optimizerOf(training);
  const state = initialState(method, optimizer, training, new Rng(4));
  const batch = { pixels: fill("pixels", [4, 1, 16, 16]) };
  const step = await compileStep({
    ...{ method, optimizer, state, batch, name: "trainable" },
    training: { ...training, device: "cpu", threads: 1 },
  });
  const { state: next } = await step.run(state, batch, 0, { learningRate: 0.1, progress: 0 });
  const before = new Map(tree.entries<Tensor>(state.params));
  const moved = new Map<string, number>();
  for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(next.params)) {
    const { data } = "read" in leaf ? await leaf.read() : leaf;
    moved.set(path, Math.hypot(...data.map((value, at) => value - before.get(path)!.data[at]!)));
  }
  assert.deepEqual(
    new Set(Object.keys(state.optimizer.velocity!)),
    new Set(trainable(state.params as never, options).keys()),
  );
  await step.dispose();
  return moved;
}

test("of frozen layers nothing is trained, no additions either", () => {
  const params = { encoder: { blocks: [0, 1].map(() => ({ up: { weight: np.zeros([1]), loraA: np.zeros([1]) } })) } };
  const paths = [...trainable(params, { loraRank: 4, frozenLayers: 2 }).keys()];
  assert.deepEqual(paths, ["encoder.blocks.1.up.loraA"]);
});

test("what is frozen stays as it is, bit for bit, and the rest learns as it would", async () => {
  const all = await moves({});
  const some = await moves({ frozenLayers: 2 });
  for (const [path, by] of some) {
    const frozen = /^encoder\.(patch|classToken|positions|blocks\.0)/.test(path);
    if (frozen) assert.equal(by, 0, path);
    else assert.ok(Math.abs(by - all.get(path)!) <= 1e-6 + 1e-4 * by, `${path}: ${by} and ${all.get(path)}`);
  }
});

test("a lower layer's step is shorter by the decay to its depth", async () => {
  const [all, decayed] = [await moves({}), await moves({ layerDecay: 0.5 })];
  const ratio = (path: string) => decayed.get(path)! / all.get(path)!;
  for (const [path, factor] of [
    ["head.weight", 1],
    ["encoder.blocks.1.down.weight", 0.5],
    ["encoder.patch.weight", 0.125],
  ] as const)
    assert.ok(Math.abs(ratio(path) - factor) < 1e-3, `${path}: ${ratio(path)}`);
});

test("with LoRA only additions and heads are trained", async () => {
  const moved = await moves({ loraRank: 2 });
  // A moves only once B is not zero.
  for (const [path, by] of moved)
    if (/loraB$|^head\./.test(path)) assert.ok(by > 0, path);
    else assert.equal(by, 0, path);
});

test("parts that are frozen by name are not trained, and one that does not exist is refused", () => {
  const one = 1;
  const params = {
    encoder: { image: { weight: one }, imageProjection: { weight: one }, text: { weight: one } },
    scale: one,
  };
  assert.deepEqual(
    [...trainable(params, { freeze: ["image"] }).keys()],
    ["encoder.imageProjection.weight", "encoder.text.weight", "scale"],
  );
  const withHead = { ...params, image: { weight: one } };
  assert.ok(
    trainable(withHead, { freeze: ["image"] }).has("image.weight"),
    "a head of the same name is not the encoder's",
  );
  assert.throws(() => trainable(params, { freeze: ["photo"] }), /--freeze photo: .* image, imageProjection, text/);
});
