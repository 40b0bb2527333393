import { Option } from "commander";
import {
  labelEfficiency,
  labelTable,
  measureText,
  openRun,
  type ReportTask,
  reportTasks,
  savingHeadline,
  savingSummary,
  type TrainAndTest,
  UserError,
} from "../../index.ts";
import { abortOnInterrupt, Interrupted } from "../interrupt.ts";
import { splitOption, trainAndTestOptions } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { complain, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends TrainAndTest {
  readonly task: ReportTask;
  readonly shares: string;
  readonly draws: string;
  readonly out?: string;
  readonly steps?: string;
  readonly finetune: boolean;
  readonly scratch: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  splitOption(trainAndTestOptions(command.argument("<run>", "run folder")))
    .addOption(
      new Option("--task <kind>", "kind of labels: a class, several (cat|indoor), or a number")
        .choices(reportTasks)
        .default("classification"),
    )
    .option("--shares <percents>", "shares of the labels in per cent, separated by commas", "1,2,5,10,25,100")
    .option("--draws <count>", "random draws of the labels for each share", "3")
    .option("--out <folder>", "folder to write (default: report in the run folder)")
    .option("--steps <count>", STEPS)
    .option("--no-finetune", "skip fine-tuning")
    .option("--no-scratch", "skip training the encoder from scratch, and so the labels saved")
    .option("--seed <seed>", "seed of the draws and trainings", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact report runs/photos --train labelled/train --test labelled/test\n  autodidact report runs/photos --task multi-label --train a --train-labels a.csv --test b --test-labels b.csv\n  autodidact report runs/logs --task regression --train train.csv --test test.csv --label-column temperature\n\nFinished trainings are kept in report.json: the same command continues after Ctrl-C, and other shares add to it.",
    )
    .action(action);

async function action(path: string, flags: Flags): Promise<void> {
  const { shares, draws, steps, seed, json, ...rest } = flags;
  const options = {
    ...rest,
    shares: percents(shares),
    draws: wholeNumber("draws", draws),
    ...(steps === undefined ? {} : { steps: wholeNumber("steps", steps) }),
    seed: wholeNumber("seed", seed, 0),
  };
  const run = await openRun(path);
  const line = stageLine();
  const note = (text: string) => {
    line.end();
    complain(text);
  };
  const interrupt = abortOnInterrupt(() => note("stopping; Ctrl-C again quits at once"));
  const watch = { signal: interrupt.signal, onNote: note, onProgress: line.update };
  const report = await labelEfficiency({ run, ...options, ...watch }).finally(() => {
    line.end();
    interrupt.release();
  });
  if (!report) throw new Interrupted("stopped; finished trainings are kept, and the same command continues from there");
  if (json) return printJson(report);
  print(labelTable(report));
  print(
    `\nLabels saved at equal ${measureText[report.task].name}: ${savingHeadline(report)}\n${savingSummary(report)}`,
  );
  print(`\nwritten to ${report.out}: ${report.files.join(", ")}`);
}

/** @throws UserError unless the text is distinct numbers above 0 and at most 100, separated by commas */
function percents(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  const values = parts.map((part) => (part === "" ? Number.NaN : Number(part)));
  const wrong = values.findIndex((value, at) => !(value > 0 && value <= 100) || values.indexOf(value) !== at);
  if (wrong < 0) return values;
  const rule = "must be distinct numbers above 0 and at most 100, separated by commas";
  throw new UserError(`--shares ${text}: ${rule} ("${parts[wrong]}" is not)`);
}
