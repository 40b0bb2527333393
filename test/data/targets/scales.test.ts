import assert from "node:assert/strict";
import { test } from "node:test";
import { scaled, scalesOf } from "../../../src/data/targets/scales.ts";

test("numbers are cut at their quantiles and scaled to mean 0 and deviation 1; what is missing stays so", () => {
  const rows = Array.from({ length: 201 }, (_, at) => [at === 200 ? 1e9 : at, at % 2 ? Number.NaN : 4 + (at % 4), 7]);
  const scales = scalesOf(rows);
  const [first] = scales;
  assert.deepEqual([first?.low, first?.high], [1, 199]);
  assert.ok(Math.abs(first!.mean - 100) < 1e-9);
  assert.ok(Math.abs(first!.deviation - Math.sqrt((2 * (99 * 99 + (99 * 100 * 199) / 6)) / 201)) < 1e-9);
  assert.deepEqual(
    scaled([1e9, Number.NaN, 7], scales).map((value) => Math.round(100 * value)),
    Float32Array.of(Math.round(9900 / scales[0]!.deviation), Number.NaN, 0),
  );
  const own = rows.map((row) => scaled(row, scales)[1]!).filter(Number.isFinite);
  assert.equal(own.length, 101);
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, value) => sum + value * value, 0) / own.length;
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-6, `${mean}, ${variance}`);
});

test("a number that no sample has, or that is always the same, is scaled to nothing", () => {
  const scales = scalesOf([Float32Array.of(Number.NaN, 3), Float32Array.of(Number.POSITIVE_INFINITY, 3)]);
  assert.deepEqual(scales, [
    { low: 0, high: 0, mean: 0, deviation: 1 },
    { low: 3, high: 3, mean: 3, deviation: 1 },
  ]);
  assert.deepEqual(scaled([5, 3], scales), Float32Array.of(0, 0));
  assert.deepEqual(scalesOf([]), []);
});
