import { basename, join } from "node:path";
import type { Command } from "commander";
import { distillRun, flagsOf, methods, resumeDistillation, shippedTable, UserError } from "../../index.ts";
import { type LabelsGiven, labelledPair, labelOptions } from "../labelled-pair.ts";
import { print, printJson } from "../output.ts";
import { refuseChanges, refuseExisting, resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";
import { addTrainingFlags, trainingGiven } from "../training-flags.ts";
import { type Watch, watched } from "../watched.ts";

interface Given extends LabelsGiven, Readonly<Record<string, unknown>> {
  readonly into?: string;
  readonly out?: string;
  readonly preset?: string;
  readonly headLayers: string;
  readonly resume?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  addTrainingFlags(
    resumeOption(
      labelOptions(
        command
          .argument("[run]", "run folder of the teacher")
          .argument("[data]", "what to learn on, without labels")
          .option("--into <encoder>", "vit-tiny, ./my-net.ts, or with options: resnet-10:width=16,stem=stride2")
          .option("--out <folder>", "run folder to make (default: runs/, the teacher's name and -small)")
          .option("--preset <name>", "settings for other data than the paper's: small")
          .option("--head-layers <count>", "layers between the small encoder and the teacher's space: 1, 2 or 4", "4"),
      ),
    ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact distill runs/big photos/ --into vit-tiny --preset small --epochs 20 --out runs/small\n  autodidact distill --resume runs/small",
    )
    .action((teacher: string | undefined, data: string | undefined, given: Given) =>
      action(command, teacher, data, given),
    );

/** How to go about it, once what was given makes sense. */
async function ready(command: Command, teacher: string | undefined, data: string | undefined, given: Given) {
  const labels = labelledPair(given);
  const { into, preset, column, resume } = given;
  if (resume !== undefined) {
    refuseChanges(command, resume, ["train", "test", "trainLabels", "testLabels", "column", "labelColumn"]);
    if (teacher !== undefined)
      throw new UserError(`--resume continues ${resume} with its own teacher and data; leave out ${teacher}`);
    const work = (watch: Watch) => resumeDistillation(resume, { labels, ...watch });
    return { out: resume, work };
  }
  if (teacher === undefined || data === undefined)
    throw new UserError("name the run of the teacher and the data to learn on, or a run to continue: --resume");
  const out = given.out ?? join("runs", `${basename(teacher)}-small`);
  refuseExisting("distill", out);
  const headLayers = flagsOf((await methods.load("distill")).options)
    .find(({ key }) => key === "headLayers")
    ?.parse(given.headLayers);
  const options: Readonly<Record<string, unknown>> = { headLayers };
  const choices = { teacher, data, into, out, preset, column, labels, options };
  const training = trainingGiven(given);
  return {
    out,
    work: (watch: Watch) => distillRun({ ...choices, training, ...watch }),
  };
}

async function action(
  command: Command,
  teacher: string | undefined,
  data: string | undefined,
  given: Given,
): Promise<void> {
  const { out, work } = await ready(command, teacher, data, given);
  const { run, models } = await watched("distill", out, work);
  if (given.json) return printJson({ run: run.path, step: run.step, models });
  print(shippedTable(models));
  print(`\n${out}: ${run.config.encoder.name}, ${run.step} steps`);
}
