import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor } from "../../src/array/index.ts";
import { simclr } from "../../src/methods/simclr.ts";
import { tinyEncoder } from "./tiny-encoder.ts";
import { noEntry, toyModality } from "./toy.ts";
import { toySeries } from "./toy-time.ts";

const options = simclr.options.parse(simclr.presets?.cola?.options);
const series = { ...toySeries(16), augment: (sample: unknown) => sample };
const ramp = Array.from({ length: 40 }, (_, at) => at);

test("preset cola: the views are two segments of the sample that do not overlap, in either order", () => {
  const method = simclr.build({ encoder: tinyEncoder(8), modality: series, options, samples: 4 });
  const orders = new Set<boolean>();
  for (let seed = 0; seed < 40; seed++) {
    const { first, second } = method.views(ramp, new Rng(seed), noEntry) as Record<string, { series: Tensor }>;
    const [one, other] = [first!, second!].map((view) => [...view.series.data]);
    for (const part of [one!, other!])
      assert.deepEqual(
        part,
        Array.from({ length: 8 }, (_, at) => part[0]! + at),
      );
    assert.ok(Math.abs(one![0]! - other![0]!) >= 8);
    orders.add(one![0]! < other![0]!);
  }
  assert.equal(orders.size, 2);
});

test("data without a course of time has no segments", () => {
  assert.throws(
    () => simclr.build({ encoder: tinyEncoder(4), modality: toyModality(1, 2), options, samples: 4 }),
    /simclr: this data cannot be cut into segments of time; use --positives views/,
  );
});
