import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, Rng, type Tensor, type TreeRecord } from "../../../../src/array/index.ts";
import { collision } from "../../../../src/modalities/experience/methods/collision.ts";
import { assertMatches, evaluateOne, fill, torchCase, weights } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs, takeSteps } from "../../../methods/checks.ts";
import { tinyEncoder } from "../../../methods/tiny-encoder.ts";
import { noEntry } from "../../../methods/toy.ts";

const scans = fill("scans", [5, 1, 2, 3]);
const plans = fill("plans", [5, 3], 6);
const modality = {
  name: "scans",
  specs: { pixels: { dtype: "float32", shape: [1, 2, 3] } },
  tensors: () => ({ pixels: scans }),
  show: () => ({ text: "" }),
  outcome: {
    ...{ steps: 3, planSize: 3, perPlan: false },
    of: (_sample: unknown) => ({
      inputs: { pixels: float32([1, 2, 3, 4, 5, 6], [1, 2, 3]) },
      plan: float32([-1, 0, 1], [3]),
      ...{ succeeded: 0, failed: 1 },
    }),
    inputs: () => ({ pixels: scans }),
    plan: () => float32([0, 0, 0], [3]),
  },
} as const;
const build = (hidden: number, symmetric = false) =>
  collision.build({
    ...{ encoder: tinyEncoder(6), modality, samples: 5 },
    options: collision.options.parse({ hidden, symmetric }),
  });
const method = build(8);
const views = { inputs: { pixels: scans }, plan: plans, failed: float32([1], []) };

test("the loss is PyTorch's cross-entropy of the plans that were driven, its gradients too", () =>
  assertIsTorchs(
    method,
    "crash",
    { inputs: { pixels: scans }, plan: plans, failed: float32([0, 1, 0, 1, 1], [5]) },
    { file: "collision" },
  ));

test("plans are judged by the logit of no collision: each with its own scan, or all with one", async () => {
  const expected = await torchCase("collision", "judged");
  const params = weights(method.init(new Rng(0)));
  const judge = (given: TreeRecord<Array>, pixels: Array, candidates: Array) =>
    method.succeeds!(given as never, { pixels }, candidates);
  for (const device of ["cpu", "wasm"] as const)
    for (const [name, shape] of [
      ["each", [5, 1, 2, 3]],
      ["one", [1, 1, 2, 3]],
    ] as const) {
      const seen = float32(scans.data.slice(0, 6 * shape[0]) as Float32Array, shape);
      const judged = await evaluateOne(judge, [params as TreeRecord<Tensor>, seen, plans] as const, device);
      assertMatches(judged, expected[name], name);
    }
});

test("the target is the crash within the plan that was driven", () => {
  const { failed, plan } = method.views(0, new Rng(0), noEntry);
  assert.deepEqual(failed, float32([1], []));
  assert.deepEqual(plan, float32([-1, 0, 1], [3]));
});

test("with left and right alike, half of the views are mirrored, and both ways are judged: PyTorch's mean of both", async () => {
  const symmetric = build(8, true);
  const seen = new Map<string, number>();
  for (let at = 0; at < 200; at++) {
    const { inputs, plan, failed } = symmetric.views(0, new Rng(at), noEntry) as typeof views;
    const key = JSON.stringify([[...inputs.pixels.data], [...plan.data], [...failed.data]]);
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const [one, other] = ["[[1,2,3,4,5,6],[-1,0,1],[1]]", "[[3,2,1,6,5,4],[1,0,-1],[1]]"].map(
    (key) => seen.get(key) ?? 0,
  );
  assert.equal(one! + other!, 200);
  assert.ok(Math.min(one!, other!) > 70, `${one} and ${other}`);

  const { symmetric: expected } = await torchCase("collision", "judged");
  const params = weights(symmetric.init(new Rng(0)));
  const judge = (given: TreeRecord<Array>, pixels: Array, candidates: Array) =>
    symmetric.succeeds!(given as never, { pixels }, candidates);
  const judged = await evaluateOne(judge, [params as TreeRecord<Tensor>, scans, plans] as const, "cpu");
  assertMatches(judged, expected, "symmetric");
});

test("it learns that a turn is bad on one side and good on the other, which no linear predictor can", async () => {
  // What is seen is on the left (1) or on the right (−1); who turns there collides.
  const rng = new Rng(1);
  const rows = globalThis.Array.from({ length: 256 }, () => [rng.chance(0.5) ? 1 : -1, rng.chance(0.5) ? 1 : -1]);
  const batch = {
    inputs: {
      pixels: float32(
        rows.flatMap(([side]) => [side!, 0, 0, 0, 0, 1]),
        [256, 1, 2, 3],
      ),
    },
    plan: float32(
      rows.flatMap(([, turn]) => [turn!, turn!, turn!]),
      [256, 3],
    ),
    failed: float32(
      rows.map(([side, turn]) => Number(side === turn)),
      [256],
    ),
  };
  const { losses, metrics } = await takeSteps(build(32), batch, { steps: 60, learningRate: 0.02 });
  assert.ok(losses.at(-1)! < 0.1, `loss ${losses[0]} → ${losses.at(-1)}`);
  assert.equal(metrics.at(-1)!.balancedAccuracy, 1);
});
