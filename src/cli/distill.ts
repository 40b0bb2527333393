import { basename, join } from "node:path";
import { Command } from "commander";
import { distillRun, flagsOf, methods, shippedTable } from "../index.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { type LabelsGiven, labelledPair, labelOptions } from "./labelled-pair.ts";
import { print, printJson } from "./output.ts";
import { progressLine, stageLine } from "./progress.ts";
import { addTrainingFlags, trainingGiven } from "./training-flags.ts";

interface Given extends LabelsGiven {
  readonly data: string;
  readonly into?: string;
  readonly out?: string;
  readonly preset?: string;
  readonly headLayers: string;
  readonly json?: boolean;
}

export function distillCommand(): Command {
  const command = labelOptions(
    new Command("distill")
      .description("teach a small encoder what a finished run's encoder says of the same samples, and measure both")
      .argument("<run>", "run folder of the teacher")
      .requiredOption("--data <data>", "what to learn on, without labels")
      .option("--into <encoder>", "vit-tiny, resnet-10, or with options: resnet-10:width=16,stem=stride2")
      .option("--out <folder>", "run folder to make (default: runs/, the teacher's name and -small)")
      .option("--preset <name>", "settings for other data than the paper's: small")
      .option("--head-layers <count>", "layers between the small encoder and the teacher's space: 1, 2 or 4", "4"),
  );
  return addTrainingFlags(command)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExample:\n  autodidact distill runs/big --data photos/ --into vit-tiny --preset small --epochs 20 --out runs/small",
    )
    .action((run: string, given: Given & Record<string, unknown>) => action(run, given));
}

async function action(teacher: string, given: Given & Record<string, unknown>): Promise<void> {
  const { data, into, preset, column, out = join("runs", `${basename(teacher)}-small`) } = given;
  const training = trainingGiven(given);
  const headLayers = flagsOf((await methods.load("distill")).options)
    .find(({ key }) => key === "headLayers")
    ?.parse(given.headLayers);
  const line = progressLine();
  const stages = stageLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  try {
    const { run, models } = await distillRun({
      teacher,
      data,
      into,
      out,
      preset,
      column,
      training,
      methodOptions: { headLayers },
      labels: labelledPair(given),
      signal: interrupt.signal,
      onNote: line.note,
      onStep: line.update,
      onProgress: (...stage) => {
        if (interrupt.signal.aborted) throw new Interrupted("stopped; the same command goes on from there");
        stages.update(...stage);
      },
    });
    stages.end();
    if (models.length === 0)
      throw new Interrupted(`stopped at step ${run.step}, saved in ${out}; the same command goes on from there`);
    if (given.json) return printJson({ run: run.path, step: run.step, models });
    print(shippedTable(models));
    print(`\n${out}: ${run.config.encoder.name}, ${run.step} steps`);
  } finally {
    line.end();
    stages.end();
    interrupt.release();
  }
}
