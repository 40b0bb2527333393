import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { type Array, float32, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { Inputs, Params } from "../../src/encoders/encoder.ts";
import { wave } from "../../src/encoders/wave.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
  ZeroRng,
} from "../fixtures/torch/reference.ts";

const build = (options: z.input<typeof wave.options>, length: number, channels = 1) =>
  wave.build(wave.options.parse(options), { wave: { dtype: "float32", shape: [channels, length] } });

/** The network of speech.py. */
const tiny = {
  ...{ convWidth: 8, width: 8, depth: 2, heads: 2, mlpRatio: 2, positionKernel: 4, positionGroups: 2 },
  ...{ kernels: [4, 3], strides: [2, 2] },
};
const sound = () => fill("wave", [3, 2, 61]);

test("wave base has the parameters of wav2vec 2.0 base", () => {
  // transformers' Wav2Vec2Model of facebook/wav2vec2-base has 94,371,712: with a mask token and the scales of weight norm.
  const leaves = tree.leaves<Tensor>(build({ size: "base" }, 16000).init(new ZeroRng()));
  assert.equal(
    leaves.reduce((sum, leaf) => sum + leaf.data.length, 0),
    94_371_712 - 768 - 128,
  );
});

for (const [name, causal] of [
  ["wave", false],
  ["wave causal", true],
] as const)
  test(`${name}: output, local features, tokens and every gradient as torch's`, async () => {
    const expected = await torchCase("speech", name);
    const network = build({ ...tiny, causal }, 61, 2);
    const inputs = { p: weights(network.init(new Rng(0))) };
    for (const device of ["cpu", "wasm"] as const) {
      const both = { ...inputs, wave: sound() };
      const { output, gradients } = await outputAndGradients(
        ({ p, wave: x }: Traced<typeof both>) => network.apply(p, { wave: x }),
        both,
        device,
      );
      gradients.delete("wave");
      assertMatches(output, expected.output, `output on ${device}`);
      assertGradients(gradients, expected);
    }
    const of = (what: (p: Params, given: Inputs) => Array) =>
      evaluateOne((p: Params, x: Array) => what(p, { wave: x }), [inputs.p, sound()] as const);
    assertMatches(await of(network.hidden), expected.hidden, "hidden");
    assertMatches(await of(network.latents.latents), expected.latents, "latents");
    const { context, latents } = network.latents;
    assertMatches(await of((p, given) => context(p, latents(p, given))), expected.hidden, "context of the latents");
  });

const changedFrom = (x: Tensor, from: number): Tensor =>
  float32(
    Float32Array.from(x.data, (value, index) => (index % x.shape[2]! < from ? value : value + 3)),
    x.shape,
  );

for (const causal of [true, false])
  test(`a token of a ${causal ? "causal" : "usual"} encoder ${causal ? "never sees" : "sees"} what comes after its window`, async () => {
    const network = build({ ...tiny, causal }, 61, 2);
    const { windows, count } = network.latents;
    assert.ok(windows);
    assert.deepEqual([windows, count], [{ input: "wave", stride: 4, field: 8 }, 14]);
    const params = weights(network.init(new Rng(0)));
    const read = (x: Tensor) =>
      evaluateOne((p: Params, given: Array) => network.hidden(p, { wave: given }), [params, x] as const);
    const before = await read(sound());
    // The window of token 5 ends before value 28.
    const after = await read(changedFrom(sound(), 5 * windows.stride + windows.field));
    const farthest = (from: number, to: number) =>
      Math.max(
        ...[0, 1, 2].flatMap((sample) =>
          globalThis.Array.from({ length: (to - from) * 8 }, (_, at) => {
            const index = (sample * count + from) * 8 + at;
            return Math.abs(before.data[index]! - after.data[index]!);
          }),
        ),
      );
    assert.ok(farthest(6, count) > 0.01);
    const past = farthest(0, 6);
    assert.ok(causal ? past < 1e-6 : past > 1e-3, `${past}`);
  });

test("a local feature sees its window and nothing else, where no norm is over time", async () => {
  const network = build({ ...tiny, causal: true }, 61, 2);
  const params = weights(network.init(new Rng(0)));
  const { latents, latentDim, count, windows } = network.latents;
  assert.ok(windows);
  const read = (x: Tensor) =>
    evaluateOne((p: Params, given: Array) => latents(p, { wave: given }), [params, x] as const);
  const before = await read(sound());
  assert.deepEqual(before.shape, [3, count, latentDim]);
  for (const place of [0, 19, 20, 31]) {
    const moved = sound();
    moved.data[place] = moved.data[place]! + 2;
    const after = await read(moved);
    for (let token = 0; token < count; token++) {
      const isSeen: boolean = token * windows.stride <= place && place < token * windows.stride + windows.field;
      const same = [0, 1, 2, 3].every(
        (at) => before.data[token * latentDim + at] === after.data[token * latentDim + at],
      );
      assert.equal(same, !isSeen, `value ${place}, token ${token}`);
    }
  }
});

test("the mask token replaces what is masked before positions are added; each block's output is given", async () => {
  const network = build(tiny, 61, 2);
  const params = weights(network.init(new Rng(0)));
  const at = float32(
    Float32Array.from({ length: 3 * 14 }, (_, index) => (index % 14 < 7 ? 1 : 0)),
    [3, 14],
  );
  const read = (x: Tensor) =>
    evaluateOne(
      (p: Params, given: Array, where: Array, token: Array) =>
        network.tokens.encode(p, { wave: given }, { masked: { at: where, token } }),
      [params, x, at, fill("token", [8])] as const,
    );
  const usual = await read(sound());
  assert.notDeepEqual(
    usual.data,
    (await evaluateOne((p: Params, x: Array) => network.hidden(p, { wave: x }), [params, sound()] as const)).data,
  );
  const outputs = tree.leaves<Tensor>(
    await evaluate((p: Params, x: Array) => network.tokens.blocks(p, { wave: x }), [params, sound()] as const),
  );
  assert.deepEqual(
    outputs.map(({ shape }) => shape),
    [
      [3, 14, 8],
      [3, 14, 8],
    ],
  );
  const last = await evaluateOne((p: Params, x: Array) => network.hidden(p, { wave: x }), [params, sound()] as const);
  assert.deepEqual(outputs[1]!.data, last.data);
});

test("sizes that do not fit are refused in one line", () => {
  assert.throws(() => build(tiny, 6), /an input of 6 values is too short for its convolutions/);
  assert.throws(() => build({ ...tiny, kernels: [4] }, 61), /1 kernels and 2 strides/);
  assert.throws(() => build({ ...tiny, heads: 3 }, 61), /8 cannot be split into 3 heads/);
  assert.throws(() => build({ ...tiny, positionGroups: 3 }, 61), /8 cannot be split into 3 groups/);
  assert.equal(wave.options.safeParse({ convWidth: 1e9 }).success, false);
  assert.equal(wave.options.safeParse({ kernels: [1e9] }).success, false);
});
