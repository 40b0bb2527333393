/** Questions about time: the answers that a batch carries are the true ones, which an encoder that sees through them shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, np, Rng, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { arrowOfTime } from "../../src/methods/arrow-of-time.ts";
import { frameOrder, ordersOf } from "../../src/methods/frame-order.ts";
import type { Method, MethodDefinition } from "../../src/methods/method.ts";
import { playbackSpeed } from "../../src/methods/playback-speed.ts";
import { transformation } from "../../src/methods/transformation.ts";
import { evaluate } from "../fixtures/torch/reference.ts";
import { atStart, noEntry, stack } from "./toy.ts";
import { toySeries } from "./toy-time.ts";

const LENGTH = 16;
const modality = toySeries(LENGTH);
const ramp = globalThis.Array.from({ length: 40 }, (_, at) => at + 1);

/** First and last value of a series. */
const seer: Encoder = {
  name: "seer",
  embedDim: 2,
  init: () => ({ unused: float32([0], [1]) }),
  apply: (_, { series }) => {
    const ends = np.split(series!, [1, series!.shape[2]! - 1], 2);
    return np.reshape(np.concatenate([ends[0]!, ends[2]!], 2), [-1, 2]);
  },
  hidden: (_, { series }) => series!,
  hyperparameters: {},
};
const build = (definition: MethodDefinition, options: Readonly<Record<string, unknown>> = {}) =>
  definition.build({ encoder: seer, modality, options: definition.options.parse(options), samples: 4 });

/** A linear layer whose largest output is the nearest of these points. */
const nearest = (points: readonly (readonly number[])[]) => ({
  weight: float32(
    points.flat().map((value) => 2 * value),
    [points.length, 2],
  ),
  bias: float32(
    points.map((point) => -point.reduce((sum, value) => sum + value * value, 0)),
    [points.length],
  ),
});

async function accuracyOf(method: Method, samples: readonly number[][], head: TreeRecord<Tensor>): Promise<number> {
  const batch = stack(samples.map((sample, at) => method.views(sample, new Rng(at), noEntry)));
  const params = { ...method.init(new Rng(0)), head };
  const read = await evaluate(
    (given: TreeRecord<Array>) => {
      const views = tree.map<Tensor, Array>(batch, constant) as TreeRecord<Array>;
      return { accuracy: method.loss(given as never, views as never, {}, atStart()).metrics!.accuracy! };
    },
    [params as TreeRecord<Tensor>] as const,
  );
  return Number((read as { accuracy: Tensor }).accuracy.data[0]);
}

test("arrow-of-time: who sees that values rise knows the direction", async () => {
  const head = (sign: number) => ({ weight: float32([-sign, sign, sign, -sign], [2, 2]), bias: float32([0, 0], [2]) });
  const samples = [ramp.slice(0, LENGTH), ramp.slice(3, 3 + LENGTH)];
  assert.equal(await accuracyOf(build(arrowOfTime), samples, head(1)), 1);
  assert.equal(await accuracyOf(build(arrowOfTime), samples, head(-1)), 0);
});

test("playback-speed: who sees how far values rise knows the speed", async () => {
  for (const [options, speeds] of [
    [{}, [1, 2]],
    [{ speeds: [1, 2, 4] }, [1, 2, 4]],
  ] as const) {
    const long = LENGTH / Math.max(...speeds);
    // Along the difference alone, wherever the part begins.
    const rises = speeds.map((factor) => (long - 1) * factor);
    const head = {
      weight: float32(
        rises.flatMap((rise) => [-2 * rise, 2 * rise]),
        [rises.length, 2],
      ),
      bias: float32(
        rises.map((rise) => -rise * rise),
        [rises.length],
      ),
    };
    const method = build(playbackSpeed, options);
    assert.equal(await accuracyOf(method, [ramp, ramp, ramp], head), 1);
    const { played } = method.views(ramp, new Rng(0), noEntry) as { played: { series: Tensor }[] };
    for (const { series } of played) assert.deepEqual(series.shape, [1, long]);
  }
  assert.throws(() => build(playbackSpeed, { speeds: [2, 2] }), /has one speed twice/);
});

test("transformation: who sees a sample's values knows what was done to it, asked for each or for which", async () => {
  const sample = ramp.slice(0, LENGTH);
  const points = [
    [1, 16],
    [101, 116],
    [2, 32],
    [-1, -16],
  ] as const;
  assert.equal(await accuracyOf(build(transformation, { ask: "which" }), [sample, sample], nearest(points)), 1);
  const [original, ...others] = points;
  /** Above 0 on the other side of the middle between the sample and the distorted one. */
  const each = (sign: number) => ({
    weight: float32(
      others.flatMap((point) => point.map((value, at) => sign * (value - original[at]!))),
      [3, 2],
    ),
    bias: float32(
      others.map(
        (point) =>
          (-sign * point.reduce((sum, value, at) => sum + value * value - original[at]! * original[at]!, 0)) / 2,
      ),
      [3],
    ),
  });
  assert.equal(await accuracyOf(build(transformation), [sample, sample], each(1)), 1);
  assert.equal(await accuracyOf(build(transformation), [sample, sample], each(-1)), 0);
  assert.throws(
    () => build(transformation, { distortions: ["bent"] }),
    /no distortion "bent"; this data has none, raised/,
  );
  assert.throws(() => build(transformation, { distortions: ["none"] }), /there is no distortion to recognise/);
});

const firstsOf = (views: TreeRecord<Tensor>) =>
  (views as unknown as { clips: { series: Tensor }[] }).clips.map(({ series }) => series.data[0]!);
const labelOf = ({ label }: TreeRecord<Tensor>) => (label as Tensor).data[0]!;

test("frame-order: the class is the order that the segments are in", () => {
  for (const { count, reversible } of [
    { count: 3, reversible: false },
    { count: 4, reversible: true },
  ]) {
    const orders = ordersOf(count, reversible);
    assert.equal(orders.length, count === 3 ? 6 : 12);
    const method = build(frameOrder, { count, reversible, extent: 0.125 });
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const views = method.views(ramp, new Rng(seed), noEntry);
      const firsts = firstsOf(views);
      const inOrder = firsts.toSorted((a, b) => a - b);
      const order = firsts.map((value) => inOrder.indexOf(value));
      const label = orders[labelOf(views)]!;
      assert.ok(
        `${order}` === `${label}` || (reversible && `${order.toReversed()}` === `${label}`),
        `${order}, not ${label}`,
      );
      seen.add(`${order}`);
    }
    assert.equal(seen.size, count === 3 ? 6 : 24);
  }
});

test("frame-order, shuffle and learn: right is what rises, a quarter of all", () => {
  const method = build(frameOrder, { predict: "validity", extent: 0.125, gap: [0, 0.05] });
  let right = 0;
  for (let seed = 0; seed < 400; seed++) {
    const views = method.views(ramp, new Rng(seed), noEntry);
    const [first = 0, second = 0, third = 0] = firstsOf(views);
    const isBetween = (second - first) * (third - second) > 0;
    assert.equal(labelOf(views), isBetween ? 1 : 0);
    right += labelOf(views);
  }
  assert.ok(right > 60 && right < 140, `${right} of 400`);
});
