import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { Rng } from "../../../../src/array/rng.ts";
import { temporaryFolder } from "../../../../src/foundation/temporary.ts";
import { pretrain } from "../../../../src/index.ts";
import { forecastChart } from "../../../../src/modalities/series/forecast/chart.ts";
import { type ForecastOptions, forecast } from "../../../../src/modalities/series/forecast/forecast.ts";
import {
  type Forecaster,
  openForecaster,
  predictNext,
  saveForecaster,
} from "../../../../src/modalities/series/forecast/forecaster.ts";
import { frameOf, inputsOf, type Model, readingOf, targetOf } from "../../../../src/modalities/series/forecast/head.ts";
import { partOf, thinned, tracksOf } from "../../../../src/modalities/series/forecast/parts.ts";
import { ridgeHeads } from "../../../../src/modalities/series/forecast/ridge-head.ts";
import { withSeries } from "../../../../src/modalities/series/open.ts";
import { SeriesOptions } from "../../../../src/modalities/series/options.ts";
import { preparation } from "../../../../src/modalities/series/prepare.ts";
import { embedder } from "../../../../src/training/features.ts";
import { csvOf } from "../../../fixtures/series.ts";
import { autodidact } from "../../../support/cli.ts";

const { path: folder, [Symbol.dispose]: remove } = temporaryFolder();
after(() => remove());
const data = join(folder, "load.csv");
const [WINDOW, HORIZON] = [48, 12];

/** Two daily courses with noise: the second far above the first. */
const rows = (() => {
  const rng = new Rng(2);
  return Array.from({ length: 500 }, (_, hour) => [
    hour * 3600,
    Math.sin((2 * Math.PI * hour) / 24) + rng.normal(0, 0.1),
    1000 + 50 * Math.cos((2 * Math.PI * hour) / 24) ** 3 + rng.normal(0, 3),
  ]);
})();
await writeFile(data, csvOf(["time", "load", "oil"], rows));
const run = await pretrain({
  ...{ data, out: join(folder, "run"), method: "simmim", preset: "small-patchtst", modality: "series" },
  encoderOptions: { width: 16, depth: 1, heads: 2, patchLength: 8 },
  modalityOptions: { window: WINDOW, hop: 4 },
  training: { epochs: 2, batchSize: 16, workers: 0, threads: 1 },
});
const base: ForecastOptions = { run, data, horizons: [HORIZON], threads: 1 };

test("the preset reads windows as they are, and each channel by itself", () => {
  const { method, encoder, modality } = run.config;
  assert.equal(encoder.name, "patchtst");
  assert.deepEqual(
    [method.options.maskRatio, method.options.maskSize, method.options.masks, method.options.error],
    [0.4, 1, "slices", "squared"],
  );
  assert.deepEqual([modality.options.cropScale, modality.options.jitter, modality.options.timeWarp], [[1, 1], 0, 0]);
});

test("the head on frozen tokens is the ridge regression of each channel in its window's units", async () => {
  const prepared = preparation(SeriesOptions.parse(run.modalityOptions), run.config.modality.files);
  const tracks = await withSeries(data, {}, (source) => tracksOf(source, prepared, 3600, 0.6));
  const learn = thinned(
    tracks.map((track) => partOf(track, WINDOW, HORIZON, [0.6, 0.8, 1], 0)),
    60,
  );
  const reading = readingOf(run.encoder, 2, HORIZON);
  assert.deepEqual([reading.rows, reading.dim, reading.outputs], [2, 6 * 16, HORIZON]);
  const model: Model = {
    ...{ encoder: run.encoder, modality: run.modality, reading },
    window: WINDOW,
    horizon: HORIZON,
  };
  const [found] = await ridgeHeads(model, run.params, learn, learn, [0.3]);
  const flat = await embedder(
    { ...run.encoder, embedDim: 2 * reading.dim, apply: (params, inputs) => reading.apply(params, inputs) },
    run.params,
    run.modality,
  );
  // Where the squared error and the ridge together are least, their derivatives are 0: Σ s x (y − ŷ) = λ w, Σ s (y − ŷ) = 0.
  assert.ok(found);
  const { weight, bias } = found.head;
  const size = reading.dim + 1;
  const slopes = new Float64Array(size * HORIZON);
  const squares = new Float64Array(size);
  let [most, squared, count] = [0, 0, 0];
  for (const end of learn[0]!.ends) {
    const tokens = await flat.embed([inputsOf(tracks[0]!, end, model)]);
    const frame = frameOf(tracks[0]!, end, model);
    const target = targetOf(tracks[0]!, end, HORIZON, frame);
    for (const channel of [0, 1]) {
      const scale = frame.scale[channel]!;
      const x = [...tokens.subarray(channel * reading.dim, (channel + 1) * reading.dim), 1].map(
        (value) => scale * value,
      );
      x.forEach((value, at) => {
        squares[at]! += value ** 2;
      });
      for (let ahead = 0; ahead < HORIZON; ahead++) {
        const guess = x.reduce(
          (sum, value, at) =>
            sum + value * (at < reading.dim ? weight.data[ahead * reading.dim + at]! : bias.data[ahead]!),
          0,
        );
        const error = target[channel * HORIZON + ahead]! - guess;
        squared += error ** 2;
        count++;
        x.forEach((value, at) => {
          slopes[at * HORIZON + ahead]! += value * error;
          most = Math.max(most, Math.abs(value * error));
        });
      }
    }
  }
  await flat.dispose();
  const strength = (0.3 * squares.subarray(0, reading.dim).reduce((sum, value) => sum + value, 0)) / reading.dim;
  for (let at = 0; at < size; at++)
    for (let ahead = 0; ahead < HORIZON; ahead++) {
      const pull = at < reading.dim ? strength * weight.data[ahead * reading.dim + at]! : 0;
      const rest = slopes[at * HORIZON + ahead]! - pull;
      assert.ok(Math.abs(rest) < 2e-3 * most, `input ${at}, ${ahead} ahead: ${rest} of ${most}`);
    }
  assert.ok(Math.abs(found.mse - squared / count) < 1e-4, `${found.mse}, not ${squared / count}`);
});

let kept: Forecaster | undefined;

test("the tuned encoder is scored beside its baselines, and is the last that can be kept", async () => {
  const [result] = await forecast({
    ...{ ...base, tune: { epochs: 2, batchSize: 16, learningRate: 1e-3 }, most: 64 },
    onForecaster: async (forecaster) => {
      if (forecaster.isPretrained) kept = forecaster;
    },
  });
  const by = new Map(result?.scores.map(({ name, mse }) => [name, mse]));
  assert.deepEqual(
    [...by.keys()],
    [
      ...["simmim, linear head", "untrained, linear head", "simmim, tuned", "from scratch"],
      ...["raw values, linear", "last value", "one season ago"],
    ],
  );
  for (const name of ["simmim, linear head", "simmim, tuned", "from scratch"])
    assert.ok(by.get(name)! < 0.5 * by.get("last value")!, `${name}: ${by.get(name)}`);
  assert.equal(kept?.score.name, "simmim, tuned");
});

test("a horizon or a batch that does not fit is refused before anything is computed", async () => {
  const seen: string[] = [];
  const onForecaster = async ({ score }: Forecaster) => {
    seen.push(score.name);
  };
  await assert.rejects(forecast({ ...base, horizons: [HORIZON, 400], onForecaster }), /a horizon of 400/);
  await assert.rejects(
    forecast({ ...base, tune: { batchSize: 16 }, most: 8, onForecaster }),
    /only 8 windows to tune on with a horizon of 12, fewer than a batch of 16; see --most/,
  );
  assert.deepEqual(seen, []);
});

test("a channel that rests while it is learned on has the scale 1, so that its waking is no error of a billion", async () => {
  const file = join(folder, "rest.csv");
  const resting = Array.from({ length: 500 }, (_, hour) => [hour * 3600, hour < 400 ? 0.1 : 0.3, hour % 24]);
  await writeFile(file, csvOf(["time", "load", "oil"], resting));
  const prepared = preparation(SeriesOptions.parse(run.modalityOptions), run.config.modality.files);
  const [track] = await withSeries(file, {}, (source) => tracksOf(source, prepared, 3600, 0.6));
  assert.equal(track?.std[0], 1);
  assert.ok(track!.scaled.values.every((value) => Math.abs(value) < 3));
});

test("what is stopped while it is tuned keeps what is finished, in time", async () => {
  const controller = new AbortController();
  const names: string[] = [];
  const [result] = await forecast({
    ...{ ...base, tune: { epochs: 1000, patience: 1000, batchSize: 16 }, most: 64, signal: controller.signal },
    onProgress: (stage) => {
      if (/tuned$/.test(stage)) controller.abort();
    },
    onForecaster: async ({ score, isPretrained }) => {
      if (isPretrained) names.push(score.name);
    },
  });
  assert.deepEqual(
    result?.scores.map(({ name }) => name),
    ["simmim, linear head", "untrained, linear head", "simmim, tuned"],
  );
  assert.deepEqual(names, ["simmim, linear head", "simmim, tuned"]);
});

test("a kept forecaster says the same when it is opened again, in the units of the data", async () => {
  assert.ok(kept);
  const file = join(folder, "kept.safetensors");
  await saveForecaster(file, kept);
  const again = await openForecaster(file);
  assert.deepEqual([again.horizon, again.score], [HORIZON, kept.score]);
  const [one] = await predictNext({ forecaster: kept, data, threads: 1 });
  const [other] = await predictNext({ forecaster: again, data, threads: 1 });
  assert.deepEqual(one, other);
  assert.deepEqual([one?.from, one?.channels, one?.step], [500, ["load", "oil"], 3600]);
  assert.deepEqual(
    one?.truth.map((row) => row.length),
    [0, 0],
  );
  // From an earlier step, what came is known: the forecast is nearer to it than the window's mean is.
  const [past] = await predictNext({ forecaster: again, data, at: 450, threads: 1 });
  assert.deepEqual(
    past?.truth[1]?.map(Math.fround),
    rows.slice(450, 450 + HORIZON).map((row) => Math.fround(row[2]!)),
  );
  past?.values.forEach((row, channel) => {
    const truth = past.truth[channel]!;
    const mean = past.past[channel]!.reduce((sum, value) => sum + value / WINDOW, 0);
    const error = (guess: (at: number) => number) =>
      truth.reduce((sum, value, at) => sum + (value - guess(at)) ** 2, 0);
    assert.ok(error((at) => row[at]!) < 0.5 * error(() => mean), `${past.channels[channel]}: ${row} for ${truth}`);
  });
  const svg = await forecastChart(past!);
  assert.match(svg, /^<svg/);
  for (const text of ["load", "oil", "past", "forecast", "what came"]) assert.ok(svg.includes(`>${text}<`), text);
  await assert.rejects(predictNext({ forecaster: again, data, at: 20 }), /needs 48 steps before it/);
  const bytes = await readFile(file);
  await writeFile(join(folder, "cut.safetensors"), bytes.subarray(0, bytes.length - 100));
  await assert.rejects(openForecaster(join(folder, "cut.safetensors")), /cut\.safetensors/);
  const weights = (await import("../../../../src/interop/safetensors.ts")).writeSafetensors;
  await weights(join(folder, "other.safetensors"), [["a", { dtype: "float32", shape: [1], data: Float32Array.of(1) }]]);
  await assert.rejects(openForecaster(join(folder, "other.safetensors")), /not a forecaster/);
});

test("of several series, those that cannot be read are named, and none at all is an error", async () => {
  assert.ok(kept);
  const several = join(folder, "several");
  await mkdir(several);
  await copyFile(data, join(several, "whole.csv"));
  await writeFile(join(several, "words.csv"), "time,load\n0,high\n3600,low\n");
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  const all = await predictNext({ forecaster: kept, data: several, threads: 1, onNote });
  assert.deepEqual(
    all.map(({ name }) => name),
    ["whole.csv"],
  );
  assert.match(notes.join("\n"), /^words\.csv: [^\n]+; skipped$/);
  await copyFile(join(several, "words.csv"), join(several, "whole.csv"));
  await assert.rejects(predictNext({ forecaster: kept, data: several, threads: 1 }), /no series can be read/);
});

test("on the command line: forecast --tune --out, then continue; what does not fit is one line", async () => {
  const at = (name: string) => join(folder, name);
  const ran = (...args: string[]) => {
    const { code, stdout, stderr } = autodidact("series", ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const table = ran(
    ...["forecast", run.path, data, "--horizon", "12", "--most", "64", "--threads", "1", "--tune", "--no-scratch"],
    ...["--epochs", "1", "--batch-size", "16", "--out", at("next.safetensors")],
  );
  assert.match(table, /12 +simmim, tuned +0\.\d{3}/);
  assert.match(table, /next\.safetensors: simmim, tuned\nnext: autodidact series continue/);
  assert.match(
    ran("continue", at("next.safetensors"), data, "--out", at("next.csv")),
    /next\.csv: 12 steps of one series/,
  );
  const lines = (await readFile(at("next.csv"), "utf8")).trim().split("\n");
  assert.deepEqual([lines.length, lines[0], lines[1]?.split(",")[1]], [13, "series,step,load,oil", "500"]);
  assert.match(await readFile(at("next.svg"), "utf8"), /^<svg/);
  ran("continue", at("next.safetensors"), data, "--out", at("then.json"), "--at", "450", "--no-picture");
  const [then] = JSON.parse(await readFile(at("then.json"), "utf8"));
  assert.deepEqual([then.from, then.truth[0].length], [450, 12]);
  for (const [args, message] of [
    [["forecast", run.path, data, "--epochs", "2"], /are of --tune; add it/],
    [["forecast", run.path, data, "--out", at("x.safetensors")], /the forecaster of one horizon/],
    [["forecast", run.path, data, "--horizon", "12", "--out", at("x.bin")], /must end in \.safetensors/],
    [["forecast", run.path, data, "--tune", "--learning-rate", "fast"], /--learning-rate fast: must be a number/],
    [["continue", at("next.safetensors"), data, "--out", at("x.txt")], /must end in \.csv or \.json/],
    [["continue", join(run.path, "config.json"), data, "--out", at("x.csv")], /config\.json/],
  ] as const) {
    const { code, stderr } = autodidact("series", ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stderr.trim(), /^[^\n]+$/);
  }
});
