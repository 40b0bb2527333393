import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, float32, Rng, type Tensor, type TreeRecord } from "../../src/array/index.ts";
import type { Scale } from "../../src/data/targets/scales.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { descriptorPrediction } from "../../src/methods/descriptor-prediction.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { assertIsTorchs, assertLearns } from "./checks.ts";
import { tinyEncoder } from "./tiny-encoder.ts";
import { noEntry, toyModality } from "./toy.ts";

const scale = (mean: number, deviation: number): Scale => ({ low: -8, high: 8, mean, deviation });
/** Samples are numbers: two bits and two numbers are computed of each, and two more bits. */
const modality = {
  ...toyModality(1, 2),
  specs: { pixels: { dtype: "float32", shape: [1, 2, 3] } } as const,
  tensors: (sample: unknown) => ({ pixels: float32(new Float32Array(6).fill(Number(sample)), [1, 2, 3]) }),
  targets: {
    groups: [
      { name: "parity", type: "bits", size: 2 },
      { name: "size", type: "numbers", size: 3, scales: [scale(2, 1), scale(0, 2), scale(0, 1)] },
      { name: "more", type: "bits", size: 2 },
    ] as const,
    of(sample: unknown, group: string) {
      const value = Number(sample);
      if (value < 0) return undefined;
      if (group === "size") return Float32Array.of(value, value > 1 ? value * value : Number.NaN, -20);
      return Float32Array.of(value % 2, 1 - (value % 2));
    },
  },
};
const build = (options: object = {}) =>
  descriptorPrediction.build({
    ...{ encoder: tinyEncoder(6), modality, samples: 6 },
    options: descriptorPrediction.options.parse(options),
  });
const labelsOf = (options: object, sample: number): Record<string, readonly number[]> => {
  const { labels } = build(options).views(sample, new Rng(0), noEntry) as { labels: Record<string, Tensor> };
  return Object.fromEntries(Object.entries(labels).map(([name, { data }]) => [name, [...data]]));
};

for (const [name, options] of [
  ["descriptor-prediction", {}],
  ["descriptor-prediction hidden", { hiddenDim: 5 }],
] as const)
  test(`${name}: the loss and every gradient as PyTorch's`, async () => {
    const where = (name: string, columns: number, above: number) =>
      float32(
        Float32Array.from(fill(name, [6, columns]).data, (value) => Number(value > above)),
        [6, columns],
      );
    const batch: TreeRecord<Tensor> = {
      input: { pixels: fill("input", [6, 6]) },
      labels: {
        ...{ bits: where("bits", 4, 0), bitsThere: filled([6, 4], 1) },
        ...{ numbers: fill("numbers", [6, 3], 2), numbersThere: where("there", 3, -0.5) },
      },
    };
    await assertIsTorchs(build(options), name, batch, { file: "node-losses" });
  });

test("what is predicted of a sample: all bits, and numbers scaled, cut and marked where they are missing", () => {
  const bitsThere = [1, 1, 1, 1];
  const three = { numbers: [1, 4, -8], numbersThere: [1, 1, 1] };
  assert.deepEqual(labelsOf({}, 3), { bits: [1, 0, 1, 0], bitsThere, ...three });
  assert.deepEqual(labelsOf({}, 0), {
    ...{ bits: [0, 1, 0, 1], bitsThere, numbers: [-2, 0, -8], numbersThere: [1, 0, 1] },
  });
  assert.deepEqual(labelsOf({ targets: ["more"] }, 3), { bits: [1, 0], bitsThere: [1, 1] });
  assert.deepEqual(labelsOf({ targets: ["size"] }, 3), three);
  // Read without them, for its vector alone.
  assert.deepEqual(labelsOf({ targets: ["more", "size"] }, -1), {
    ...{ bits: [0, 0], bitsThere: [0, 0], numbers: [0, 0, 0], numbersThere: [0, 0, 0] },
  });
  assert.throws(
    () => build({ targets: ["logp"] }),
    new UserError("descriptor-prediction: there is no logp to predict; there is parity, size, more"),
  );
});

test("ten steps lower the loss, of bits alone and of numbers alone too", async () => {
  for (const targets of [[], ["parity"], ["size"]]) await assertLearns(build({ targets }));
});
