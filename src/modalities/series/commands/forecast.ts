import type { Command } from "commander";
import { columnOption } from "../../../cli/data-options.ts";
import { abortOnInterrupt, Interrupted } from "../../../cli/interrupt.ts";
import { wholeNumber, wholeNumbers } from "../../../cli/numbers.ts";
import { columns, complain, print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import type { TableOptions } from "../../../data/source.ts";
import { tableOptionsOf } from "../../../data/source.ts";
import { UserError } from "../../../foundation/errors.ts";
import { prepareOutput } from "../../../foundation/outputs.ts";
import { openRun } from "../../../training/run/run.ts";
import { type Forecast, type ForecastOptions, forecast } from "../forecast/forecast.ts";
import { saveForecaster } from "../forecast/forecaster.ts";
import { tuneDefaults } from "../forecast/tune.ts";

interface Flags extends TableOptions {
  readonly horizon: string;
  readonly split?: string;
  readonly season?: string;
  readonly most: string;
  readonly tune?: boolean;
  readonly scratch: boolean;
  readonly epochs?: string;
  readonly patience?: string;
  readonly learningRate?: string;
  readonly batchSize?: string;
  readonly seed: string;
  readonly threads?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command.argument("<run>", "run folder").argument("<data...>", "series that are longer than the run's window"),
  )
    .option("--horizon <steps>", "steps ahead, one experiment for each, separated by commas", "24,96")
    .option(
      "--split <ends>",
      "where the parts to learn, to choose and to test on end: three steps, or shares of each series (default: 0.6,0.8,1)",
    )
    .option("--season <steps>", "steps until the same time comes again (default: a day, if times are dates)")
    .option("--most <count>", "most windows that heads are fitted to, and that an epoch of --tune draws", "4000")
    .option("--tune", "also train the whole encoder, from the head on frozen features on")
    .option("--no-scratch", "with --tune: leave out the same from random weights")
    .option("--epochs <count>", `most epochs of --tune (default: ${tuneDefaults.epochs})`)
    .option("--patience <epochs>", `epochs without improvement before --tune stops (default: ${tuneDefaults.patience})`)
    .option("--learning-rate <rate>", `peak learning rate of --tune (default: ${tuneDefaults.learningRate})`)
    .option("--batch-size <count>", `windows of a step of --tune (default: ${tuneDefaults.batchSize})`)
    .option("--seed <number>", "of random weights and the order of windows", "0")
    .option("--threads <count>", "threads within an operator (default: all cores)")
    .option("--out <file>", "keep the best forecaster of one horizon, a .safetensors file for `series continue`")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Examples:
  autodidact series forecast runs/ett ETTh1.csv --horizon 24,96 --split 8640,11520,14400
  autodidact series forecast runs/ett ETTh1.csv --horizon 96 --tune --out models/next-four-days.safetensors
  autodidact series continue models/next-four-days.safetensors ETTh1.csv --out next.csv`,
    )
    .action((path: string, data: string[], flags: Flags) => act(path, data, flags, command));

async function act(path: string, data: string[], flags: Flags, command: Command): Promise<void> {
  const { json, out } = flags;
  const horizons = wholeNumbers("horizon", flags.horizon);
  const tuning = tuningOf(flags);
  if (!flags.tune) {
    if (Object.keys(tuning).length > 0)
      throw new UserError("--epochs, --patience, --learning-rate and --batch-size are of --tune; add it");
    if (command.getOptionValueSource("scratch") === "cli") throw new UserError("--no-scratch is of --tune; add it");
  }
  if (out !== undefined) {
    if (horizons.length > 1) throw new UserError("--out keeps the forecaster of one horizon; name one: --horizon 96");
    if (!out.endsWith(".safetensors")) throw new UserError(`--out ${out}: must end in .safetensors`);
    await prepareOutput(out);
  }
  const choices: Omit<ForecastOptions, "run" | "data"> = {
    ...{ horizons, most: wholeNumber("most", flags.most), seed: wholeNumber("seed", flags.seed, 0) },
    ...tableOptionsOf(flags),
    ...(flags.split === undefined ? {} : { split: splitOf(flags.split) }),
    ...(flags.season === undefined ? {} : { season: wholeNumber("season", flags.season) }),
    ...(flags.threads === undefined ? {} : { threads: wholeNumber("threads", flags.threads) }),
    ...(flags.tune ? { tune: tuning, scratch: flags.scratch } : {}),
  };
  const run = await openRun(path);
  if (run.modality.name !== "series")
    throw new UserError(`${path}: a run on ${run.modality.name}; forecasts need series`);
  const line = stageLine();
  const interrupt = abortOnInterrupt(() => line.update("stopping; Ctrl-C again quits at once", 0, 1));
  let kept: string | undefined;
  const results = await forecast({
    ...{ run, data, ...choices, signal: interrupt.signal },
    onNote: complain,
    onProgress: (stage, done, total) => line.update(stage, done, total, isSteps(stage) ? "steps" : "windows"),
    ...(out === undefined
      ? {}
      : {
          async onForecaster(forecaster) {
            // The last one of the run's own encoder: tuned, if it was.
            if (!forecaster.isPretrained) return;
            await saveForecaster(out, forecaster);
            kept = forecaster.score.name;
          },
        }),
  }).finally(() => {
    line.end();
    interrupt.release();
  });
  if (json) printJson(results);
  else print(tableOf(results));
  if (kept !== undefined && !json)
    print(`\n${out}: ${kept}\nnext: autodidact series continue ${out} ${data.join(" ")} --out next.csv`);
  if (interrupt.signal.aborted)
    throw new Interrupted(
      `stopped; ${kept === undefined ? "the rows above are finished" : `the rows above are finished, and ${out} is kept`}`,
    );
}

/** Stages of training count steps, all others windows. */
const isSteps = (stage: string): boolean => /(tuned|from scratch)$/.test(stage);

function tableOf(results: readonly Forecast[]): string {
  const rows = results.flatMap(({ horizon, scores }) =>
    scores.map(({ name, mse, mae }) => [`${horizon}`, name, mse.toFixed(3), mae.toFixed(3)]),
  );
  const [learned, tested] = results[0]?.windows ?? [0, 0];
  const note = `Learned on ${learned.toLocaleString("en")} windows, tested on ${tested.toLocaleString("en")}; values of mean 0 and deviation 1 in the part that is learned on.`;
  return `${columns([["steps", "by", "MSE", "MAE"], ...rows])}\n\n${note}`;
}

function tuningOf({ epochs, patience, learningRate, batchSize }: Flags) {
  const rate = learningRate === undefined ? undefined : Number(learningRate);
  if (rate !== undefined && !(rate > 0 && rate <= 1))
    throw new UserError(`--learning-rate ${learningRate}: must be a number above 0 and up to 1`);
  return {
    ...(epochs === undefined ? {} : { epochs: wholeNumber("epochs", epochs) }),
    ...(patience === undefined ? {} : { patience: wholeNumber("patience", patience) }),
    ...(rate === undefined ? {} : { learningRate: rate }),
    ...(batchSize === undefined ? {} : { batchSize: wholeNumber("batch-size", batchSize) }),
  };
}

/** @throws UserError when they are not three ascending numbers */
function splitOf(text: string): [number, number, number] {
  const [first = Number.NaN, second = Number.NaN, third = Number.NaN, ...others] = text.split(",").map(Number);
  if (!(0 < first && first < second && second < third) || others.length > 0)
    throw new UserError(
      `--split ${text}: must be three ascending numbers with commas between: steps, or shares up to 1`,
    );
  return [first, second, third];
}
