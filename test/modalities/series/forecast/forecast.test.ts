import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../../src/array/rng.ts";
import { pretrain } from "../../../../src/index.ts";
import { forecast } from "../../../../src/modalities/series/forecast/forecast.ts";
import { NormalEquations, predicted } from "../../../../src/modalities/series/forecast/ridge.ts";
import { csvOf } from "../../../fixtures/series.ts";
import { inFolder } from "../../../support/cli.ts";

test("ridge regression finds the weights of a line, and shrinks them with its strength", () => {
  const rng = new Rng(1);
  const equations = new NormalEquations(2, 2);
  const rows = Array.from({ length: 50 }, () => [rng.normal(), rng.normal()] as const);
  for (const [a, b] of rows) equations.add([a, b], [2 * a - b + 3, 0.5 * b]);
  const close = (weights: Float64Array, expected: readonly number[], tolerance: number) =>
    assert.ok(
      expected.every((value, at) => Math.abs(value - weights[at]!) < tolerance),
      String(weights),
    );
  const weights = equations.solve(1e-6);
  close(weights, [2, 0, -1, 0.5, 3, 0], 1e-4);
  close(predicted(weights, [1, 1], 2), [4, 0.5], 1e-4);
  // (XᵀX + λ) w = Xᵀy with the offset free, solved by hand for one input.
  const one = new NormalEquations(1, 1);
  for (const [x, y] of [
    [0, 1],
    [1, 2],
    [2, 4],
  ] as const)
    one.add([x], [y]);
  close(one.solve(2), [3 / 4, 7 / 3 - 3 / 4], 1e-6);
});

test("a daily course is forecast by the linear model and by last season, and not by the last value", () =>
  inFolder(async (folder) => {
    const rng = new Rng(2);
    const path = join(folder, "load.csv");
    const rows = Array.from({ length: 600 }, (_, hour) => [
      hour * 3600,
      Math.sin((2 * Math.PI * hour) / 24) + rng.normal(0, 0.05),
      Math.cos((2 * Math.PI * hour) / 24) + rng.normal(0, 0.05),
    ]);
    await writeFile(path, csvOf(["time", "a", "b"], rows));
    const run = await pretrain({
      ...{ data: path, out: join(folder, "run"), method: "simclr", encoder: "vit" },
      encoderOptions: { width: 16, depth: 1, heads: 2, patchSize: 4 },
      modalityOptions: { window: 48 },
      training: { epochs: 1, batchSize: 32, workers: 0, threads: 1 },
    });
    const [result] = await forecast({ run, data: path, horizons: [12] });
    const by = new Map(result?.scores.map(({ name, mse }) => [name, mse]));
    assert.deepEqual(
      [...by.keys()],
      ["simclr, linear head", "untrained, linear head", "raw values, linear", "last value", "one season ago"],
    );
    // Twice the noise's variance, over the variance of the whole.
    assert.ok(by.get("one season ago")! < 0.03, `${by.get("one season ago")}`);
    assert.ok(by.get("raw values, linear")! < 0.02, `${by.get("raw values, linear")}`);
    assert.ok(by.get("last value")! > 1, `${by.get("last value")}`);
    assert.ok(by.get("simclr, linear head")! < 0.7 * by.get("last value")!, `${by.get("simclr, linear head")}`);
    assert.deepEqual(result?.windows, [301, 109]);
    await assert.rejects(
      forecast({ run, data: path, horizons: [400] }),
      /too short for a window of 48 steps and a horizon of 400/,
    );
  }));
