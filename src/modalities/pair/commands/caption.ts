import { columnOption } from "../../../cli/data-options.ts";
import { columns, print, printJson, printSkipped } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import { describeLeftOut, type TableOptions, tableOptionsOf } from "../../../data/index.ts";
import { openRun } from "../../../training/run/run.ts";
import { captions } from "../captions.ts";

interface Flags extends TableOptions {
  readonly split?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Captions shown when they are not written to a file. */
const SHOWN = 50;

export const configure: Configure = (command) =>
  columnOption(
    command
      .argument("<run>", "run folder of a method that writes captions (virtex)")
      .argument("<data...>", "images, or pairs, whose own captions are shown beside"),
  )
    .option("--split <part>", "of pairs with a column split: only this part (train, validation, test)")
    .option("--out <file>", "write all captions, .csv or .parquet: columns path, caption")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact pair caption runs/captioner photos/ --out captions.csv\n  autodidact pair caption runs/captioner pairs.csv --split test",
    )
    .action(async (path: string, data: string[], { split, out, json, ...flags }: Flags) => {
      const run = await openRun(path);
      const line = stageLine();
      const result = await captions({
        ...{ run, data, split, out, ...tableOptionsOf(flags) },
        onProgress: (done, total) => line.update("captions", done, total),
      }).finally(line.end);
      if (json) return printJson(result);
      const { captions: written, broken, leftOut } = result;
      if (leftOut.length > 0) print(`left out: ${describeLeftOut(leftOut)}`);
      printSkipped(broken);
      if (out !== undefined) return print(`${out}: ${written.length} captions`);
      const rows = written
        .slice(0, SHOWN)
        .map(({ path: name, caption, given }) => [name, caption, ...(given === undefined ? [] : [given])]);
      const isOfPairs = written.some(({ given }) => given !== undefined);
      print(columns([["path", "caption", ...(isOfPairs ? ["given"] : [])], ...rows]));
      if (written.length > SHOWN) print(`… and ${written.length - SHOWN} more; --out writes them all`);
    });
