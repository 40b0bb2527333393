import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { exemplarCnn } from "../../src/methods/exemplar-cnn.ts";
import { cropModality, descend, linearEncoder, tenSteps } from "./crops.ts";
import { stack } from "./toy.ts";

const modality = cropModality(3, 2);
const build = (samples: number, classes?: number) =>
  exemplarCnn.build({
    encoder: linearEncoder(12, 5),
    modality,
    options: exemplarCnn.options.parse(classes ? { classes } : {}),
    samples,
  });
const viewsOf = (method: ReturnType<typeof build>, index: number, seed = index) =>
  new Map(tree.entries<Tensor>(method.views(index, new Rng(seed), { index, label: 3 })));

test("every sample is its own class, for any label and augmentation", () => {
  const method = build(7);
  for (let index = 0; index < 7; index++) {
    const views = viewsOf(method, index);
    assert.equal(views.get("exemplar")!.data[0], index);
    assert.equal(views.get("isClass")!.data[0], 1);
    const again = viewsOf(method, index, 99);
    assert.equal(again.get("exemplar")!.data[0], index);
    assert.notEqual(again.get("view.pixels")!.data[0], views.get("view.pixels")!.data[0]);
  }
});

test("with fewer classes each is one sample, spread over the data, and the others do not count", async () => {
  for (const [samples, classes] of [
    [10, 4],
    [7, 5],
    [8, 2],
    [5, 9],
  ] as const) {
    const method = build(samples, classes);
    const found: number[] = [];
    for (let index = 0; index < samples; index++) {
      const views = viewsOf(method, index);
      if (views.get("isClass")!.data[0] === 1) found.push(views.get("exemplar")!.data[0]!);
    }
    assert.deepEqual(found, [...Array(Math.min(classes, samples)).keys()]);
  }
  const method = build(4, 2);
  const batchOf = (other: number) =>
    stack([
      method.views(0, new Rng(0), { index: 0, label: -1 }),
      method.views(other, new Rng(1), { index: 1, label: -1 }),
    ]);
  const loss = async (other: number) =>
    (await descend(method, batchOf(other), { progress: [0], learningRate: 0 }))[0]!.loss;
  assert.equal(await loss(1), await loss(50));
});

test("a batch counts by its exemplars, relative to the expected number", async () => {
  const method = build(4, 2);
  const sample = (index: number) => method.views(index, new Rng(index), { index, label: -1 });
  const loss = async (...indices: number[]) =>
    (await descend(method, stack(indices.map(sample)), { progress: [0], learningRate: 0 }))[0]!.loss;
  const [first, second] = [await loss(0), await loss(2)];
  assert.ok(Math.abs((await loss(0, 2)) - (first + second) / 2) < 1e-5);
  assert.ok(Math.abs((await loss(0, 1)) - first / 2) < 1e-5);
  assert.equal(await loss(1, 3), 0);
});

test("ten steps on one batch learn", async () => {
  const method = build(4);
  const pixels = (at: number) => new Rng(at).normals([3, 2, 2]);
  const views = [0, 1, 2, 3].map((index) => method.views(index, new Rng(index), { index, label: -1 }));
  const batch = stack(views.map((view, index) => ({ ...view, view: { pixels: pixels(index) } })));
  const left = await descend(method, batch, { progress: tenSteps, learningRate: 0.1 });
  assert.ok(Math.abs(left[0]!.loss - Math.log(4)) < 0.1);
  assert.ok(left[9]!.loss < left[0]!.loss - 0.2, left.map(({ loss }) => loss).join());
});
