import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, Rng, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Inputs, Params } from "../../src/encoders/encoder.ts";
import { bestRq } from "../../src/methods/best-rq.ts";
import { evaluateOne } from "../fixtures/torch/reference.ts";
import { descend } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";
import { signals, tinyWave } from "./toy-signal.ts";

const modality = signals(128);
const encoder = tinyWave(modality);
const method = bestRq.build({
  ...{ encoder, modality, samples: 12 },
  options: bestRq.options.parse({ codes: 16, codeDim: 8, maskProbability: 0.15, maskLength: 3 }),
});
const params = method.init(new Rng(0));

/** The state before an epoch, on the 12 samples. */
async function begun(epoch: number, memory: TreeRecord<Tensor>) {
  const kept: Float32Array[] = [];
  const given = {
    ...{ epoch, params, memory, rng: new Rng(5) },
    features: () => assert.fail("not asked for"),
    async outputs(wanted: { apply(params: Params, inputs: Inputs): Array; dim: number; indices: Int32Array }) {
      const inputs = stack([...wanted.indices].map((index) => modality.tensors(index)));
      const { data } = await evaluateOne((p: Params, wave: Array) => wanted.apply(p, { wave }), [
        params.encoder as TreeRecord<Tensor>,
        inputs.wave,
      ] as const);
      kept.push(Float32Array.from(data));
      return { data: kept[0]!, rows: wanted.indices.length, dim: wanted.dim };
    },
  };
  const result = await method.beforeEpoch!(given as never);
  return { kept, memory: result.memory as TreeRecord<Tensor> };
}

test("before the first epoch the input is measured: mean 0 and deviation 1 of every value; later nothing changes", async () => {
  const memory = method.initMemory!(new Rng(1), params) as TreeRecord<Tensor>;
  const first = await begun(0, memory);
  const { mean, scale } = first.memory as Record<string, Tensor>;
  const [values] = first.kept;
  assert.ok(values && mean && scale);
  const dim = 80;
  assert.equal(values.length, 12 * 31 * dim);
  for (const at of [0, 17, 79]) {
    const column = globalThis.Array.from(
      { length: 12 * 31 },
      (_, row) => (values[row * dim + at]! - mean.data[at]!) * scale.data[at]!,
    );
    const average = column.reduce((sum, value) => sum + value, 0) / column.length;
    const square = column.reduce((sum, value) => sum + value * value, 0) / column.length;
    // A band without a bin in it never varies.
    assert.ok(
      Math.abs(average) < 1e-3 && (scale.data[at] === 0 || Math.abs(square - 1) < 1e-3),
      `${average} ${square}`,
    );
  }
  const second = await begun(1, first.memory);
  assert.deepEqual(second.memory, first.memory);
  assert.deepEqual(second.kept, []);
});

test("ten steps move every parameter and lower the loss; projection and codes stay", async () => {
  const { memory } = await begun(0, method.initMemory!(new Rng(1), params) as TreeRecord<Tensor>);
  const batch = stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));
  const progress = globalThis.Array.from({ length: 10 }, (_, index) => index / 10);
  const options = { params, progress, learningRate: 0.01, optimizer: "adamw" } as const;
  const left = await descend({ ...method, initMemory: () => memory as never }, batch, options);
  const losses = left.map(({ loss }) => loss);
  assert.ok(losses.every(Number.isFinite) && losses.at(-1)! < 0.95 * losses[0]!, `${losses}`);
  for (const [path, { data }] of tree.entries<Tensor>(params))
    assert.notDeepEqual(left.at(-1)!.state.get(`params.${path}`)!.data, data, path);
  for (const [path, { data }] of tree.entries<Tensor>(memory))
    assert.deepEqual(left.at(-1)!.state.get(`memory.${path}`)!.data, data, path);
});
