import {
  type Classification,
  classificationTable,
  classify,
  describeLeftOut,
  type OpenOptions,
  openRun,
  tableOptionsOf,
} from "../../index.ts";
import { labelsOptions } from "../data-options.ts";
import { wholeNumber } from "../numbers.ts";
import { columns, print, printJson, printSkipped } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends OpenOptions {
  readonly classes?: string;
  readonly template?: string[];
  readonly prompts?: string;
  readonly split?: string;
  readonly out?: string;
  readonly top: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  labelsOptions(
    command
      .argument("<run>", "run folder of a method that places images and texts into one space (clip, siglip)")
      .argument("<data...>", "data to classify: images, or pairs, whose texts are left aside"),
  )
    .option(
      "--classes <names>",
      "names of the classes, separated by commas (default: those of --prompts, or of the data's labels)",
    )
    .option(
      "--template <texts...>",
      'sentences with {} for the name of a class, which are averaged: "a drawing of a {}"',
    )
    .option("--prompts <file>", 'JSON with other words for classes: {"cat": ["a cat", "a kitten"], …}')
    .option("--split <part>", "of data with a column split: only this part (train, validation, test)")
    .option("--out <file>", "also write all predictions, .csv or .parquet: columns path, prediction, probability")
    .option("--top <count>", "number of most likely classes per sample", "1")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact classify runs/clip photos/ --classes "cat,dog,a red car" --template "a drawing of {}"\n  autodidact classify runs/clip pairs.csv --label-column group --split test --prompts prompts.json   # with its accuracy',
    )
    .action(async (path: string, data: string[], flags: Flags) => {
      const { out, template: templates, prompts, split, labels } = flags;
      const top = wholeNumber("top", flags.top);
      const classes = flags.classes?.split(",").map((name) => name.trim());
      const run = await openRun(path);
      const line = stageLine();
      const options = { run, data, out, top, classes, templates, prompts, split, labels, ...tableOptionsOf(flags) };
      const result = await classify({ ...options, onProgress: line.update }).finally(line.end);
      if (flags.json) return printJson(result);
      report(result, out);
    });

/** Predictions shown when they are not written to a file. */
const SHOWN = 50;

function report(result: Classification, out: string | undefined): void {
  const { predictions, broken, leftOut } = result;
  if (leftOut.length > 0) print(`left out: ${describeLeftOut(leftOut)}`);
  printSkipped(broken);
  if (out === undefined) {
    const rows = predictions
      .slice(0, SHOWN)
      .map(({ path, prediction, probability, top, label }) => [
        path,
        ...(top ?? [{ prediction, probability }]).flatMap((one) => [one.prediction, one.probability.toFixed(3)]),
        ...(label === undefined ? [] : [`label: ${label}`]),
      ]);
    print(columns([["path", "prediction", "probability"], ...rows]));
    if (predictions.length > SHOWN) print(`… and ${predictions.length - SHOWN} more; --out writes them all`);
  }
  print(`${out === undefined ? "\n" : ""}${classificationTable(result)}`);
  if (out !== undefined) print(`\n${out}: ${predictions.length} predictions`);
}
