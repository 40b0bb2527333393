import { join } from "node:path";
import { duplicates, type OpenOptions, UserError } from "../../index.ts";
import { DATA, labelsOptions } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { columns, print, printable, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends OpenOptions {
  readonly threshold: string;
  readonly neighbours: string;
  readonly outliers: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Groups and outliers shown in the terminal; the file has all of them. */
const SHOWN = 5;

export const configure: Configure = (command) =>
  labelsOptions(command.argument("<run>", RUN).argument("<data...>", `data to search: ${DATA}`))
    .option(
      "--threshold <cosine>",
      "cosine similarity from which two samples are near-duplicates, above 0 and up to 1",
      "0.98",
    )
    .option("--neighbours <n>", "outliers are the samples farthest from their n-th nearest neighbour", "10")
    .option("--outliers <count>", "how many outliers to list", "20")
    .option(
      "--out <file>",
      "CSV to write, with a .png sheet of the samples next to it (default: duplicates.csv in the run folder)",
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact duplicates runs/photos photos/ --threshold 0.98 --out duplicates.csv",
    )
    .action(async (path: string, data: string[], { json, out = join(path, "duplicates.csv"), ...flags }: Flags) => {
      const threshold = Number(flags.threshold);
      if (!(threshold > 0 && threshold <= 1))
        throw new UserError(`--threshold ${flags.threshold}: must be a number above 0 and up to 1`);
      const options = {
        ...flags,
        threshold,
        neighbours: wholeNumber("neighbours", flags.neighbours),
        outliers: wholeNumber("outliers", flags.outliers, 0),
      };
      const run = await openedRun(path);
      const line = stageLine();
      const result = await duplicates({ run, data, out, ...options, onProgress: line.update }).finally(line.end);
      if (json) return printJson(result);
      const { groups, outliers, mixed, meanCosine, median, neighbours } = result;
      const inGroups = groups.reduce((sum, group) => sum + group.length, 0);
      print(
        `${groups.length} groups of near-duplicates (cosine ${threshold} or more; the mean over all pairs is ${meanCosine.toFixed(3)}), ${inGroups} samples in them${mixed > 0 ? `; ${mixed} groups contain more than one class` : ""}`,
      );
      for (const group of groups.slice(0, SHOWN)) {
        const names = group.slice(0, 3).map((member) => printable(member.path));
        print(`  ${group.length}: ${names.join(", ")}${group.length > names.length ? " …" : ""}`);
      }
      if (2 * inGroups > result.data.entries)
        print(
          "  That is more than half of the data: the encoder does not separate samples at this threshold; raise it.",
        );
      print(`\nfarthest from their ${neighbours} nearest neighbours (median ${median.toFixed(4)}):`);
      print(columns(outliers.slice(0, SHOWN).map((outlier) => [`  ${outlier.distance.toFixed(4)}`, outlier.path])));
      print(`\n${result.data.broken} broken entries left out; written: ${result.files.join(", ")}`);
    });
