import assert from "node:assert/strict";
import { test } from "node:test";
import type { Array, Tensor, Traced } from "../../src/array/index.ts";
import { Rng } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { methods } from "../../src/methods/index.ts";
import { evaluateOne, fill } from "../fixtures/torch/reference.ts";
import { cropModality } from "./crops.ts";

const modality = cropModality(3, 16);
const encoder = vit.build(
  vit.options.parse({ width: 8, depth: 1, heads: 2, patchSize: 4, pooling: "class" }),
  modality.specs,
);
const heads = { hiddenDim: 6 };
const options: Readonly<Record<string, object>> = {
  deepcluster: { clusters: 5 },
  dino: { ...heads, bottleneckDim: 4, prototypes: 5 },
  dinov2: { ...heads, bottleneckDim: 4, prototypes: 5 },
  ibot: { ...heads, bottleneckDim: 4, prototypes: 5 },
  msn: { ...heads, projectionDim: 4, prototypes: 5 },
  swav: { ...heads, projectionDim: 4, prototypes: 5 },
};

for (const [name, given] of Object.entries(options))
  test(`${name} gives the similarity of representations to its prototypes, for any batch`, async () => {
    const definition = await methods.load(name);
    const method = definition.build({
      encoder: encoder as never,
      modality: { ...modality, perturb: (sample: unknown) => sample } as never,
      options: definition.options.parse(given),
      samples: 8,
    });
    const params = method.init(new Rng(0));
    const memory = method.initMemory?.(new Rng(0), params) ?? {};
    const score = method.prototypes;
    assert.ok(score);
    const scores = async (features: Tensor) => {
      const program = (p: Traced<typeof params>, x: Array, m: Traced<typeof memory>) => score(p, x, m);
      return evaluateOne(program, [params, features, memory] as const, "cpu");
    };
    const all = fill("features", [7, 8]);
    const few = { ...all, shape: [2, 8], data: all.data.slice(0, 16) };
    const [ofAll, ofFew] = [await scores(all), await scores(few)];
    assert.deepEqual(ofAll.shape, [7, 5]);
    ofFew.data.forEach((value, at) => {
      assert.ok(Math.abs(value - ofAll.data[at]!) < 1e-5);
    });
    // Two representations are not alike to all prototypes.
    assert.ok(ofFew.data.slice(0, 5).some((value, at) => Math.abs(value - ofFew.data[5 + at]!) > 1e-4));
  });
