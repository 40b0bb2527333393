import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { series } from "../../../src/modalities/series/index.ts";
import { type SeriesOptions, SeriesOptions as schema } from "../../../src/modalities/series/options.ts";
import type { Series } from "../../../src/modalities/series/series.ts";
import { chosen } from "../../../src/modalities/series/transforms/channels.ts";
import { jittered, magnitudeWarped } from "../../../src/modalities/series/transforms/noise.ts";
import { permuted, timeWarped } from "../../../src/modalities/series/transforms/time.ts";

const NONE = Number.NaN;
const of = (channels: readonly string[], rows: readonly (readonly number[])[]): Series => ({
  channels,
  length: rows[0]?.length ?? 0,
  values: Float32Array.from(rows.flat()),
});
const ramp = of(["a"], [Array.from({ length: 32 }, (_, at) => at)]);
const built = (options: Partial<SeriesOptions>, mean = [0], std = [1]) =>
  series.build(schema.parse({ normalize: "data", mean, std, ...options }));

test("channels are found by name, else by number; what is not there is missing and never NaN", () => {
  const two = of(
    ["b", "a"],
    [
      [1, 2],
      [3, NONE],
    ],
  );
  assert.deepEqual([...chosen(two, ["a", "b", "c"]).values], [3, NONE, 1, 2, NONE, NONE]);
  assert.deepEqual([...chosen(of(["1", "2"], [[1], [2]]), ["x", "y"]).values], [1, 2]);
  const modality = built({ channels: ["a", "b"], window: 4, mask: true }, [1, 1], [2, 2]);
  const { series: values, mask } = modality.tensors(two);
  assert.deepEqual([...(values?.data ?? [])], [1, 0, 0, 0, 0, 0.5, 0, 0]);
  assert.deepEqual([...(mask?.data ?? [])], [1, 0, 0, 0, 1, 1, 0, 0]);
  assert.match(
    modality.unseen(modality.tensors(of(["z", "y", "x"], [[1], [2], [3]]))) ?? "",
    /no value in the channels/,
  );
});

test("each channel is normalised over the data, in each window, or not at all", async () => {
  const rows = of(["a"], [[1, 3, 5, NONE]]);
  const source = {
    length: 1,
    name: () => "one",
    read: async () => rows,
    manifest: undefined,
    close: async () => undefined,
  };
  const options = schema.parse({ channels: ["a"], window: 4 });
  const files = await series.learn?.(source, options);
  assert.deepEqual(JSON.parse(files?.["statistics.json"] ?? ""), { mean: [3], std: [1.6329932] });
  const data = [...(series.build(options, files).tensors(rows).series?.data ?? [])];
  const window = [...(built({ channels: ["a"], window: 4, normalize: "window" }).tensors(rows).series?.data ?? [])];
  for (const values of [data, window])
    assert.ok(
      [-1.2247, 0, 1.2247, 0].every((value, at) => Math.abs(value - values[at]!) < 1e-3),
      String(values),
    );
  // A channel that does not change is not blown up.
  const flat = built({ channels: ["a"], window: 4, normalize: "window" }).tensors(of(["a"], [[7, 7, 7, 7]]));
  assert.deepEqual([...(flat.series?.data ?? [])], [0, 0, 0, 0]);
});

test("the encoder sees the end of a longer series, and nothing after a shorter one", () => {
  const data = (window: number) => [...(built({ channels: ["a"], window }).tensors(ramp).series?.data ?? [])];
  assert.deepEqual(data(4), [28, 29, 30, 31]);
  assert.deepEqual(data(40).slice(30), [30, 31, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("time warping keeps the order, the ends and the length; magnitude warping and noise change little", () => {
  const warped = timeWarped(ramp, new Rng(1), { start: 4, end: 20, length: 24, deviation: 0.5 }).values;
  assert.deepEqual([warped.length, warped[0], warped.at(-1)], [24, 4, 19]);
  assert.ok(warped.every((value, at) => at === 0 || value > warped[at - 1]!));
  const ones = of(["a"], [Array(4000).fill(1)]);
  const noise = jittered(ones, new Rng(2), 0.1).values;
  const deviation = Math.sqrt(noise.reduce((sum, value) => sum + (value - 1) ** 2, 0) / noise.length);
  assert.ok(Math.abs(deviation - 0.1) < 0.01, String(deviation));
  const changed = magnitudeWarped(ones, new Rng(3), 0.1).values;
  assert.ok(
    changed.every((value, at) => at === 0 || Math.abs(value - changed[at - 1]!) < 0.01),
    "it jumps",
  );
  assert.ok(changed.some((value) => Math.abs(value - 1) > 0.01));
});

test("a permutation has every value once, in another order", () => {
  const values = permuted(ramp, new Rng(4), 5).values;
  assert.deepEqual(
    [...values].sort((a, b) => a - b),
    [...ramp.values],
  );
  assert.notDeepEqual([...values], [...ramp.values]);
});

test("segments are parts in order of time at the places that they say", () => {
  const modality = built({ channels: ["a"], window: 16 });
  const parts = modality.segments(ramp, new Rng(5), { count: 2, extent: 0.25, gap: [-0.125, 0.5] });
  assert.equal(parts.length, 2);
  for (const { segment, start, end } of parts) {
    const { data = [] } = modality.tensors(segment as Series).series ?? {};
    assert.deepEqual([data.length, data[0], end - start], [4, start * 16, 0.25]);
  }
  assert.ok(parts[1]!.start > parts[0]!.start);
});

test("reversed is reversed before the empty rest, faster is faster, and each distortion has a name", () => {
  const modality = built({ channels: ["a"], window: 8 });
  const data = (one: Series) => [...(modality.tensors(one).series?.data ?? [])];
  assert.deepEqual(data(modality.reverse(of(["a"], [[1, 2, 3]]))), [3, 2, 1, 0, 0, 0, 0, 0]);
  const fast = data(modality.speed(ramp, new Rng(6), 2));
  assert.ok(
    fast.every((value, at) => at === 0 || Math.abs(value - fast[at - 1]! - 2) < 1e-4),
    String(fast),
  );
  const seen = modality.distortions.names.map((name) =>
    data(modality.distortions.distort(ramp, new Rng(7), name)).join(),
  );
  assert.equal(new Set(seen).size, seen.length);
  assert.throws(() => modality.distortions.distort(ramp, new Rng(7), "sideways"), /no distortion sideways/);
});

test("a faster series has lost nothing but its time: noise has the same level and roughness at every speed", () => {
  const rng = new Rng(11);
  const noise = of(["a"], [Array.from({ length: 40_000 }, () => rng.normal())]);
  const modality = built({ channels: ["a"], window: 12_000 });
  const [normal, ...faster] = [1, 1.5, 2, 4].map((factor) => {
    const { values } = modality.speed(noise, rng, factor, { extent: 0.8 });
    const squares = (list: Float32Array) => list.reduce((sum, value) => sum + value * value, 0) / list.length;
    return { level: squares(values), change: squares(values.subarray(1).map((value, at) => value - values[at]!)) };
  });
  for (const { level, change } of faster) {
    assert.ok(Math.abs(level / normal!.level - 1) < 0.08, `level ${level}, normally ${normal!.level}`);
    assert.ok(Math.abs(change / normal!.change - 1) < 0.08, `change ${change}, normally ${normal!.change}`);
  }
  // A tone that twice the speed cannot hold does not become another one.
  const tone = of(["a"], [Array.from({ length: 4000 }, (_, at) => Math.sin(2 * Math.PI * 0.42 * at))]);
  const { values } = built({ channels: ["a"], window: 1000 }).speed(tone, rng, 2);
  const alias = (share: number) =>
    Math.hypot(
      ...[Math.sin, Math.cos].map((wave) =>
        values.reduce((sum, value, at) => sum + (2 / 1000) * value * wave(2 * Math.PI * share * at), 0),
      ),
    );
  assert.ok(alias(0.16) < 0.15, `${alias(0.16)} of the tone is left at 0.16`);
});

test("a series that is shorter than the window shows as many steps at every speed", () => {
  const modality = built({ channels: ["a"], window: 152, mask: true });
  for (const length of [150, 152, 40, 7]) {
    const whole = of(["a"], [Array.from({ length }, (_, at) => Math.sin(at))]);
    const [normal, fast] = [1, 2].map((factor) => {
      const { values } = modality.speed(whole, new Rng(1), factor, { extent: 0.5 });
      return Array.from(values, (value) => Number.isNaN(value)).join();
    });
    assert.equal(fast, normal, `${length} steps`);
  }
});

test("segments of a series that is shorter than they are show at least half of it", () => {
  const modality = built({ channels: ["a"], window: 400, mask: true });
  for (let seed = 0; seed < 200; seed++) {
    const whole = of(["a"], [Array.from({ length: 2 + (seed % 60) }, (_, at) => at)]);
    const parts = modality.segments(whole, new Rng(seed), { count: 2, extent: 0.625, gap: [-0.5, -0.5] });
    for (const { segment } of parts) {
      const seen = (segment as Series).values.filter((value) => !Number.isNaN(value)).length;
      assert.ok(seen >= Math.ceil(whole.length / 2), `${seen} of ${whole.length} steps, seed ${seed}`);
    }
  }
});

test("the baseline tells slow from fast in noise by the spectrum and the random convolutions", async () => {
  const modality = built({ channels: ["a"], window: 64 });
  const rng = new Rng(8);
  const all = Array.from({ length: 24 }, (_, at) =>
    of(
      ["a"],
      [Array.from({ length: 64 }, (_, step) => Math.sin(step * (at % 2 ? 0.9 : 0.35) + at) + rng.normal(0, 0.3))],
    ),
  );
  const source = {
    length: all.length,
    name: (index: number) => `${index}`,
    read: async (index: number) => all[index]!,
    manifest: undefined,
    close: async () => undefined,
  };
  const baseline = await series.baseline(modality, source, { most: all.length });
  const { data, dim } = await baseline.extract(source);
  const row = (at: number) => data.subarray(at * dim + 64, (at + 1) * dim);
  const distance = (one: number, other: number) =>
    row(one).reduce((sum, value, at) => sum + (value - row(other)[at]!) ** 2, 0);
  for (let at = 0; at < all.length; at++) {
    const others = [...all.keys()].filter((other) => other !== at).sort((a, b) => distance(at, a) - distance(at, b));
    assert.equal(others[0]! % 2, at % 2, `${at}`);
  }
});
