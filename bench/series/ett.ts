/*
 * Transformers' oil and loads (ETT, hourly): masked patches of the training months without a target, then forecasts of
 * all seven channels from a frozen and from a tuned encoder. Standard split: 12, 4 and 4 months; values of mean 0 and
 * deviation 1 in the training months.
 *
 *   node bench/series/ett.ts [set] [epochs] [seeds] [horizons, with commas] [--validation] [--frozen] [--picture]
 *
 * A line a set, seed and horizon in bench/results/ett.jsonl; what is there is not done again. `--validation` is for choosing
 * settings: it learns on 10 months, chooses on 2 and tests on the validation months, and writes nothing. `--frozen` leaves
 * out what is tuned. `--picture` keeps the first seed's forecaster and draws docs/images/ett.svg.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun, pretrain } from "../../src/index.ts";
import { forecastChart } from "../../src/modalities/series/forecast/chart.ts";
import { forecast } from "../../src/modalities/series/forecast/forecast.ts";
import { type Forecaster, predictNext } from "../../src/modalities/series/forecast/forecaster.ts";
import { benchArguments } from "../arguments.ts";
import { addLine, linesOf, root } from "../methods/shared.ts";
import { DATA, machine, meanOf } from "./machine.ts";

const usage = "node bench/series/ett.ts [set] [epochs] [seeds] [horizons] [--validation] [--frozen] [--picture]";
const { words, has } = benchArguments(usage, ["validation", "frozen", "picture"]);
const [set = "ETTh1", epochs = "16", seeds = "3", horizons = "96"] = words;
/** Hours of 12, 4 and 4 months of 30 days. */
const MONTHS = [8640, 11_520, 14_400] as const;
const SPLIT = has("validation") ? ([7200, 8640, 11_520] as const) : MONTHS;
/** Two weeks; every fourth hour one begins. */
const [WINDOW, HOP] = [336, 4];
/** Settings that the validation months chose. */
const encoderOptions = { patchLength: 24 };
const training = { batchSize: 16, epochs: Number(epochs), threads: 1, workers: 0 };
const tuning = { epochs: 6, patience: 2, learningRate: 3e-4, batchSize: 32 };
/** Windows that heads are fitted to, and that an epoch of tuning draws. */
const MOST = 2000;

const results = `${root}/bench/results/ett.jsonl`;
const data = join(DATA, "ett", `${set}.csv`);

interface Row {
  readonly set: string;
  readonly seed: number;
  readonly horizon: number;
  readonly by: string;
  readonly mse: number;
  readonly mae: number;
  readonly epochs: number;
  readonly steps: number;
  readonly pretrainSeconds: number;
  readonly windows: readonly [number, number];
  readonly machine: string;
}

const before = has("validation")
  ? []
  : (await linesOf<Row>(results)).filter((row) => row.set === set && row.epochs === Number(epochs));
const rows: Row[] = [...before];
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
try {
  const lines = (await readFile(data, "utf8")).trim().split("\n");
  const train = join(folder, "train.csv");
  await writeFile(train, `${lines.slice(0, 1 + MONTHS[0]).join("\n")}\n`);
  for (let seed = 0; seed < Number(seeds); seed++) {
    const missing = horizons
      .split(",")
      .map(Number)
      .filter((horizon) => !before.some((row) => row.seed === seed && row.horizon === horizon));
    const draws = seed === 0 && has("picture");
    if (missing.length === 0 && !draws) continue;
    const out = join(folder, `run-${seed}`);
    const from = performance.now();
    await pretrain({
      ...{ data: train, time: "date", out, modality: "series", method: "simmim", preset: "small-patchtst" },
      ...{ modalityOptions: { window: WINDOW, hop: HOP }, encoderOptions, training: { ...training, seed } },
    });
    const pretrainSeconds = Math.round((performance.now() - from) / 1000);
    const run = await openRun(out);
    let last: Forecaster | undefined;
    for (const horizon of missing.length > 0 ? missing : [Number(horizons.split(",")[0])]) {
      const [result] = await forecast({
        ...{ run, data, time: "date", horizons: [horizon], split: SPLIT, most: MOST, seed, threads: 1 },
        ...(has("frozen") ? {} : { tune: tuning }),
        onForecaster: async (forecaster) => {
          if (forecaster.isPretrained) last = forecaster;
        },
      });
      for (const { name, mse, mae } of result?.scores ?? []) {
        const row: Row = {
          ...{ set, seed, horizon, by: name, mse, mae, epochs: Number(epochs), steps: run.step, pretrainSeconds },
          ...{ windows: result!.windows, machine: machine() },
        };
        console.log(`${set}, seed ${seed}, ${horizon} h, ${name}: MSE ${mse.toFixed(4)}, MAE ${mae.toFixed(4)}`);
        if (missing.length === 0) continue;
        rows.push(row);
        if (!has("validation")) await addLine(results, row);
      }
    }
    if (draws && last) {
      // The tenth day of the test months.
      const [next] = await predictNext({ forecaster: last, data, time: "date", at: MONTHS[1] + 240, threads: 1 });
      const title = `${set}: ${last.horizon} hours of the test months, by ${last.score.name}`;
      await writeFile(`${root}/docs/images/ett.svg`, await forecastChart(next!, { most: 4, title }));
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const of = (key: "horizon" | "by") => [...new Set(rows.map((row) => row[key]))];
console.log(`\n${set}, ${epochs} epochs of pretraining, windows of ${WINDOW} hours, ${seeds} seeds; ${machine()}`);
console.log("hours | by | MSE | MAE");
for (const horizon of of("horizon"))
  for (const by of of("by")) {
    const some = rows.filter((row) => row.horizon === horizon && row.by === by);
    if (some.length === 0) continue;
    const cells = (["mse", "mae"] as const).map((key) =>
      meanOf(
        some.map((row) => row[key]),
        3,
      ),
    );
    console.log([horizon, by, ...cells].join(" | "));
  }
