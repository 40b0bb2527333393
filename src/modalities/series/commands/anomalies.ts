import { columnOptions } from "../../../cli/data-options.ts";
import { wholeNumber } from "../../../cli/numbers.ts";
import { columns, complain, print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import { type TableOptions, tableOptionsOf } from "../../../data/source.ts";
import { UserError } from "../../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../../foundation/outputs.ts";
import { csv } from "../../../interop/csv.ts";
import { openRun } from "../../../training/run/run.ts";
import { type Anomalies, anomalies, anomalyScores, USUAL_LABELS } from "../anomalies/anomalies.ts";
import { anomaliesPage, intervalRow } from "../anomalies/page.ts";
import { tableFormatOf } from "./table-format.ts";

interface Flags extends TableOptions {
  readonly usual?: string;
  readonly score?: string;
  readonly stride?: string;
  readonly usualLabels: string;
  readonly top: string;
  readonly out?: string;
  readonly html?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  columnOptions(command.argument("<run>", "run folder").argument("<data...>", "series to look through, of any length"))
    .option("--usual <data>", "data in which all is as usual (default: what the run learned from)")
    .option(
      "--score <name>",
      "reconstruction: how badly the method predicts steps that are hidden from it (mae, simmim); distance: how far a window is from the nearest usual ones (default: the first, where the method can)",
    )
    .option("--stride <steps>", "steps from one window to the next (default: a quarter of the window)")
    .option(
      "--usual-labels <names>",
      "labels that are not anomalous, with commas; needs labels: a column, or the names of folders",
      USUAL_LABELS.join(","),
    )
    .option("--top <count>", "intervals to print", "10")
    .option("--out <file>", "write the score of every step: .csv or .json")
    .option("--html <file>", "write a page with each score drawn under its series")
    .option("--json", "print JSON: the intervals and the measures")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact series anomalies runs/machine today.csv --time timestamp --by machine --out scores.csv --html today.html",
    )
    .action(async (path: string, data: string[], flags: Flags) => {
      const score = anomalyScores.find((name) => name === flags.score);
      if (flags.score !== undefined && !score)
        throw new UserError(`--score ${flags.score}: must be ${anomalyScores.join(" or ")}`);
      const top = wholeNumber("top", flags.top);
      const stride = flags.stride === undefined ? undefined : wholeNumber("stride", flags.stride);
      const { out, html } = flags;
      const format = out === undefined ? undefined : tableFormatOf(out);
      for (const file of [out, html]) if (file !== undefined) await prepareOutput(file);
      const run = await openRun(path);
      const line = stageLine();
      const found = await anomalies({
        run,
        data,
        ...tableOptionsOf(flags),
        usualLabels: flags.usualLabels.split(",").map((name) => name.trim()),
        ...(flags.usual === undefined ? {} : { usual: flags.usual }),
        ...(score ? { scoredBy: score } : {}),
        ...(stride === undefined ? {} : { stride }),
        onProgress: line.update,
      }).finally(line.end);
      if (out !== undefined) await writeOutput(out, [format === ".csv" ? csv(scoreRows(found)) : scoresJson(found)]);
      if (html !== undefined) await writeOutput(html, [anomaliesPage(found, `${data.join(", ")}: unusual stretches`)]);
      for (const { name, reason } of found.broken) complain(`left out: ${name}: ${reason}`);
      if (flags.json) {
        const { scoredBy, threshold, intervals, measures, broken } = found;
        return printJson({ scoredBy, threshold, intervals, measures, broken });
      }
      show(found, top);
    });

function show({ scoredBy, threshold, series, intervals, measures }: Anomalies, top: number): void {
  const steps = series.reduce((sum, { scores }) => sum + scores.length, 0);
  print(
    `${steps.toLocaleString("en")} steps of ${series.length.toLocaleString("en")} series by ${scoredBy}; ${intervals.length.toLocaleString("en")} intervals above ${threshold.toPrecision(3)}, which one in a hundred usual steps exceeds`,
  );
  if (intervals.length > 0)
    print(`\n${columns([["series", "steps", "highest score"], ...intervals.slice(0, top).map(intervalRow)])}`);
  if (measures.length > 0)
    print(
      `\n${columns([["by", "AUROC", "average precision"], ...measures.map(({ name, auroc, averagePrecision }) => [name, auroc.toFixed(3), averagePrecision.toFixed(3)])])}`,
    );
}

const known = (score: number): number | undefined => (Number.isNaN(score) ? undefined : Number(score.toPrecision(6)));

const scoreRows = ({ series, threshold }: Anomalies): (string | number | undefined)[][] => [
  ["series", "step", "score", "above"],
  ...series.flatMap(({ name, scores }) =>
    Array.from(scores, (score, step) => [name, step, known(score), Number(score > threshold)]),
  ),
];

const scoresJson = ({ series, ...found }: Anomalies): string =>
  `${JSON.stringify({
    ...found,
    series: series.map(({ name, scores }) => ({ name, scores: Array.from(scores, (score) => known(score) ?? null) })),
  })}\n`;
