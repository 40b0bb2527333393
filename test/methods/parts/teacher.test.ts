import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, scalar, type Tensor, tree } from "../../../src/array/index.ts";
import { cosineMomentum, linearMomentum, momentumUpdate } from "../../../src/methods/parts/teacher.ts";
import { evaluate, evaluateOne } from "../../fixtures/torch/reference.ts";

const teacher = { encoder: { blocks: [{ weight: float32([1, 2], [2]) }], norm: { runningMean: float32([8], [1]) } } };
const student = { encoder: { blocks: [{ weight: float32([5, -2], [2]) }], norm: { runningMean: float32([0], [1]) } } };
type Params = { encoder: { blocks: readonly { weight: Array }[]; norm: { runningMean: Array } } };

test("a teacher keeps its momentum and takes the rest from its student, running statistics too", async () => {
  for (const device of ["cpu", "wasm"] as const)
    for (const momentum of [0.75, scalar(0.75)]) {
      const moved = await evaluate(
        (t: Params, s: Params, m: Array) => momentumUpdate(t, s, typeof momentum === "number" ? momentum : m),
        [teacher, student, scalar(0.75)] as const,
        device,
      );
      const values = tree.entries<Tensor>(moved).map(([path, leaf]) => [path, [...leaf.data]]);
      assert.deepEqual(values, [
        ["encoder.blocks.0.weight", [2, 1]],
        ["encoder.norm.runningMean", [6]],
      ]);
    }
});

test("momentum 1 leaves the teacher, 0 copies the student", async () => {
  for (const [momentum, expected] of [
    [1, teacher],
    [0, student],
  ] as const) {
    const moved = await evaluate((t: Params, s: Params) => momentumUpdate(t, s, momentum), [teacher, student] as const);
    assert.deepEqual(
      tree.leaves<Tensor>(moved).map(({ data }) => [...data]),
      tree.leaves<Tensor>(expected).map(({ data }) => [...data]),
    );
  }
});

test("trees of different structure are refused", async () => {
  const other = { encoder: { blocks: [{ weight: float32([1, 2], [2]) }] } };
  type Other = { encoder: { blocks: readonly { weight: Array }[] } };
  const follow = (t: Other, s: Other) => momentumUpdate(t, s, 0.5);
  await assert.rejects(evaluate(follow, [other, teacher] as const), /teacher has 1 leaves, its student 2/);
  await assert.rejects(evaluate(follow, [teacher, other] as const), /encoder.norm.runningMean, its student has not/);
});

test("the cosine starts at the start, is halfway in the middle, and ends at the end", async () => {
  const at = async (progress: number, options: { start: number; end?: number }) =>
    Number((await evaluateOne((x: Array) => cosineMomentum(x, options), [scalar(progress)], "cpu")).data[0]);
  const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-6, `${value}`);
  near(await at(0, { start: 0.996 }), 0.996);
  near(await at(0.5, { start: 0.996 }), 0.998);
  near(await at(1, { start: 0.996 }), 1);
  // cos(π / 3) = 1/2
  near(await at(1 / 3, { start: 0.9, end: 0.98 }), 0.98 - 0.08 * 0.75);
});

test("the line is at the start, a quarter of the way, and at the end", async () => {
  const at = async (progress: number) =>
    Number((await evaluateOne((x: Array) => linearMomentum(x, { start: 0.9 }), [scalar(progress)], "cpu")).data[0]);
  for (const [progress, expected] of [
    [0, 0.9],
    [0.25, 0.925],
    [1, 1],
  ] as const)
    assert.ok(Math.abs((await at(progress)) - expected) < 1e-6, `${progress}`);
});
