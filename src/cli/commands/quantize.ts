import { openRun, quantizeRun, shippedTable, tableOptionsOf, UserError } from "../../index.ts";
import { pathsOf } from "../data-options.ts";
import { type LabelFlags, labelledPair, labelOptions } from "../labelled-pair.ts";
import { wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends LabelFlags {
  readonly out: string;
  readonly static?: boolean;
  readonly calibrate?: string[];
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
      .option("--static", "static quantization: activation scales are calibrated beforehand; faster for convolutions")
      .option("--calibrate <data...>", "calibration data for --static (default: the data of the run)")
      .option("--samples <count>", "calibration samples (default: 256)")
      .option("--percentile <per cent>", "share of an activation's values within its scale's range (default: 100)")
      .option(
        "--full-range",
        "use 8-bit weights instead of 7-bit: correct only on processors with VNNI or dot-product instructions",
      ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact quantize runs/photos --out models/photos\n  autodidact quantize runs/photos --out models/photos --static --train labelled/train --test labelled/test",
    )
    .action(async (path: string, flags: Flags) => {
      for (const option of ["calibrate", "samples", "percentile"] as const)
        if (!flags.static && flags[option] !== undefined) throw new UserError(`--${option} needs --static`);
      const percentile = Number(flags.percentile ?? 100);
      if (!(percentile > 50 && percentile <= 100))
        throw new UserError(`--percentile ${flags.percentile}: must be above 50 and at most 100`);
      const run = await openRun(path);
      const line = stageLine();
      const { files, models } = await quantizeRun({
        run,
        out: flags.out,
        fullRange: flags.fullRange,
        labels: labelledPair(flags),
        onProgress: line.update,
        ...(flags.static
          ? {
              calibration: {
                data: pathsOf(flags.calibrate),
                ...tableOptionsOf(flags),
                samples: wholeNumber("samples", flags.samples ?? "256"),
                percentile,
              },
            }
          : {}),
      }).finally(line.end);
      if (flags.json) return printJson({ folder: flags.out, files, models });
      print(shippedTable(models));
      print(`\n${flags.out}: ${files.join(", ")}`);
    });
