import { describeLeftOut, embed, type OpenOptions } from "../../index.ts";
import { DATA, labelsOptions } from "../data-options.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { print, printJson, printSkipped } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends OpenOptions {
  readonly out: string;
  readonly shard?: string;
  readonly side?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  labelsOptions(command.argument("<run>", RUN).argument("<data...>", `data to embed: ${DATA}`))
    .requiredOption("--out <file>", "Parquet file to write: columns path, label (if any), embedding")
    .option("--shard <i/n>", "only every n-th sample, starting at the i-th, to divide the work among n processes")
    .option("--side <name>", "for runs on pairs: embed this side alone, in the space that both sides share")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact embed runs/photos photos/ --out photos.parquet\n  autodidact embed runs/books reviews.csv --column body --out reviews.parquet\n  autodidact embed runs/clip pairs.csv --side image --out images.parquet   # to be searched by words",
    )
    .action(async (path: string, data: string[], { json, ...flags }: Flags) => {
      const line = stageLine();
      const run = await openedRun(path);
      const onProgress = (done: number, total: number) => line.update("embedding", done, total);
      const result = await embed({ run, data, ...flags, onProgress }).finally(line.end);
      if (json) return printJson(result);
      if (result.leftOut.length > 0) print(`left out: ${describeLeftOut(result.leftOut)}`);
      printSkipped(result.broken);
      print(
        `${flags.out}: ${result.rows} vectors of ${result.dim} dimensions, ${result.broken.length} broken entries skipped`,
      );
    });
