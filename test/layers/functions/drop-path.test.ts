import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, filled, float32, np, Rng, type Traced } from "../../../src/array/index.ts";
import { dropPath } from "../../../src/layers/functions/drop-path.ts";
import { inEvaluation, inTraining, withoutDropping } from "../../../src/layers/scope.ts";
import { transformerBlock } from "../../../src/layers/transformer/transformer.ts";
import { evaluateOne, fill } from "../../fixtures/torch/reference.ts";

const SAMPLES = 4000;

test("each sample is dropped or scaled up, and the expectation is kept", () =>
  fc.assert(
    fc.asyncProperty(fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.integer(), async (rate, seed) => {
      const noise = new Rng(seed).uniforms([1, SAMPLES]);
      const output = await evaluateOne((x: Array, rows: Array) => inTraining(rows, () => dropPath(x, rate)).result, [
        filled([SAMPLES, 2], 1),
        noise,
      ] as const);
      const scale = Math.fround(1 / (1 - rate));
      let sum = 0;
      for (let i = 0; i < SAMPLES; i++) {
        const value = output.data[2 * i]!;
        assert.equal(value, output.data[2 * i + 1], "a sample is dropped as a whole");
        assert.ok(value === 0 || Math.abs(value - scale) <= 1e-6 * scale, `${value} is neither 0 nor ${scale}`);
        sum += value;
      }
      const deviation = Math.sqrt(rate / (1 - rate) / SAMPLES);
      assert.ok(Math.abs(sum / SAMPLES - 1) < 5 * deviation, `mean ${sum / SAMPLES} at rate ${rate}`);
    }),
    { numRuns: 8 },
  ));

test("every draw takes its own row of the noise, in order", async () => {
  const output = await evaluateOne(
    (x: Array, rows: Array) =>
      inTraining(rows, () => np.add(dropPath(x, 0.5), np.multiply(dropPath(x, 0.5), 10))).result,
    [filled([2, 1], 1), float32([0.9, 0.1, 0.1, 0.9], [2, 2])] as const,
  );
  assert.deepEqual([...output.data], [20, 2]);
});

test("draws are counted before there is noise; evaluation and rate 0 draw nothing", async () => {
  const block = transformerBlock({ width: 4, heads: 1, mlpRatio: 1, dropPath: 0.3 });
  const counted: number[] = [];
  const params = block.init(new Rng(0));
  await evaluateOne(
    (p: Traced<typeof params>, x: Array) => {
      const { result, draws } = inTraining(undefined, () => dropPath(block.apply(p, x), 0));
      counted.push(draws);
      return np.subtract(result, block.apply(p, x));
    },
    [params, fill("x", [1, 2, 4])] as const,
  ).then(({ data }) => assert.ok(data.every((value) => value === 0)));
  assert.deepEqual([...new Set(counted)], [2]);
});

test("a part of a training pass may be traced in evaluation mode, without effect on the rest", async () => {
  const output = await evaluateOne(
    (x: Array, rows: Array) =>
      inTraining(rows, () =>
        np.add(
          inEvaluation(() => dropPath(x, 0.5)),
          np.multiply(dropPath(x, 0.5), 10),
        ),
      ).result,
    [filled([2, 1], 1), float32([0.9, 0.1], [1, 2])] as const,
  );
  assert.deepEqual([...output.data], [1, 21]);
});

test("a teacher drops nothing, and its student's draws are the same", async () => {
  const pass = (x: Array, rows: Array) =>
    inTraining(rows, () => [withoutDropping(() => dropPath(x, 0.5)), dropPath(x, 0.5)]);
  const inputs = [filled([2, 1], 1), float32([0.9, 0.1], [1, 2])] as const;
  const output = await evaluateOne((x: Array, rows: Array) => np.concatenate(pass(x, rows).result, 0), inputs);
  assert.deepEqual([...output.data], [1, 1, 0, 2]);
});
