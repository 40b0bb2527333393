import { join } from "node:path";
import { Command } from "commander";
import { look, openRun, writeAtomically } from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { print, printJson } from "./output.ts";

interface Given {
  readonly out?: string;
  readonly data?: string;
  readonly samples: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const lookCommand = (): Command =>
  new Command("look")
    .description("draw what a run has learned: reconstructions, views, neighbours, attention, prototypes: what fits")
    .argument("<run>", "run folder")
    .option("--out <file>", "PNG to write (default: look.png in the run folder)")
    .option("--data <data>", "what to look at; the run's own data by default")
    .option("--samples <count>", "how many samples to show", "8")
    .option("--seed <seed>", "of masks and views", "0")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact look runs/photos --out sheet.png")
    .action(async (path: string, { out = join(path, "look.png"), data, samples, seed, json }: Given) => {
      const run = await openRun(path);
      const options = { run, data, samples: wholeNumber("samples", samples), seed: wholeNumber("seed", seed, 0) };
      const { png, columns, rows } = await look(options);
      await writeAtomically(out, [png]);
      if (json) return printJson({ file: out, columns, rows });
      print(`${out}: ${rows} rows; ${columns.join(", ")}`);
    });
