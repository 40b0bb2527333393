import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, filled, float32, Rng } from "../../../src/array/index.ts";
import { sinkhorn } from "../../../src/objectives/clustering/sinkhorn.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../../fixtures/torch/reference.ts";

const scores = fill("scores", [7, 4]);

test("assignments are those of SwAV's code, on both runtimes", async () => {
  const expected = await torchCase("clusters", "sinkhorn");
  for (const device of ["cpu", "wasm"] as const) {
    const assign = (iterations: number, epsilon: number) =>
      evaluateOne((x: Array) => sinkhorn(x, { iterations, epsilon }), [scores], device);
    assertMatches(await assign(1, 0.5), expected.one, `one on ${device}`);
    assertMatches(await assign(3, 0.05), expected.three, `three on ${device}`);
  }
});

test("samples that are not counted take no share of the prototypes from the others", async () => {
  const counted = float32([1, 0, 1, 1, 0, 0, 1], [7]);
  const assigned = await evaluateOne(
    (x: Array, of: Array) => sinkhorn(x, { iterations: 3, epsilon: 0.5, counted: of }),
    [scores, counted] as const,
  );
  const rows = [0, 2, 3, 6].flatMap((row) => [...assigned.data.slice(row * 4, row * 4 + 4)]);
  assertMatches(float32(rows, [4, 4]), (await torchCase("clusters", "sinkhorn")).counted, "counted");
});

test("rows sum to 1; with enough iterations every prototype has the same share", async () => {
  for (const [seed, n, k] of [
    [1, 9, 3],
    [2, 4, 6],
  ] as const) {
    const random = new Rng(seed).uniforms([n, k], -1, 1);
    const { data } = await evaluateOne((x: Array) => sinkhorn(x, { iterations: 12, epsilon: 1 }), [random]);
    const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
    for (let row = 0; row < n; row++) assert.ok(Math.abs(sum(data.slice(row * k, row * k + k)) - 1) < 1e-4);
    for (let column = 0; column < k; column++) {
      const share = sum(data.filter((_, index) => index % k === column));
      assert.ok(Math.abs(share - n / k) < 1e-3, `prototype ${column}: ${share} of ${n / k}`);
    }
  }
});

test("equal scores are shared equally, and scores in the thousands overflow nothing", async () => {
  const assign = (x: Array) => sinkhorn(x, { iterations: 3, epsilon: 0.05 });
  const equal = await evaluateOne(assign, [filled([3, 4], 0.3)]);
  assert.ok(equal.data.every((share) => Math.abs(share - 0.25) < 1e-6));
  // Two samples, two prototypes: both prefer the first, the first sample by far the more.
  const extreme = await evaluateOne(() => assign(constant(float32([5000, 0, 3000, 0], [2, 2]))), []);
  assert.deepEqual([...extreme.data].map(Math.round), [1, 0, 0, 1]);
});
