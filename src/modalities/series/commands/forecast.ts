import { columnOption } from "../../../cli/data-options.ts";
import { wholeNumber, wholeNumbers } from "../../../cli/numbers.ts";
import { columns, print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import type { TableOptions } from "../../../data/source.ts";
import { tableOptionsOf } from "../../../data/source.ts";
import { UserError } from "../../../foundation/errors.ts";
import { openRun } from "../../../training/run/run.ts";
import { forecast } from "../forecast/forecast.ts";

interface Flags extends TableOptions {
  readonly horizon: string;
  readonly split?: string;
  readonly season?: string;
  readonly most: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command.argument("<run>", "run folder").argument("<data>", "series that are longer than the run's window"),
  )
    .option("--horizon <steps>", "steps ahead, one experiment for each, separated by commas", "24,96")
    .option(
      "--split <ends>",
      "where the parts to learn, to choose and to test on end: three steps, or shares of each series (default: 0.6,0.8,1)",
    )
    .option("--season <steps>", "steps until the same time comes again (default: a day, if times are dates)")
    .option("--most <count>", "most windows to learn on", "4000")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact series forecast runs/ett ETTh1.csv --horizon 24,96 --split 8640,11520,14400",
    )
    .action(async (path: string, data: string, { json, ...flags }: Flags) => {
      const split = flags.split === undefined ? undefined : splitOf(flags.split);
      const horizons = wholeNumbers("horizon", flags.horizon);
      const most = wholeNumber("most", flags.most);
      const run = await openRun(path);
      if (run.modality.name !== "series")
        throw new UserError(`${path}: a run on ${run.modality.name}; forecasts need series`);
      const line = stageLine();
      const results = await forecast({
        ...{ run, data, horizons, most, ...tableOptionsOf(flags) },
        ...(split ? { split } : {}),
        ...(flags.season === undefined ? {} : { season: wholeNumber("season", flags.season) }),
        onProgress: line.update,
      }).finally(line.end);
      if (json) return printJson(results);
      const rows = results.flatMap(({ horizon, scores }) =>
        scores.map(({ name, mse, mae }) => [`${horizon}`, name, mse.toFixed(3), mae.toFixed(3)]),
      );
      print(columns([["steps", "by", "MSE", "MAE"], ...rows]));
      const [
        {
          windows: [learned, tested],
        } = { windows: [0, 0] },
      ] = results;
      print(
        `\nLearned on ${learned.toLocaleString("en")} windows, tested on ${tested.toLocaleString("en")}; values of mean 0 and deviation 1 in the part that is learned on.`,
      );
    });

/** @throws UserError when they are not three ascending numbers */
function splitOf(text: string): [number, number, number] {
  const [first = Number.NaN, second = Number.NaN, third = Number.NaN, ...others] = text.split(",").map(Number);
  if (!(0 < first && first < second && second < third) || others.length > 0)
    throw new UserError(
      `--split ${text}: must be three ascending numbers with commas between: steps, or shares up to 1`,
    );
  return [first, second, third];
}
