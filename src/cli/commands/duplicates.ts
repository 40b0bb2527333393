import { join } from "node:path";
import { duplicates, openRun, UserError } from "../../index.ts";
import { labelsOptions } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { columns, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given {
  readonly threshold: string;
  readonly neighbours: string;
  readonly outliers: string;
  readonly labels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Groups and outliers that the terminal shows; the file has them all. */
const SHOWN = 5;

export const configure: Configure = (command) =>
  labelsOptions(
    command.argument("<run>", "run folder").argument("<data>", "where to look: a folder, an archive, a file"),
  )
    .option("--threshold <cosine>", "cosine from which two samples are near-duplicates, above 0 and up to 1", "0.98")
    .option("--neighbours <n>", "outliers are those far from their n-th nearest neighbour", "10")
    .option("--outliers <count>", "how many outliers to list", "20")
    .option(
      "--out <file>",
      "CSV to write; beside it a sheet of what the samples look like, a .png (default: duplicates.csv in the run folder)",
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact duplicates runs/photos photos/ --threshold 0.98 --out duplicates.csv",
    )
    .action(async (path: string, data: string, { json, out = join(path, "duplicates.csv"), ...given }: Given) => {
      const threshold = Number(given.threshold);
      if (!(threshold > 0 && threshold <= 1))
        throw new UserError(`--threshold ${given.threshold}: must be a number above 0 and up to 1`);
      const options = {
        ...given,
        threshold,
        neighbours: wholeNumber("neighbours", given.neighbours),
        outliers: wholeNumber("outliers", given.outliers, 0),
      };
      const run = await openRun(path);
      const line = stageLine();
      const result = await duplicates({ run, data, out, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      const { groups, outliers, mixed, meanCosine, median, neighbours } = result;
      const inGroups = groups.reduce((sum, group) => sum + group.length, 0);
      print(
        `${groups.length} groups of near-duplicates (cosine ${threshold} or more; two samples have ${meanCosine.toFixed(3)} on average), ${inGroups} samples in them${mixed > 0 ? `; ${mixed} groups hold more than one class` : ""}`,
      );
      for (const group of groups.slice(0, SHOWN)) {
        const names = group.slice(0, 3).map((member) => member.path);
        print(`  ${group.length}: ${names.join(", ")}${group.length > names.length ? " …" : ""}`);
      }
      if (2 * inGroups > result.data.entries)
        print("  More than half of the data: at this threshold the encoder separates them too little; raise it.");
      print(`\nfarthest from their ${neighbours} nearest neighbours (median ${median.toFixed(4)}):`);
      print(columns(outliers.slice(0, SHOWN).map((outlier) => [`  ${outlier.distance.toFixed(4)}`, outlier.path])));
      print(`\n${result.data.broken} broken entries left out; written: ${result.files.join(", ")}`);
    });
