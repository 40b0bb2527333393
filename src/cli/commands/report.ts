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
import { trainAndTestOptions } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Given extends TrainAndTest {
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
  trainAndTestOptions(command.argument("<run>", "run folder"))
    .addOption(
      new Option("--task <kind>", "what the labels are: a class, several (cat|indoor), or a number")
        .choices(reportTasks)
        .default("classification"),
    )
    .option("--shares <percents>", "shares of the labels, with commas between", "1,2,5,10,25,100")
    .option("--draws <count>", "how often to draw the labels of each share", "3")
    .option("--out <folder>", "folder of the report (default: report in the run's)")
    .option("--steps <count>", STEPS)
    .option("--no-finetune", "leave out fine-tuning")
    .option("--no-scratch", "leave out training the encoder from scratch, and with it the labels saved")
    .option("--seed <seed>", "of the draws and trainings", "0")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact report runs/photos --train labelled/train --test labelled/test\n  autodidact report runs/photos --task multi-label --train a --train-labels a.csv --test b --test-labels b.csv\n  autodidact report runs/logs --task regression --train train.csv --test test.csv --label-column temperature\n\nWhat is finished is kept in report.json: the same command goes on after Ctrl-C, and with other shares adds to it.",
    )
    .action(action);

async function action(path: string, given: Given): Promise<void> {
  const { shares, draws, steps, seed, json, ...rest } = given;
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
    process.stderr.write(`${text}\n`);
  };
  const interrupt = abortOnInterrupt(() => note("stopping; Ctrl-C again quits at once"));
  const watch = { signal: interrupt.signal, onNote: note, onProgress: line.update };
  const report = await labelEfficiency({ run, ...options, ...watch }).finally(() => {
    line.end();
    interrupt.release();
  });
  if (!report) throw new Interrupted("stopped; what is finished is kept, and the same command goes on from there");
  if (json) return printJson(report);
  print(labelTable(report));
  print(
    `\nLabels saved at equal ${measureText[report.task].name}: ${savingHeadline(report)}\n${savingSummary(report)}`,
  );
  print(`\nwritten to ${report.out}: ${report.files.join(", ")}`);
}

/** @throws UserError when the text is not numbers above 0 and at most 100, each once, with commas between */
function percents(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  const values = parts.map((part) => (part === "" ? Number.NaN : Number(part)));
  const wrong = values.findIndex((value, at) => !(value > 0 && value <= 100) || values.indexOf(value) !== at);
  if (wrong < 0) return values;
  const rule = "must be different numbers above 0 and up to 100, with commas between";
  throw new UserError(`--shares ${text}: ${rule} (look at "${parts[wrong]}")`);
}
