import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { confusionOf, matthewsOf } from "../../../src/evaluation/scores/measures.ts";
import { accuracyOf } from "../../../src/evaluation/scores/metrics.ts";
import { fitHead } from "../../../src/evaluation/vectors/head.ts";
import { linearHead, linearProbe } from "../../../src/evaluation/vectors/probe.ts";

/** Gradient of mean cross-entropy + ½ λ ‖W‖² in float64. */
function gradientAt(
  x: Float32Array,
  labels: Int32Array,
  dim: number,
  classes: number,
  l2: number,
  fit: { weight: Float32Array; bias: Float32Array },
) {
  const rows = labels.length;
  const weight = Float64Array.from(fit.weight, (value) => l2 * value);
  const bias = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    const logits = Array.from({ length: classes }, (_, c) => {
      let sum = fit.bias[c]!;
      for (let i = 0; i < dim; i++) sum += x[row * dim + i]! * fit.weight[i * classes + c]!;
      return sum;
    });
    const most = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    for (let c = 0; c < classes; c++) {
      const error = (Math.exp(logits[c]! - most) / total - Number(labels[row] === c)) / rows;
      bias[c]! += error;
      for (let i = 0; i < dim; i++) weight[i * classes + c]! += error * x[row * dim + i]!;
    }
  }
  return { weight, bias };
}

for (const task of ["classification", "token-classification"] as const)
  test(`${task}: the fit is at the minimum: the float64 gradient vanishes, for every strength at once`, async () => {
    const rng = new Rng(4);
    const [rows, dim, classes] = [120, 5, 3];
    const labels = Int32Array.from({ length: rows }, () => rng.integer(0, classes - 1));
    const x = Float32Array.from(
      { length: rows * dim },
      (_, at) => rng.normal() + (at % dim === labels[Math.floor(at / dim)] ? 1 : 0),
    );
    const strengths = [1e-3, 1e-1];
    const truth = Float32Array.from({ length: rows * classes }, (_, at) =>
      Number(labels[Math.floor(at / classes)] === at % classes),
    );
    const problem = { task, x, dim, truth, outputs: classes };
    const fit = await fitHead(problem, strengths, 600);
    strengths.forEach((l2, which) => {
      const part = {
        weight: fit.weight.subarray(which * dim * classes, (which + 1) * dim * classes),
        bias: fit.bias.subarray(which * classes, (which + 1) * classes),
      };
      const { weight, bias } = gradientAt(x, labels, dim, classes, l2, part);
      const largest = Math.max(...[...weight, ...bias].map(Math.abs));
      assert.ok(largest < 2e-4, `λ = ${l2}: largest derivative ${largest}`);
    });
  });

test("separable classes are classified at any scale of the features; test rows do not affect the choice", async () => {
  const rng = new Rng(5);
  const make = (rows: number) => {
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 3);
    const data = Float32Array.from({ length: rows * 4 }, (_, at) => {
      const column = at % 4;
      const label = labels[Math.floor(at / 4)]!;
      return column === 3 ? 7 : 1000 ** (column - 1) * (rng.normal(0, 0.2) + (column === label ? 2 : 0));
    });
    return { data, rows, dim: 4, labels };
  };
  const train = make(90);
  const test_ = make(60);
  const { predictions, l2 } = await linearProbe(train, test_, 3);
  assert.equal(accuracyOf(predictions, test_.labels), 1);
  const shuffled = { ...test_, data: test_.data.toReversed() };
  assert.equal((await linearProbe(train, shuffled, 3)).l2, l2);
});

test("with a rare, difficult class the chosen strength is not one that never predicts it", async () => {
  const rng = new Rng(6);
  const make = (rows: number) => {
    const labels = Int32Array.from({ length: rows }, (_, row) => Number(row % 10 < 8));
    const data = Float32Array.from({ length: rows * 64 }, (_, at) => {
      const label = labels[Math.floor(at / 64)]!;
      return rng.normal() + (at % 64 < 3 ? 0.4 * label : 0);
    });
    return { data, rows, dim: 64, labels };
  };
  const train = make(1000);
  const test_ = make(1000);
  const found: number[] = [];
  for (const seed of [0, 1, 2]) {
    const { predictions } = await linearProbe(train, test_, 2, seed);
    found.push(matthewsOf(confusionOf(predictions, test_.labels, 2)));
  }
  assert.ok(Math.min(...found) > 0.1, `${found}`);
});

test("a head of several outputs with gaps is, for each, the head of the rows where it was measured", async () => {
  const rng = new Rng(5);
  const [rows, dim] = [60, 4];
  const x = rng.normals([rows, dim]).data as Float32Array;
  const isMeasured = (row: number, output: number) => output === 0 || row % 3 === 0;
  for (const task of ["multi-label", "regression"] as const) {
    const target = (row: number, output: number) => {
      const value = x[row * dim + output]! + 0.5 * x[row * dim + 3]!;
      return task === "regression" ? value : Number(value > 0.2);
    };
    const truth = Float32Array.from({ length: rows * 2 }, (_, at) =>
      isMeasured(at >> 1, at % 2) ? target(at >> 1, at % 2) : Number.NaN,
    );
    const both = await fitHead({ task, x, dim, truth, outputs: 2 }, [1e-2]);
    for (const output of [0, 1]) {
      const kept = [...Array(rows).keys()].filter((row) => isMeasured(row, output));
      const alone = await fitHead(
        {
          ...{
            task,
            dim,
            outputs: 1,
            x: Float32Array.from(kept.flatMap((row) => [...x.subarray(row * dim, (row + 1) * dim)])),
          },
          truth: Float32Array.from(kept, (row) => target(row, output)),
        },
        [1e-2],
      );
      for (let i = 0; i < dim; i++)
        assert.ok(Math.abs(both.weight[i * 2 + output]! - alone.weight[i]!) < 1e-4, `${task} ${output}`);
    }
  }
});

test("the strength is chosen on the validation rows, if there are some", async () => {
  const rng = new Rng(6);
  const [rows, dim] = [30, 20];
  const data = rng.normals([rows, dim]).data as Float32Array;
  const answers = { task: "regression", outputs: ["value"] } as const;
  const truth = Float32Array.from({ length: rows }, () => rng.normal());
  const train = { data, dim, rows, truth, labels: new Int32Array(rows) };
  // Targets that are as the training noise is: the weakest penalty is best; of the opposite sign: the strongest.
  const same = await linearHead(answers, { ...train, validation: { data, truth } });
  const opposite = await linearHead(answers, { ...train, validation: { data, truth: truth.map((value) => -value) } });
  assert.ok(same.l2 <= 1e-4, `${same.l2}`);
  assert.equal(opposite.l2, 1);
});
