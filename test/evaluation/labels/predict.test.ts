import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Source, TensorRecord } from "../../../src/data/index.ts";
import { predictAll } from "../../../src/evaluation/labels/predict.ts";
import { likeliest, prediction } from "../../../src/evaluation/scores/predictions.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { toyModality } from "../../methods/toy.ts";

/** The numbers from 0; every tenth is broken. */
const source = (length: number): Source<unknown> => ({
  length,
  name: (index) => `sample ${index}`,
  async read(index) {
    if (index % 10 === 9) throw new BrokenSample("cannot be decoded");
    return index;
  },
  manifest: undefined,
  close: async () => undefined,
});
const modality = toyModality(1, 2);

/** Says of every row what is worked out from its value. */
const head = (
  task: "classification" | "multi-label" | "regression",
  outputs: string[],
  of: (value: number) => number[],
) => ({
  task,
  outputs,
  predict: async (rows: readonly TensorRecord[]) =>
    Float32Array.from(rows.flatMap(({ pixels }) => of(pixels!.data[0]!))),
});

const column = (columns: readonly { name: string; values: readonly unknown[] }[], name: string) =>
  columns.find((one) => one.name === name)?.values;

test("classes: the most probable for each readable entry, over several batches; broken ones are named", async () => {
  const odd = head("classification", ["even", "odd"], (value) => (value % 2 ? [0.25, 0.75] : [0.875, 0.125]));
  const progress: number[][] = [];
  const { columns, broken } = await predictAll(odd, {
    modality,
    source: source(600),
    onProgress: (...args) => progress.push(args),
  });
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["path", "prediction", "probability"],
  );
  const kept = Array.from({ length: 600 }, (_, index) => index).filter((index) => index % 10 !== 9);
  assert.deepEqual(
    column(columns, "path"),
    kept.map((index) => `sample ${index}`),
  );
  assert.deepEqual(
    column(columns, "prediction"),
    kept.map((index) => (index % 2 ? "odd" : "even")),
  );
  assert.deepEqual(
    column(columns, "probability"),
    kept.map((index) => (index % 2 ? 0.75 : 0.875)),
  );
  assert.equal(broken.length, 60);
  assert.deepEqual(broken[0], { name: "sample 9", reason: "cannot be decoded" });
  assert.deepEqual(progress.at(-1), [600, 600]);
});

test("top: the next most probable too, no more than there are", async () => {
  const three = head("classification", ["a", "b", "c"], () => [0.25, 0.625, 0.125]);
  for (const [top, names] of [
    [2, ["prediction", "probability", "prediction_2", "probability_2"]],
    [9, ["prediction", "probability", "prediction_2", "probability_2", "prediction_3", "probability_3"]],
  ] as const) {
    const { columns } = await predictAll(three, { modality, source: source(2) }, top);
    assert.deepEqual(
      columns.map(({ name }) => name),
      ["path", ...names],
    );
    assert.deepEqual(column(columns, "prediction_2"), ["a", "a"]);
    assert.deepEqual(column(columns, "probability_2"), [0.25, 0.25]);
  }
});

test("multi-label: a column each; regression: the value", async () => {
  const labels = head("multi-label", ["red", "round"], (value) => [0.5, value === 1 ? 0.75 : 0.25]);
  const tagged = await predictAll(labels, { modality, source: source(3) });
  assert.deepEqual(tagged.columns, [
    { name: "path", values: ["sample 0", "sample 1", "sample 2"] },
    { name: "prediction", values: ["red", "red|round", "red"] },
    { name: "probability_red", values: [0.5, 0.5, 0.5] },
    { name: "probability_round", values: [0.25, 0.75, 0.25] },
  ]);
  const weights = head("regression", ["value"], (value) => [-2 * value]);
  assert.deepEqual((await predictAll(weights, { modality, source: source(3) })).columns[1], {
    name: "value",
    values: [-0, -2, -4],
  });
});

test("nothing readable is an error", async () => {
  const one = head("regression", ["value"], (value) => [value]);
  const broken = { ...source(2), read: () => Promise.reject(new BrokenSample("cannot be decoded")) };
  await assert.rejects(predictAll(one, { modality, source: broken }), {
    name: "UserError",
    message: "none of the 2 entries could be read; the first: cannot be decoded",
  });
});

test("the most probable are the largest, in order, and the first is the prediction", () =>
  fc.assert(
    fc.property(
      fc.float32Array({ min: 0, max: 1, noNaN: true, minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 25 }),
      (row, top) => {
        const outputs = Array.from(row, (_, at) => `class ${at}`);
        const ranked = likeliest(outputs, row, top);
        assert.deepEqual(
          ranked.map(({ probability }) => probability),
          [...row].sort((a, b) => b - a).slice(0, top),
        );
        for (const each of ranked) assert.equal(row[outputs.indexOf(each.prediction)], each.probability);
        const predicted = prediction({ task: "classification", outputs }, row, top);
        assert.deepEqual(predicted, { ...ranked[0], ...(top > 1 ? { top: ranked } : {}) });
      },
    ),
  ));
