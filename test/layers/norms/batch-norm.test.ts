import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, Rng, type Traced, tree } from "../../../src/array/index.ts";
import { mlp } from "../../../src/layers/heads/mlp.ts";
import { batchNorm } from "../../../src/layers/norms/batch-norm.ts";
import { inTraining, isStatistic } from "../../../src/layers/scope.ts";
import { assertMatches, evaluate, evaluateOne, fill, torchCase, weights } from "../../fixtures/torch/reference.ts";

for (const [name, shape] of [
  ["batchNorm 1d", [6, 4]],
  ["batchNorm 2d", [3, 4, 2, 2]],
] as const) {
  const layer = batchNorm(4);
  const params = weights(layer.init());
  type Params = Traced<typeof params>;

  test(`${name}: running statistics are used outside training`, async () => {
    const expected = await torchCase("layers", name);
    assertMatches(
      await evaluateOne((p: Params, x: Array) => layer.apply(p, x), [params, fill("x", shape)] as const),
      expected.evaluated,
      "evaluated",
    );
  });

  test(`${name}: frozen statistics are used in training and stay as they are`, async () => {
    const expected = await torchCase("layers", name);
    let kept = -1;
    const output = await evaluateOne(
      (p: Params, x: Array) => {
        const { result, statistics } = inTraining(undefined, () => layer.apply(p, x), { frozenStatistics: true });
        kept = statistics.size;
        return result;
      },
      [params, fill("x", shape)] as const,
    );
    assertMatches(output, expected.evaluated, "evaluated");
    assert.equal(kept, 0);
  });

  test(`${name}: a second application updates what the first left`, async () => {
    const expected = await torchCase("layers", name);
    const statistics = await evaluate(
      (p: Params, x: Array, second: Array) => {
        const once = inTraining(undefined, () => layer.apply(p, x)).statistics;
        const twice = inTraining(undefined, () => [x, second].map((input) => layer.apply(p, input))).statistics;
        return {
          meanOnce: once.get(p.runningMean)!,
          varianceOnce: once.get(p.runningVariance)!,
          meanTwice: twice.get(p.runningMean)!,
          varianceTwice: twice.get(p.runningVariance)!,
        };
      },
      [params, fill("x", shape), fill("second", shape)] as const,
    );
    const byName = new Map(tree.entries(statistics));
    assertMatches(byName.get("meanOnce")!, expected["mean once"], "mean once");
    assertMatches(byName.get("varianceOnce")!, expected["variance once"], "variance once");
    assertMatches(byName.get("meanTwice")!, expected["mean twice"], "mean twice");
    assertMatches(byName.get("varianceTwice")!, expected["variance twice"], "variance twice");
  });
}

test("a mean far above the deviation costs no precision", async () => {
  const layer = batchNorm(1);
  const x = fill("far", [64, 1], 1, 1000);
  const output = await evaluateOne(
    (p: Traced<ReturnType<typeof layer.init>>, input: Array) =>
      inTraining(undefined, () => layer.apply(p, input)).result,
    [layer.init(), x] as const,
  );
  const values = globalThis.Array.from(output.data);
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  assert.ok(Math.abs(variance - 1) < 1e-3, `variance ${variance}`);
});

test("statistics are distinguished from trained parameters by their path", () => {
  const paths = tree.paths(mlp([3, 4, 2]).init(new Rng(0)));
  assert.deepEqual(paths.filter(isStatistic), ["hidden.0.norm.runningMean", "hidden.0.norm.runningVariance"]);
  assert.ok(!paths.includes("hidden.0.linear.bias"), "no bias in front of a BatchNorm");
});
