import { openRun, quantizeRun, shippedTable, UserError } from "../../index.ts";
import { type LabelsGiven, labelledPair, labelOptions } from "../labelled-pair.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given extends LabelsGiven {
  readonly out: string;
  readonly static?: boolean;
  readonly calibrate?: string;
  readonly samples?: string;
  readonly percentile?: string;
  readonly fullRange?: boolean;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  labelOptions(
    command
      .argument("<run>", "run folder")
      .requiredOption("--out <folder>", "folder to write")
      .option("--static", "fix the scales of activations beforehand; faster for convolutions")
      .option("--calibrate <data>", "what --static takes them from; the data of the run by default")
      .option("--samples <count>", "how many of these (default: 256)")
      .option("--percentile <per cent>", "share of an activation's values that its scale spans (default: 100)")
      .option(
        "--full-range",
        "weights of 8 bits in products, not 7: only right on processors with VNNI or dot products",
      ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact quantize runs/photos --out models/photos\n  autodidact quantize runs/photos --out models/photos --static --train labelled/train --test labelled/test",
    )
    .action(async (path: string, given: Given) => {
      for (const option of ["calibrate", "samples", "percentile"] as const)
        if (!given.static && given[option] !== undefined) throw new UserError(`--${option} is for --static; add it`);
      const percentile = Number(given.percentile ?? 100);
      if (!(percentile > 50 && percentile <= 100))
        throw new UserError(`--percentile ${given.percentile}: must be above 50 and at most 100`);
      const run = await openRun(path);
      const line = stageLine();
      const { files, models } = await quantizeRun({
        run,
        out: given.out,
        fullRange: given.fullRange,
        labels: labelledPair(given),
        onProgress: line.update,
        ...(given.static
          ? {
              calibration: {
                data: given.calibrate,
                column: given.column,
                samples: wholeNumber("samples", given.samples ?? "256"),
                percentile,
              },
            }
          : {}),
      }).finally(line.end);
      if (given.json) return printJson({ folder: given.out, files, models });
      print(shippedTable(models));
      print(`\n${given.out}: ${files.join(", ")}`);
    });
