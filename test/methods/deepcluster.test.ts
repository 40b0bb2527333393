import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, float32, int32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { deepcluster } from "../../src/methods/deepcluster.ts";
import { descend, linearEncoder, tenSteps } from "./crops.ts";
import { stack, toyModality } from "./toy.ts";

const build = (samples: number, clusters: number) =>
  deepcluster.build({
    encoder: linearEncoder(12, 5),
    modality: toyModality(3, 2),
    options: deepcluster.options.parse({ clusters }),
    samples,
  });

test("before an epoch the features' clusters become the classes, weighted by size, of a new last layer", async () => {
  const method = build(9, 2);
  assert.ok(method.beforeEpoch && method.initMemory);
  const params = method.init(new Rng(0));
  const memory = method.initMemory(new Rng(0), params);
  // Sample 4 cannot be read; six of the others lie one way and two the other way.
  const indices = Int32Array.of(8, 7, 6, 5, 3, 2, 1, 0);
  const rng = new Rng(2);
  const data = [...indices].flatMap((index) => {
    const value = index === 2 || index === 7 ? 5 : -5;
    return [value + rng.normal(0, 0.01), value + rng.normal(0, 0.01)];
  });
  const context = {
    epoch: 1,
    features: async () => ({ data: Float32Array.from(data), rows: 8, dim: 2, indices }),
    outputs: () => assert.fail("not asked for"),
    params,
    memory,
    rng: new Rng(5),
  };
  const left = await method.beforeEpoch(context);
  const leaves = new Map([...tree.entries<Tensor>(left.params), ...tree.entries<Tensor>(left.memory)]);
  const assignments = [...leaves.get("assignments")!.data];
  const weights = [...leaves.get("weights")!.data];
  assert.equal(assignments.length, 9);
  const sizes = [0, 1].map((cluster) => [...indices].filter((index) => assignments[index] === cluster).length);
  assert.deepEqual(
    weights,
    sizes.map((size) => Math.fround(1 / size)),
  );
  assert.notDeepEqual(leaves.get("head.weight")!.data, new Map(tree.entries<Tensor>(params)).get("head.weight")!.data);
  assert.equal(leaves.get("encoder.weight"), new Map(tree.entries<Tensor>(params)).get("encoder.weight"));
  assert.deepEqual(await method.beforeEpoch(context), left);
});

test("the loss classifies samples by cluster, with equal weight per cluster; ten steps lower it", async () => {
  const method = build(6, 2);
  const views = [0, 1, 2, 3].map((index) => method.views(index, new Rng(index), { index: index + 2, label: -1 }));
  const pixels = (at: number) => new Rng(at).normals([3, 2, 2]);
  const batch = stack(views.map((view, index) => ({ ...view, view: { pixels: pixels(index) } })));
  const initMemory = () => ({
    assignments: int32([1, 1, 0, 1, 1, 1], [6]),
    weights: float32([1, 1 / 5], [2]),
  });
  const params = {
    encoder: { weight: filled([5, 12], 0) },
    head: { weight: filled([2, 5], 0), bias: float32([Math.log(3), 0], [2]) },
  };
  const [first] = await descend({ ...method, initMemory }, batch, { params, progress: [0], learningRate: 0 });
  // One sample of cluster 0 at weight 1, three of cluster 1 at 1/5: −log 3/4 and −log 1/4.
  const expected = (-Math.log(0.75) - 0.6 * Math.log(0.25)) / 1.6;
  assert.ok(Math.abs(first!.loss - expected) < 1e-5, `${first!.loss}, not ${expected}`);
  assert.ok(Math.abs(first!.metrics.accuracy! - 0.25) < 1e-6);
  const left = await descend({ ...method, initMemory }, batch, { progress: tenSteps, learningRate: 0.1 });
  assert.ok(left[9]!.loss < left[0]!.loss - 0.2, left.map(({ loss }) => loss).join());
  assert.deepEqual([...left[9]!.state.get("memory.assignments")!.data], [1, 1, 0, 1, 1, 1]);
});

test("more clusters than samples are refused", () => {
  assert.throws(() => build(3, 4), { name: "UserError", message: /4 clusters of 3 samples.*--clusters/ });
});
