import { columnOption } from "../../../cli/data-options.ts";
import { wholeNumber } from "../../../cli/numbers.ts";
import { complain, print, printJson } from "../../../cli/output.ts";
import type { Configure } from "../../../cli/table.ts";
import { type TableOptions, tableOptionsOf } from "../../../data/source.ts";
import { prepareOutput, writeOutput } from "../../../foundation/outputs.ts";
import { csv } from "../../../interop/csv.ts";
import { forecastChart } from "../forecast/chart.ts";
import { openForecaster, type Prediction, predictNext } from "../forecast/forecaster.ts";
import { tableFormatOf } from "./table-format.ts";

interface Flags extends TableOptions {
  readonly out: string;
  readonly at?: string;
  readonly picture: boolean;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command
      .argument("<forecaster>", "file written by series forecast --out")
      .argument("<data...>", "series that are at least as long as the encoder's window"),
  )
    .requiredOption("--out <file>", "table to write: .csv, or .json with the window and what came")
    .option("--at <step>", "forecast from this step on, as if the data ended there (default: after the last)")
    .option("--no-picture", "write no .svg beside the table")
    .option("--json", "print as JSON what was written, and by what")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact series continue models/next-four-days.safetensors ETTh1.csv --out next.csv",
    )
    .action(async (path: string, data: string[], flags: Flags) => {
      const { out, picture } = flags;
      const format = tableFormatOf(out);
      const drawing = `${out.slice(0, -format.length)}.svg`;
      await prepareOutput(out);
      if (picture) await prepareOutput(drawing);
      const at = flags.at === undefined ? undefined : wholeNumber("at", flags.at);
      const forecaster = await openForecaster(path);
      const all = await predictNext({
        forecaster,
        data,
        ...tableOptionsOf(flags),
        ...(at === undefined ? {} : { at }),
        onNote: complain,
      });
      await writeOutput(out, [format === ".csv" ? tableOf(all) : `${JSON.stringify(all, absent, 2)}\n`]);
      const [first] = all;
      if (picture && first) await writeOutput(drawing, [await forecastChart(first)]);
      const { horizon, score } = forecaster;
      const drawn = picture && first ? drawing : undefined;
      if (flags.json) return printJson({ out, picture: drawn, horizon, series: all.length, by: score });
      print(
        `${out}: ${horizon} steps of ${all.length === 1 ? "one series" : `${all.length.toLocaleString("en")} series`}, by ${score.name} (MSE ${score.mse.toFixed(3)} when it was tested)${drawn === undefined ? "" : `\n${drawn}: ${all.length === 1 ? "the same" : first?.name} as a picture`}`,
      );
    });

/** JSON has no NaN. */
const absent = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? null : value;

/** A row for each step: series, step from its beginning, the channels' values. */
function tableOf(all: readonly Prediction[]): string {
  const channels = all[0]?.channels ?? [];
  const rows = all.flatMap(({ name, from, values }) =>
    (values[0] ?? []).map((_, ahead) => [
      name,
      from + ahead,
      ...values.map((row) => Number(row[ahead]!.toPrecision(7))),
    ]),
  );
  return csv([["series", "step", ...channels], ...rows]);
}
