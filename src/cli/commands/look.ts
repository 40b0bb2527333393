import { join } from "node:path";
import { look, openRun, prepareOutput, type TableOptions, tableOptionsOf, writeOutput } from "../../index.ts";
import { columnOption, pathsOf } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

interface Flags extends TableOptions {
  readonly out?: string;
  readonly samples: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOption(
    command
      .argument("<run>", "run folder")
      .argument("[data...]", "data to draw samples from (default: the data of the run)"),
  )
    .option("--out <file>", "PNG to write (default: look.png in the run folder)")
    .option("--samples <count>", "number of samples to show", "8")
    .option("--seed <seed>", "seed of the masks and views", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact look runs/photos --out sheet.png\n  autodidact look runs/photos others/",
    )
    .action(
      async (path: string, data: string[], { out = join(path, "look.png"), samples, seed, json, ...table }: Flags) => {
        const run = await openRun(path);
        const numbers = { samples: wholeNumber("samples", samples), seed: wholeNumber("seed", seed, 0) };
        const options = { run, data: pathsOf(data), ...numbers, ...tableOptionsOf(table) };
        await prepareOutput(out);
        const { png, columns, rows } = await look(options);
        await writeOutput(out, [png]);
        if (json) return printJson({ file: out, columns, rows });
        print(`${out}: ${rows} rows; ${columns.join(", ")}`);
      },
    );
