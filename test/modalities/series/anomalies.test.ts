import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openRun, pretrain, UserError } from "../../../src/index.ts";
import { anomalies } from "../../../src/modalities/series/anomalies/anomalies.ts";
import { distanceTo, scalerOf } from "../../../src/modalities/series/anomalies/neighbours.ts";
import { anomaliesPage, anomalyDrawing } from "../../../src/modalities/series/anomalies/page.ts";
import { rankingOf } from "../../../src/modalities/series/anomalies/ranking.ts";
import {
  perStep,
  quantileOf,
  smoothed,
  startsOf,
  stretchesOf,
} from "../../../src/modalities/series/anomalies/steps.ts";
import { csvOf } from "../../fixtures/series.ts";
import { autodidact, inFolder } from "../../support/cli.ts";

test("AUROC and average precision by hand, with ties, and undefined where all rows are alike", () => {
  const positive = Uint8Array.from([1, 0, 1, 0, 0]);
  // Pairs: 0.9 is above all three; 0.5 is above 0.1, level with 0.5 and below 0.7: (3 + 1.5) / 6.
  const found = rankingOf(Float32Array.from([0.9, 0.7, 0.5, 0.5, 0.1]), positive);
  assert.ok(Math.abs(found!.auroc - 4.5 / 6) < 1e-12);
  assert.ok(Math.abs(found!.averagePrecision - (1 + 2 / 4) / 2) < 1e-12);
  assert.equal(rankingOf(Float32Array.from([1, 2]), Uint8Array.from([0, 0])), undefined);
  // Rows without a score take no part.
  assert.equal(rankingOf(Float32Array.from([2, 1, Number.NaN]), Uint8Array.from([1, 0, 1]))!.auroc, 1);
});

test("scores of windows become scores of steps, and steps become stretches", () => {
  assert.deepEqual(startsOf(10, 4, 3), [0, 3, 6]);
  assert.deepEqual(startsOf(11, 4, 3), [0, 3, 6, 7]);
  assert.deepEqual(startsOf(3, 4, 3), [0]);
  assert.deepEqual([...perStep(5, 3, [0, 2], [1, 3])], [1, 1, 2, 3, 3]);
  assert.deepEqual([...perStep(3, 3, [0], [Float32Array.from([5, Number.NaN, 7])])], [5, Number.NaN, 7]);
  assert.deepEqual([...smoothed(Float32Array.from([0, 3, 0, 3]), 3)], [1.5, 1, 2, 1.5]);
  const scores = Float32Array.from([0, 5, 6, 0, 7, 0, 0, 0, 9]);
  assert.deepEqual(stretchesOf(scores, 4, 2), [
    { start: 1, end: 5, score: 7 },
    { start: 8, end: 9, score: 9 },
  ]);
  assert.equal(quantileOf([4, 1, Number.NaN, 3, 2], 0.5), 3);
});

test("distances are to the five nearest, in deviations of each column", () => {
  const bank = { data: Float32Array.from([0, 100, 2, 100, 4, 100, 6, 100]), rows: 4, dim: 2 };
  const scale = scalerOf(bank);
  const deviation = Math.sqrt(5);
  assert.deepEqual([...scale(Float32Array.from([3, 103]))], [0, 3]);
  const scaled = {
    ...bank,
    data: Float32Array.from([0, 1, 2, 3].flatMap((row) => [...scale(bank.data.subarray(2 * row, 2 * row + 2))])),
  };
  const mean = [3, 1, 1, 3].reduce((sum, distance) => sum + distance / deviation / Math.SQRT2 / 4, 0);
  assert.ok(Math.abs(distanceTo(scaled, scale(Float32Array.from([3, 100]))) - mean) < 1e-6);
  assert.ok(distanceTo(scaled, scale(Float32Array.from([0, 100])), (row) => row === 0) > 0.5);
});

/** A machine that hums, with a stutter between two steps in `bad`; labels of its steps. */
function machine(length: number, seed: number, bad?: readonly [number, number]): string {
  let state = seed;
  const noise = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648 - 0.5;
  };
  const rows = Array.from({ length }, (_, step) => {
    const isBad = bad !== undefined && step >= bad[0] && step < bad[1];
    const turn = (2 * Math.PI * step) / 16;
    const value = isBad ? Math.sign(Math.sin(2.7 * turn)) : Math.sin(turn);
    return [
      step,
      (value + 0.2 * noise()).toFixed(4),
      (Math.cos(turn) + 0.2 * noise()).toFixed(4),
      isBad ? "fault" : "normal",
    ];
  });
  return csvOf(["time", "current", "speed", "label"], rows);
}

test("a stutter is found by reconstruction and by distance, above what a z-score finds", () =>
  inFolder(async (folder) => {
    const usual = join(folder, "usual.csv");
    const today = join(folder, "today.csv");
    await writeFile(usual, machine(1600, 1));
    await writeFile(today, machine(800, 9, [400, 470]));
    const out = join(folder, "run");
    await pretrain({
      ...{ data: usual, out, method: "mae", encoder: "vit", preset: "small", labelColumn: "label" },
      ...{ encoderOptions: { width: 32, depth: 2, heads: 2, patchSize: 4 }, modality: "series" },
      modalityOptions: { window: 32, hop: 4 },
      options: { maskRatio: 0.5, decoderWidth: 32, decoderDepth: 1, decoderHeads: 2 },
      training: { epochs: 30, batchSize: 64, seed: 0, workers: 0, threads: 1 },
    });
    const run = await openRun(out);
    for (const scoredBy of ["reconstruction", "distance"] as const) {
      const found = await anomalies({ run, data: today, labelColumn: "label", scoredBy });
      const [own, raw, z] = found.measures;
      assert.deepEqual([own?.name, raw?.name, z?.name], [`mae, ${scoredBy}`, "distance of raw windows", "z-score"]);
      assert.ok(own!.auroc > 0.9, `${scoredBy}: ${own!.auroc}`);
      assert.ok(own!.auroc > z!.auroc, `${scoredBy}: ${own!.auroc}, z-score ${z!.auroc}`);
      const [first] = found.intervals;
      assert.ok(first && first.start < 470 && first.end > 400, JSON.stringify(first));
      assert.equal(found.series[0]?.scores.length, 800);
      const drawing = anomalyDrawing(found.series[0]!, found);
      assert.match(drawing, /^<svg [\s\S]*current[\s\S]*score[\s\S]*<\/svg>$/);
      assert.doesNotMatch(drawing, /NaN|undefined/);
      assert.match(anomaliesPage(found, "a & b"), /a &amp; b[\s\S]*AUROC/);
    }
    // Looked through by itself, a window is not its own neighbour, and little is above the threshold.
    const same = await anomalies({ run, data: usual, labelColumn: "label", scoredBy: "distance" });
    const { scores } = same.series[0]!;
    assert.ok(scores.filter((score) => score > same.threshold).length < 0.05 * scores.length);
    assert.deepEqual(same.measures, []);

    // The command: tables, pages, and one line for what is wrong.
    const table = join(folder, "scores.csv");
    const page = join(folder, "page.html");
    const flags = ["--label-column", "label", "--out", table, "--html", page];
    const said = autodidact("series", "anomalies", out, today, ...flags);
    assert.match(said.stdout, /800 steps of 1 series by reconstruction[\s\S]*today\.csv[\s\S]*z-score/);
    assert.match((await readFile(table, "utf8")).split("\n")[401] ?? "", /^today\.csv,400,[\d.]+,[01]$/);
    assert.match(await readFile(page, "utf8"), /<svg/);
    const json = autodidact("series", "anomalies", out, today, "--json", "--score", "distance");
    assert.equal(JSON.parse(json.stdout).scoredBy, "distance");
    for (const [args, message] of [
      [["--score", "magic"], /--score magic: must be reconstruction or distance/],
      [["--out", join(folder, "x.txt")], /must end in \.csv or \.json/],
      [["--stride", "0"], /stride/],
    ] as const) {
      const refused = autodidact("series", "anomalies", out, today, ...args);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
  }));

test("a method that predicts nothing hidden is refused for reconstruction, and scored by distance", () =>
  inFolder(async (folder) => {
    const usual = join(folder, "usual");
    await mkdir(usual);
    await writeFile(join(usual, "a.csv"), machine(400, 3));
    const out = join(folder, "run");
    await pretrain({
      ...{
        data: usual,
        out,
        method: "simclr",
        encoder: "resnet",
        modality: "series",
        preset: "small",
        labelColumn: "label",
      },
      encoderOptions: { layers: "8", width: 4 },
      modalityOptions: { window: 32, hop: 8 },
      training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
    });
    const run = await openRun(out);
    await assert.rejects(
      anomalies({ run, data: usual, scoredBy: "reconstruction" }),
      (error: unknown) =>
        error instanceof UserError && /simclr does not predict hidden parts.*--score distance/.test(error.message),
    );
    assert.equal((await anomalies({ run, data: usual })).scoredBy, "distance");
  }));
