import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, int32, Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import { patchtst } from "../../src/encoders/patchtst.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const [BATCH, CHANNELS, LENGTH] = [3, 2, 26];
const small = { width: 8, heads: 2, depth: 2, mlpRatio: 2, dropout: 0 };
const specs = { series: { dtype: "float32", shape: [CHANNELS, LENGTH] } } as const;
const x = fill("series", [BATCH, CHANNELS, LENGTH]);
const known = int32(
  Int32Array.from(fill("known", [BATCH, CHANNELS, LENGTH]).data, (value) => Number(value > -0.7)),
  [BATCH, CHANNELS, LENGTH],
);
const built = (options: Readonly<Record<string, unknown>> = {}, given: typeof specs = specs) =>
  patchtst.build(patchtst.options.parse({ ...small, patchLength: 6, ...options }), given);

for (const [name, options, isMasked] of [
  ["post batch", {}, false],
  ["pre layer", { norm: "layer", normOrder: "pre" }, true],
  ["overlapping", { patchLength: 8, stride: 4 }, false],
] as const)
  test(`patchtst, ${name}: the tokens of every channel and every gradient as torch's`, async () => {
    const expected = await torchCase("patchtst", name);
    const given = isMasked ? { ...specs, mask: { dtype: "int32", shape: [CHANNELS, LENGTH] } as const } : specs;
    const encoder = built(options, given);
    const params = { p: weights(encoder.init(new Rng(0))) };
    const { output, gradients } = await outputAndGradients(
      ({ p }: Traced<typeof params>) =>
        encoder.channelTokens.encode(p, { series: constant(x), ...(isMasked ? { mask: constant(known) } : {}) }),
      params,
    );
    assertMatches(output, expected.output, name);
    assertGradients(gradients, expected);
  });

const values = (tensor: Tensor) => [...tensor.data];
const near = (found: readonly number[], wanted: readonly number[], what: string) => {
  assert.equal(found.length, wanted.length, what);
  found.forEach((value, at) => {
    assert.ok(Math.abs(value - wanted[at]!) < 1e-5, `${what}, ${at}: ${value}, not ${wanted[at]}`);
  });
};

test("a channel's tokens depend on that channel alone, and neither on its level nor on its scale", async () => {
  const encoder = built();
  const p = weights(encoder.init(new Rng(0)));
  const of = async (series: Tensor) =>
    values(
      await evaluateOne((params, given) => encoder.channelTokens.encode(params, { series: given }), [
        p,
        series,
      ] as const),
    );
  const plain = await of(x);
  const changed = Float32Array.from(x.data, (value, at) =>
    Math.floor(at / LENGTH) % CHANNELS ? 2 * value ** 2 : value,
  );
  const half = (row: readonly number[]) =>
    row.filter((_, at) => Math.floor(at / (row.length / (BATCH * CHANNELS))) % CHANNELS === 0);
  near(half(await of(float32(changed, x.shape))), half(plain), "the first channel");
  const lifted = float32(
    Float32Array.from(x.data, (value) => 40 * value + 7),
    x.shape,
  );
  for (const [at, value] of (await of(lifted)).entries()) assert.ok(Math.abs(value - plain[at]!) < 1e-3, `${at}`);
});

test("tokens that are kept see those of their own channel, as if the others were not there", async () => {
  const encoder = built({ norm: "layer" });
  const p = weights(encoder.init(new Rng(0)));
  const every = await evaluateOne((params, series) => encoder.tokens.encode(params, { series }), [p, x] as const);
  const count = encoder.tokens.count;
  assert.deepEqual([count, encoder.patches.grid], [8, [2, 4]]);
  // All of them, in another order.
  const order = Int32Array.from({ length: BATCH * count }, (_, at) => (3 * at + 1) % count);
  const keep = int32(order, [BATCH, count]);
  const all = await evaluateOne(
    (params, series, chosen) => encoder.tokens.encode(params, { series }, { keep: chosen }),
    [p, x, keep] as const,
  );
  const width = small.width;
  const row = (tensor: Tensor, sample: number, at: number) =>
    values(tensor).slice((sample * count + at) * width, (sample * count + at + 1) * width);
  for (let sample = 0; sample < BATCH; sample++)
    for (let at = 0; at < count; at++)
      near(row(all, sample, at), row(every, sample, order[sample * count + at]!), `token ${at} of ${sample}`);
  // Without the second channel's tokens the first one's are as they were.
  const first = int32(
    Int32Array.from({ length: BATCH * 4 }, (_, at) => at % 4),
    [BATCH, 4],
  );
  const some = await evaluateOne(
    (params, series, chosen) => encoder.tokens.encode(params, { series }, { keep: chosen }),
    [p, x, first] as const,
  );
  for (let at = 0; at < 4; at++)
    near(values(some).slice(at * width, (at + 1) * width), row(every, 0, at), `channel 1, token ${at}`);
});

test("a token in place of a patch hides its values, also where patches are counted over the channels", async () => {
  const encoder = built({ norm: "layer" });
  const p = weights(encoder.init(new Rng(0)));
  const at = float32(
    Float32Array.from({ length: BATCH * 8 }, (_, index) => Number(index % 8 === 5)),
    [BATCH, 8],
  );
  const token = fill("token", [small.width]);
  // Patch 5 is the second of the second channel: its steps are 2 + 6 to 2 + 11.
  const of = (series: Tensor) =>
    evaluateOne(
      (params, given, mask, hidden) =>
        encoder.tokens.encode(params, { series: given }, { masked: { at: mask, token: hidden } }),
      [p, series, at, token] as const,
    );
  const other = built({ norm: "layer", instanceNorm: false });
  const apart = (series: Tensor) =>
    evaluateOne(
      (params, given, mask, hidden) =>
        other.tokens.encode(params, { series: given }, { masked: { at: mask, token: hidden } }),
      [p, series, at, token] as const,
    );
  const changed = Float32Array.from(x.data, (value, index) =>
    Math.floor(index / LENGTH) % CHANNELS === 1 && index % LENGTH >= 8 && index % LENGTH < 14 ? -value : value,
  );
  near(values(await apart(float32(changed, x.shape))), values(await apart(x)), "hidden");
  // Its values still are in the window's mean and deviation.
  assert.notDeepEqual(values(await of(float32(changed, x.shape))), values(await of(x)));
});

test("patches are those of the normalised window, and unpatchify puts them back, also where they overlap", async () => {
  for (const options of [{}, { patchLength: 8, stride: 4 }, { patchLength: 9, stride: 3 }]) {
    const encoder = built({ ...options, instanceNorm: false });
    const { patchLength = 6, stride = patchLength }: { patchLength?: number; stride?: number } = options;
    const again = await evaluateOne((series) => encoder.patches.unpatchify(encoder.patches.patchify({ series })), [
      x,
    ] as const);
    const used = patchLength + (encoder.patches.grid[1]! - 1) * stride;
    const wanted = [...x.data].map((value, index) => (index % LENGTH < LENGTH - used ? 0 : value));
    near(values(again), wanted, JSON.stringify(options));
  }
});

test("sizes that do not fit are refused in one line", () => {
  assert.throws(() => built({ heads: 3 }), /a width of 8 cannot be split into 3 heads/);
  assert.throws(() => built({ stride: 4 }), /a stride of 4 does not divide patches of 6 steps/);
  assert.throws(() => built({ patchLength: 27 }), /patches of 27 steps are longer than the window of 26/);
  const of = (window: number) =>
    patchtst.build(patchtst.options.parse({}), { series: { dtype: "float32", shape: [1, window] } }).hyperparameters
      .patchLength;
  // The paper's 12 where it divides the window, and few enough patches of long ones.
  assert.deepEqual([336, 512, 256, 40, 50, 2048, 7].map(of), [12, 16, 16, 8, 8, 16, 3]);
});
