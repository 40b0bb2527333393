import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import type { Answers } from "../../../src/data/index.ts";
import {
  chanceScore,
  poolPredictions,
  scorePredictions,
  scoreProbe,
} from "../../../src/evaluation/label-efficiency/label-predictions.ts";
import { perClassOf } from "../../../src/evaluation/scores/measures.ts";

const classes: Answers = { task: "classification", outputs: ["a", "b"] };
const labels: Answers = { task: "multi-label", outputs: ["a", "b"] };
const value: Answers = { task: "regression", outputs: ["value"] };

test("predictions of classes make a matrix, scored by accuracy", () => {
  const truth = Float32Array.of(1, 0, 1, 0, 0, 1);
  const answered = scorePredictions(classes, Float32Array.of(2, 1, 0, 1, 0, 3), truth);
  assert.deepEqual(answered, {
    score: 2 / 3,
    answers: [
      [0, 0, 1],
      [0, 1, 1],
      [1, 1, 1],
    ],
  });
  assert.equal(chanceScore(classes, truth), 2 / 3);
});

test("predictions of several labels are counted for each label, which gives precision and recall", () => {
  // a: predicted for samples 0 and 1, true for 0 and 2; b: predicted for all three, true for 1.
  const truth = Float32Array.of(1, 0, 0, 1, 1, 0);
  const { score, answers } = scorePredictions(labels, Float32Array.of(3, 1, 1, 2, -1, 4), truth);
  // a: found first and third, (1 + 2/3) / 2; b: found second, 1/2.
  assert.ok(Math.abs(score - (5 / 6 + 1 / 2) / 2) < 1e-6, String(score));
  const together = poolPredictions("multi-label", 2, [answers, answers]);
  const [a, b] = (together.ofEach ?? []).map((matrix) => perClassOf(matrix)[1]);
  assert.deepEqual([a?.count, a?.precision, a?.recall], [4, 0.5, 0.5]);
  assert.deepEqual([b?.count, b?.precision, b?.recall], [2, 1 / 3, 1]);
  // Two of three have a, one of three b.
  assert.ok(Math.abs(chanceScore(labels, truth) - 0.5) < 1e-6);
});

test("predictions of values are a subset of the pairs, scored by R²", () => {
  const truth = Float32Array.of(1, 2, 3);
  const { score, answers } = scorePredictions(value, Float32Array.of(1, 2, 2), truth);
  assert.equal(score, 0.5);
  assert.deepEqual(poolPredictions("regression", 1, [answers]), {
    pairs: [
      [1, 1],
      [2, 2],
      [3, 2],
    ],
  });
  assert.equal(scorePredictions(value, new Float32Array(5000), new Float32Array(5000)).answers.length, 400);
  assert.equal(chanceScore(value, truth), 0);
});

test("a head finds the target in features that hold it, for every task, and not in others", async () => {
  const rng = new Rng(0);
  const rows = 200;
  const data = rng.normals([rows, 3]).data as Float32Array;
  const noise = rng.normals([rows, 3]).data as Float32Array;
  const truths = {
    classification: (x: number) => [Number(x > 0), Number(x <= 0)],
    "multi-label": (x: number, y: number) => [Number(x > 0), Number(y > 0)],
    regression: (x: number, y: number) => [3 + 2 * x - y],
  };
  for (const answers of [classes, labels, value]) {
    const truthOf = truths[answers.task as keyof typeof truths];
    const truth = Float32Array.from(
      Array.from({ length: rows }, (_, row) => truthOf(data[3 * row]!, data[3 * row + 1]!)).flat(),
    );
    const labels = Int32Array.from({ length: rows }, (_, row) => Number(data[3 * row]! <= 0));
    const perfect = { data, dim: 3, rows, truth, labels: labels };
    const found = await scoreProbe(answers, perfect, perfect, 0);
    assert.ok(found.score > 0.96, `${answers.task}: ${found.score}`);
    const half = {
      ...perfect,
      data: noise.subarray(0, 300),
      rows: 100,
      truth: truth.subarray(0, truth.length / 2),
      labels: labels.subarray(0, 100),
    };
    const none = await scoreProbe(
      answers,
      half,
      { data: noise.subarray(300), truth: truth.subarray(truth.length / 2) },
      0,
    );
    assert.ok(none.score < chanceScore(answers, truth) + 0.15, `${answers.task}: ${none.score}`);
  }
});

test("what was not measured is in no count and in no chance level", () => {
  const answers = { task: "multi-label", outputs: ["a", "b"] } as const;
  const truth = Float32Array.of(1, Number.NaN, 0, 1, 1, 1);
  const { answers: counts } = scorePredictions(answers, Float32Array.of(1, 1, 1, 1, -1, 1), truth);
  assert.equal(
    counts.reduce((sum, [, , count]) => sum + count, 0),
    5,
  );
  // Of a two of three; b is always there, and left out as it is of the score.
  assert.ok(Math.abs(chanceScore(answers, truth) - 2 / 3) < 1e-12);
});
