import { describeLeftOut, openRun, predict, type TableOptions, tableOptionsOf } from "../../index.ts";
import { columnOption, DATA } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson, printSkipped } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends TableOptions {
  readonly out: string;
  readonly top: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command.argument("<run>", "run folder of a fine-tuned model").argument("<data...>", `data to predict: ${DATA}`),
  )
    .requiredOption(
      "--out <file>",
      "file to write, .csv or .parquet: columns path, prediction and probability, or path and value",
    )
    .option("--top <count>", "number of most likely classes per sample", "1")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact predict runs/photos-tuned photos/ --out predictions.csv --top 3\n  autodidact predict runs/reviews-tuned reviews.csv --column body --out predictions.parquet",
    )
    .action(async (path: string, data: string[], flags: Flags) => {
      const top = wholeNumber("top", flags.top);
      const line = stageLine();
      const run = await openRun(path);
      const { out } = flags;
      const onProgress = (done: number, total: number) => line.update("predicting", done, total);
      const result = await predict({ run, data, out, top, ...tableOptionsOf(flags), onProgress }).finally(line.end);
      if (flags.json) return printJson(result);
      if (result.leftOut.length > 0) print(`left out: ${describeLeftOut(result.leftOut)}`);
      printSkipped(result.broken);
      print(`${out}: ${result.rows} predictions (${result.task}), ${result.broken.length} broken entries skipped`);
    });
