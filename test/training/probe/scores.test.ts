import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { answersOf } from "../../../src/data/index.ts";
import { seemingTask } from "../../../src/evaluation/scores/single-label.ts";
import { scoresOf } from "../../../src/training/probe/scores.ts";

/** Points around the origin with what their label is. */
function points(labelOf: (x: number, y: number) => string) {
  const rng = new Rng(1);
  const data = Float32Array.from({ length: 240 }, () => rng.normal());
  const written = Array.from({ length: 120 }, (_, row) => labelOf(data[2 * row]!, data[2 * row + 1]!));
  const classes = [...new Set(written)].sort();
  const task = seemingTask(classes, 120);
  const features = {
    ...{ data, rows: 120, dim: 2, classes, broken: [] },
    indices: Int32Array.from({ length: 120 }, (_, row) => 10 + row),
    labels: Int32Array.from(written, (name) => classes.indexOf(name)),
  };
  return { features, answers: { ...answersOf(task, classes), task }, held: new Set(features.indices.subarray(80)) };
}

test("classes, several labels and values are scored by the measures of their kind", async () => {
  const classes = points((x) => (x > 0 ? "right" : "left"));
  const ofClasses = await scoresOf(classes.features, classes.answers, classes.held);
  assert.deepEqual(Object.keys(ofClasses), ["probeKnn", "probeLinear"]);
  assert.ok(ofClasses.probeKnn! > 0.85 && ofClasses.probeLinear! > 0.9, JSON.stringify(ofClasses));

  const several = points((x, y) => ["any", ...(x > 0 ? ["right"] : []), ...(y > 0 ? ["top"] : [])].join("|"));
  const ofSeveral = await scoresOf(several.features, several.answers, several.held);
  assert.deepEqual(Object.keys(ofSeveral), ["probeMeanAveragePrecision"]);
  assert.ok(ofSeveral.probeMeanAveragePrecision! > 0.9);

  const values = points((x, y) => (3 * x - y + 7).toFixed(3));
  const ofValues = await scoresOf(values.features, values.answers, values.held);
  assert.deepEqual(Object.keys(ofValues), ["probeR2"]);
  assert.ok(ofValues.probeR2! > 0.99);
});

test("what is held out is not learned from: labels at random are predicted at chance", async () => {
  const rng = new Rng(4);
  const { features, answers, held } = points(() => String.fromCharCode(97 + rng.integer(0, 4)));
  const { probeKnn = 1, probeLinear = 1 } = await scoresOf(features, answers, held);
  assert.ok(probeKnn < 0.5 && probeLinear < 0.5, `${probeKnn}, ${probeLinear}`);
});
