import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, int32, np, Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import { dilated } from "../../src/encoders/dilated.ts";
import { inTraining } from "../../src/layers/scope.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const [CHANNELS, LENGTH] = [2, 13];
const small = { width: 6, outputDim: 10, depth: 3, dropout: 0 };
const series = { dtype: "float32", shape: [CHANNELS, LENGTH] } as const;
const withMask = { series, mask: { dtype: "int32", shape: [LENGTH] } } as const;
const x = fill("series", [3, CHANNELS, LENGTH]);
const MISSING = new Set([4, 9, 10, 11, 12, 0].map((at, row) => [0, 1, 1, 1, 1, 2][row]! * LENGTH + at));
const mask = int32(
  Int32Array.from({ length: 3 * LENGTH }, (_, at) => (MISSING.has(at) ? 0 : 1)),
  [3, LENGTH],
);
/** Where `time.py` hides steps. */
const hidden = float32(
  Float32Array.from(fill("hidden", [3, LENGTH]).data, (value) => (value > 0 ? 1 : 0)),
  [3, LENGTH],
);

for (const name of ["plain", "missing", "hidden"] as const)
  test(`dilated, ${name}: output and every gradient as torch's`, async () => {
    const expected = await torchCase("time", `dilated ${name}`);
    const encoder = dilated.build(dilated.options.parse(small), name === "plain" ? { series } : withMask);
    const params = { p: weights(encoder.init(new Rng(0))) };
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(
        ({ p }: Traced<typeof params>) => {
          const inputs = { series: constant(x), ...(name === "plain" ? {} : { mask: constant(mask) }) };
          if (name !== "hidden") return encoder.apply(p, inputs);
          const masked = { at: constant(hidden), token: constant(float32([0], [1])) };
          return encoder.tokens.encode(p, inputs, { masked });
        },
        params,
        device,
      );
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
  });

test("by default it is TS2Vec's: 637,248 parameters of a series of one channel", () => {
  const encoder = dilated.build(dilated.options.parse({}), { series: { dtype: "float32", shape: [1, 100] } });
  const count = (tree: unknown): number =>
    tree && typeof tree === "object"
      ? "data" in tree && tree.data instanceof Float32Array
        ? tree.data.length
        : Object.values(tree).reduce((sum: number, part) => sum + count(part), 0)
      : 0;
  // 64 + 64; ten blocks of two convolutions of 64 · 64 · 3 + 64; the last one's two and its residual.
  const expected = 128 + 10 * 2 * (64 * 64 * 3 + 64) + (64 * 320 * 3 + 320) + (320 * 320 * 3 + 320) + (64 * 320 + 320);
  assert.equal(expected, 637_248);
  assert.equal(count(encoder.init(new Rng(0))), expected);
  assert.equal(encoder.embedDim, 320);
  assert.equal(encoder.tokens.count, 100);
});

test("a mask of every channel: a step is missing where all of them are", async () => {
  const ofSteps = dilated.build(dilated.options.parse(small), withMask);
  const ofChannels = dilated.build(dilated.options.parse(small), {
    series,
    mask: { dtype: "int32", shape: [CHANNELS, LENGTH] },
  });
  const params = weights(ofSteps.init(new Rng(0)));
  const every = Int32Array.from({ length: 3 * CHANNELS * LENGTH }, (_, at) => {
    const [step, channel] = [at % LENGTH, Math.floor(at / LENGTH) % CHANNELS];
    // In the last step of the first sample one of the channels is missing.
    return MISSING.has(row(at) * LENGTH + step) || (at < 2 * LENGTH && step === LENGTH - 1 && channel === 0) ? 0 : 1;
  });
  const wide = int32(every, [3, CHANNELS, LENGTH]);
  const [one, other] = await Promise.all(
    (
      [
        [ofSteps, mask],
        [ofChannels, wide],
      ] as const
    ).map(([encoder, given]) =>
      evaluateOne(
        (p: Traced<typeof params>) => encoder.apply(p, { series: constant(x), mask: constant(given) }),
        [params],
      ),
    ),
  );
  assert.deepEqual(other!.data, one!.data);
});

test("missing values change nothing, whatever they are; nothing but missing values is 0", async () => {
  const encoder = dilated.build(dilated.options.parse(small), withMask);
  const params = weights(encoder.init(new Rng(0)));
  const other = float32(
    Float32Array.from(x.data, (value, at) => (MISSING.has(row(at) * LENGTH + (at % LENGTH)) ? 1000 : value)),
    x.shape,
  );
  const of = async (series: Tensor, present: Tensor) =>
    (
      await evaluateOne((p: Traced<typeof params>, s, m) => encoder.apply(p, { series: s, mask: m }), [
        params,
        series,
        present,
      ] as const)
    ).data;
  assert.deepEqual(await of(other, mask), await of(x, mask));
  const empty = await of(x, int32(new Int32Array(3 * LENGTH), [3, LENGTH]));
  assert.ok(empty.every((value) => value === 0));
});
const row = (at: number) => Math.floor(at / (CHANNELS * LENGTH));

test("dropout in training alone; a mean instead of the maximum", async () => {
  const noise = new Rng(0).uniforms([LENGTH + 10, 3], 0, 1);
  const given = { series };
  const dropping = dilated.build(dilated.options.parse({ ...small, dropout: 0.5, pooling: "mean" }), given);
  const params = weights(dropping.init(new Rng(0)));
  const tokens = await evaluateOne(
    (p: Traced<typeof params>) => dropping.tokens.encode(p, { series: constant(x) }),
    [params],
  );
  const trained = await evaluateOne(
    (p: Traced<typeof params>) =>
      inTraining(constant(noise), () => dropping.tokens.encode(p, { series: constant(x) })).result,
    [params],
  );
  const dropped = trained.data.filter((value) => value === 0).length / trained.data.length;
  assert.ok(dropped > 0.35 && dropped < 0.65, `${dropped}`);
  trained.data.forEach((value, at) => {
    assert.ok(value === 0 || Math.abs(value - 2 * tokens.data[at]!) < 1e-4);
  });
  const mean = await evaluateOne((t) => np.mean(t, 1), [tokens] as const);
  const applied = await evaluateOne((p: Traced<typeof params>) => dropping.apply(p, { series: constant(x) }), [params]);
  applied.data.forEach((value, at) => {
    assert.ok(Math.abs(value - mean.data[at]!) < 1e-5);
  });
});
