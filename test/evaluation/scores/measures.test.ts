import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answersOf } from "../../../src/data/index.ts";
import { confusionOf, matthewsOf, measuresOf } from "../../../src/evaluation/scores/measures.ts";

const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-6, `${actual}, not ${expected}`);

/** `rows` × `width` logits that answer `answers`, and the one-hot truth. */
const oneHot = (labels: readonly number[], width: number) =>
  Float32Array.from({ length: labels.length * width }, (_, at) =>
    Number(labels[Math.floor(at / width)] === at % width),
  );

test("two classes, counted by hand: 3 true positives, 1 false negative, 2 false positives, 4 true negatives", () => {
  const labels = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0];
  const said = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0];
  const { named, score } = measuresOf(answersOf("classification", ["no", "yes"]), oneHot(said, 2), oneHot(labels, 2));
  near(score, 0.7);
  // φ = (3·4 − 2·1) / √(5·4·6·5); F1 of yes 6/9, of no 8/11.
  near(named.matthews, 10 / Math.sqrt(600));
  near(named.macroF1, (6 / 9 + 8 / 11) / 2);
});

test("the loss of classes is the mean negative log-likelihood", () => {
  const logits = Float32Array.of(1, 2, 0.5, 0, 0, 3);
  const truth = oneHot([1, 0], 3);
  const nll = (row: number[], label: number) => Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[label]!;
  const { loss } = measuresOf(answersOf("classification", ["a", "b", "c"]), logits, truth);
  near(loss, (nll([1, 2, 0.5], 1) + nll([0, 0, 3], 0)) / 2);
});

test("Matthews of several classes is 1 if perfect, 0 for a constant prediction, and −1 for two classes swapped", () => {
  const labelled = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(labelled, (drawn) => {
      const labels = Int32Array.from([0, 1, 2, 3, ...drawn]);
      near(matthewsOf(confusionOf(labels, labels, 4)), 1);
      assert.equal(
        matthewsOf(
          confusionOf(
            labels.map(() => 2),
            labels,
            4,
          ),
        ),
        0,
      );
      const two = labels.map((label) => label % 2);
      near(
        matthewsOf(
          confusionOf(
            two.map((label) => 1 - label),
            two,
            2,
          ),
        ),
        -1,
      );
    }),
  );
});

test("several labels: average precision by hand, and micro-F1 at the threshold of one half", () => {
  const answers = answersOf("multi-label", ["a|b"]);
  // Label a is found at ranks 1 and 3; label b at rank 2.
  const logits = Float32Array.of(3, -1, 2, 1, 1, -2, -1, 2);
  const truth = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 0);
  const { named } = measuresOf(answers, logits, truth);
  near(named.meanAveragePrecision, ((1 + 2 / 3) / 2 + 1 / 2) / 2);
  // Predicted: a, a, a, b, b; 3 of them correct; 3 actual.
  near(named.microF1, (2 * 3) / (5 + 3));
});

test("values: R² and mean error by hand; Spearman is invariant to an increasing function", () => {
  const answers = answersOf("regression", ["1", "2", "4"]);
  const { named, loss } = measuresOf(answers, Float32Array.of(1, 3, 4), Float32Array.of(1, 2, 4));
  near(loss, 1 / 3);
  near(named.r2, 1 - 1 / (16 / 9 + 1 / 9 + 25 / 9));
  near(named.meanAbsoluteError, 1 / 3);
  near(named.rootMeanSquaredError, Math.sqrt(1 / 3));
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: -30, max: 30 }), { minLength: 3 }), (values) => {
      const truth = Float32Array.from(values);
      near(
        measuresOf(
          answers,
          truth.map((value) => value ** 3),
          truth,
        ).named.spearman,
        1,
      );
      near(
        measuresOf(
          answers,
          truth.map((value) => -value),
          truth,
        ).named.spearman,
        -1,
      );
    }),
  );
  // Ties share their rank: (1.5, 1.5, 3) against (1, 2, 3).
  near(measuresOf(answers, Float32Array.of(5, 5, 7), Float32Array.of(1, 2, 4)).named.spearman, Math.sqrt(3) / 2);
});

test("what was not measured is left out, and labels without both classes are left out of the means", () => {
  const none = Number.NaN;
  const answers = { task: "multi-label", outputs: ["a", "b", "c"] } as const;
  // a: positives 0.9 and 0.2, negative 0.5; b: all of one class; c: positive above negative.
  const logits = Float32Array.of(0.9, 1, 2, 0.5, 1, 1, 0.2, 1, 7, 8, -1, 5);
  const truth = Float32Array.of(1, 1, 1, 0, 1, 0, 1, none, none, none, none, none);
  const { named, each, unmeasured, score, loss } = measuresOf(answers, logits, truth);
  assert.deepEqual(unmeasured, ["b"]);
  assert.deepEqual(each?.a, { rocAuc: 0.5, averagePrecision: (1 + 2 / 3) / 2 });
  assert.deepEqual(each?.c, { rocAuc: 1, averagePrecision: 1 });
  assert.ok(Math.abs(named.meanRocAuc! - 0.75) < 1e-12);
  assert.equal(score, named.meanAveragePrecision);
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const expected =
    (softplus(-0.9) + softplus(-1) + softplus(-2) + softplus(0.5) + softplus(-1) + softplus(1) + softplus(-0.2)) / 7;
  assert.ok(Math.abs(loss - expected) < 1e-6, `${loss} and ${expected}`);
});

test("of several values the measures are means over the columns, each over its own rows", () => {
  const none = Number.NaN;
  const answers = { task: "regression", outputs: ["x", "y"] } as const;
  const values = Float32Array.of(1, 10, 2, 30, 4, 20);
  const truth = Float32Array.of(1, none, 3, 30, 5, 10);
  const { named, each } = measuresOf(answers, values, truth);
  assert.deepEqual(each?.x, {
    r2: 1 - 2 / 8,
    meanAbsoluteError: 2 / 3,
    rootMeanSquaredError: Math.sqrt(2 / 3),
    spearman: 1,
  });
  assert.equal(each?.y?.meanAbsoluteError, 5);
  assert.ok(Math.abs(named.meanAbsoluteError! - (2 / 3 + 5) / 2) < 1e-12);
});
