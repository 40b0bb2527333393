import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { type Array, filled, int32, Rng, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { InitialParams, Inputs, Params } from "../../src/encoders/encoder.ts";
import { hubert } from "../../src/methods/hubert.ts";
import { inputFeatures } from "../../src/methods/parts/input-features.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../fixtures/torch/reference.ts";
import { assertIsTorchs } from "./checks.ts";
import { descend } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";
import { signals, speechBatch, tinyWave } from "./toy-signal.ts";

const modality = signals(128);
const encoder = tinyWave(modality);
const narrow = { inputClusters: 3, clusters: 5, inputEpochs: 2, featureEpochs: 3, layer: 1, projectionDim: 8 };
const build = (options: z.input<typeof hubert.options> = {}) =>
  hubert.build({ encoder, modality, samples: 12, options: hubert.options.parse({ ...narrow, ...options }) });

/** What the trainer gives before an epoch, on the 12 samples. */
function context(epoch: number, params: InitialParams & { encoder: InitialParams }, memory: InitialParams) {
  const asked: number[] = [];
  return {
    asked,
    given: {
      ...{ epoch, params, memory, rng: new Rng(5).split(epoch) },
      features: () => assert.fail("not asked for"),
      async outputs(wanted: { apply(params: Params, inputs: Inputs): Array; dim: number; indices: Int32Array }) {
        asked.push(wanted.indices.length);
        const inputs = stack([...wanted.indices].map((index) => modality.tensors(index)));
        const { data } = await evaluateOne((p: Params, wave: Array) => wanted.apply(p, { wave }), [
          params.encoder as TreeRecord<Tensor>,
          inputs.wave,
        ] as const);
        return { data: Float32Array.from(data), rows: wanted.indices.length, dim: wanted.dim };
      },
    },
  };
}

test("energies and cepstra of windows as PyTorch's", async () => {
  const expected = await torchCase("speech", "windows");
  const latents = { ...encoder.latents, count: 4, windows: { input: "wave", stride: 16, field: 40 } };
  const read = async (kind: "energies" | "cepstra") => {
    const { apply } = inputFeatures({ latents }, 2, kind, "test");
    return evaluateOne((wave: Array) => apply({ wave }), [fill("wave", [2, 2, 90])] as const);
  };
  assertMatches(await read("energies"), expected.energies, "energies");
  const cepstra = await read("cepstra");
  assert.deepEqual(cepstra.shape, [2, 4, 78]);
  // Of each channel 13 coefficients, their differences, and the differences of those.
  const part = (from: number) =>
    Float32Array.from(
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((row) =>
        [0, 1].flatMap((channel) => [
          ...cepstra.data.slice(row * 78 + channel * 39 + from, row * 78 + channel * 39 + from + 13),
        ]),
      ),
    );
  assertMatches({ dtype: "float32", shape: [2, 4, 26], data: part(0) }, expected.cepstrum, "cepstrum");
  const at = (values: Float32Array, row: number) => values[row * 26]!;
  const [c, change] = [part(0), part(13)];
  // Of tokens 0 to 3 the difference at 1 is (c2 − c0) / 10 + 2 (c3 − c0) / 10, the first being repeated.
  const expectedChange = (at(c, 2) - at(c, 0)) / 10 + (2 * (at(c, 3) - at(c, 0))) / 10;
  assert.ok(Math.abs(at(change, 1) - expectedChange) < 1e-4);
});

test("the loss and every gradient are those of HuBERT in PyTorch, with clusters of the first block's output", () => {
  const data = signals(61);
  const options = hubert.options.parse({ clusters: 4, inputClusters: 4, layer: 1, projectionDim: 5 });
  const method = hubert.build({ encoder: tinyWave(data), modality: data, samples: 3, options });
  const memory = { learned: int32([1], []), bias: filled([4], 0) };
  return assertIsTorchs(method, "method hubert", speechBatch(), { file: "speech", memory });
});

test("clusters are of the input at first, of the encoder's features later, and stay in between", async () => {
  const method = build();
  assert.ok(method.beforeEpoch && method.initMemory);
  const params = method.init(new Rng(0));
  const memory = method.initMemory(new Rng(0), params);
  const leaves = (of: TreeRecord<Tensor>) => new Map(tree.entries<Tensor>(of));
  const first = context(0, params, memory);
  const begun = await method.beforeEpoch(first.given as never);
  assert.deepEqual(first.asked, [12]);
  const start = leaves(begun.memory);
  assert.deepEqual([...start.get("bias")!.data], [0, 0, 0, -1e9, -1e9]);
  assert.equal(start.get("learned")!.data[0], 0);
  assert.ok(
    start
      .get("inputCenters")!
      .data.slice(0, 3 * 78)
      .some((value) => value !== 0),
  );

  const between = context(1, begun.params, begun.memory);
  assert.deepEqual(await method.beforeEpoch(between.given as never), { params: begun.params, memory: begun.memory });
  assert.deepEqual(between.asked, []);

  const moved = { ...begun.params, encoder: encoder.init(new Rng(3)) };
  const later = context(2, moved, begun.memory);
  const changed = await method.beforeEpoch(later.given as never);
  const now = leaves(changed.memory);
  assert.deepEqual([...now.get("bias")!.data], [0, 0, 0, 0, 0]);
  assert.equal(now.get("learned")!.data[0], 1);
  assert.deepEqual(now.get("teacher.project.weight"), leaves(moved).get("encoder.project.weight"));
  assert.notDeepEqual(leaves(changed.params).get("codes"), leaves(begun.params).get("codes"));
  for (const [epoch, clusters] of [
    [3, 0],
    [4, 0],
    [5, 1],
  ] as const) {
    const { asked, given } = context(epoch, changed.params as never, changed.memory as never);
    await method.beforeEpoch(given as never);
    assert.equal(asked.length, clusters, `epoch ${epoch}`);
  }
});

for (const epoch of [0, 2])
  test(`ten steps after the clustering of epoch ${epoch} move every parameter and lower the loss`, async () => {
    const method = build();
    assert.ok(method.beforeEpoch && method.initMemory);
    const params = method.init(new Rng(0));
    const { given } = context(epoch, params, method.initMemory(new Rng(0), params));
    const begun = await method.beforeEpoch(given as never);
    const batch = stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));
    const progress = globalThis.Array.from({ length: 10 }, (_, index) => index / 10);
    const starting = { ...method, initMemory: () => begun.memory };
    const options = {
      params: begun.params as typeof params,
      progress,
      learningRate: 0.01,
      optimizer: "adamw",
    } as const;
    const left = await descend(starting, batch, options);
    const losses = left.map(({ loss }) => loss);
    assert.ok(losses.every(Number.isFinite) && losses.at(-1)! < 0.9 * losses[0]!, `${losses}`);
    for (const [path, { data }] of tree.entries<Tensor>(begun.params))
      assert.notDeepEqual(left.at(-1)!.state.get(`params.${path}`)!.data, data, path);
    assert.deepEqual(
      left.at(-1)!.state.get("memory.centers"),
      new Map(tree.entries<Tensor>(begun.memory)).get("centers"),
    );
  });

test("more clusters than tokens are refused", () => {
  assert.throws(() => build({ clusters: 1000 }), /hubert: 1000 clusters of 372 tokens; choose fewer by --clusters/);
});
