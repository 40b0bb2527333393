import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { int32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { iJepa } from "../../src/methods/i-jepa.ts";
import {
  assertIsTorchs,
  assertLearns,
  assertMemoryIsFixed,
  images,
  look,
  modality,
  patchOf,
  tinyVit,
} from "./checks.ts";
import { noEntry } from "./toy.ts";

const small = { targets: 3, predictorWidth: 12, predictorDepth: 1, predictorHeads: 3 };
const build = (pooling: "mean" | "class" = "mean", options: z.input<typeof iJepa.options> = {}) =>
  iJepa.build({
    encoder: tinyVit(pooling),
    modality,
    options: iJepa.options.parse({ ...small, ...options }),
    samples: 8,
  });
const batch = () => ({
  image: images(),
  context: int32([0, 1, 2, 4, 8, 3, 7, 11, 15, 14], [2, 5]),
  targets: int32([5, 6, 9, 13, 10, 14, 0, 4, 1, 2, 12, 13], [2, 3, 2]),
});

for (const pooling of ["mean", "class"] as const)
  test(`the loss and every gradient are those of I-JEPA's code, ${pooling} pooling`, async () => {
    await assertIsTorchs(build(pooling), `i-jepa ${pooling}`, batch());
  });

test("no gradient reaches the teacher", () => assertMemoryIsFixed(build(), batch()));

test("ten steps on one batch lower the loss, and the teacher follows with the current momentum", async () => {
  const frozen = await assertLearns(build("mean", { momentum: 1 }));
  const start = new Map(tree.entries<Tensor>(build().init(new Rng(0).split("params"))));
  for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(frozen.memory)) {
    const now = "read" in leaf ? await leaf.read() : leaf;
    assert.deepEqual(now.data, start.get(path.replace("teacher.", ""))!.data, path);
  }
  const copied = await assertLearns(build("mean", { momentum: 0, finalMomentum: 0 }));
  const student = new Map(tree.entries<Tensor | { read(): Promise<Tensor> }>(copied.params));
  for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(copied.memory)) {
    const followed = student.get(path.replace("teacher.", ""))!;
    const [one, two] = await Promise.all([leaf, followed].map((x) => ("read" in x ? x.read() : x)));
    assert.deepEqual(one!.data, two!.data, path);
  }
});

test("views: a context and four targets, disjoint, the same by seed", () => {
  const views = (seed: number) => tree.entries<Tensor>(build("mean", { targets: 4 }).views(5, new Rng(seed), noEntry));
  for (let seed = 0; seed < 50; seed++) {
    assert.deepEqual(views(seed), views(seed));
    const byPath = new Map(views(seed));
    assert.deepEqual(byPath.get("context")!.shape, [4]);
    assert.deepEqual(byPath.get("targets")!.shape, [4, 1]);
    const targets = new Set(byPath.get("targets")!.data);
    assert.ok([...byPath.get("context")!.data].every((place) => !targets.has(place)));
  }
});

test("the picture shows only the context", async () => {
  const { image, context, targets } = batch();
  const { masked } = await look(build(), { image, context, targets });
  assert.deepEqual(patchOf(masked!, 1, 3), patchOf(image.pixels, 1, 3));
  assert.ok(patchOf(masked!, 1, 0).every((value) => value === 0));
});
