import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Paths } from "../../index.ts";
import {
  distillRun,
  flagsOf,
  methods,
  resumeDistillation,
  shippedTable,
  tableOptionsOf,
  UserError,
} from "../../index.ts";
import { DATA, pathsOf } from "../data-options.ts";
import { LABEL_FLAGS, type LabelFlags, labelledPair, labelOptions } from "../labelled-pair.ts";
import { print, printJson } from "../output.ts";
import { refuseChanges, refuseExisting, resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";
import { addTrainingFlags, parseTrainingFlags } from "../training-flags.ts";
import { type Watch, watched } from "../watched.ts";

interface Flags extends LabelFlags, Readonly<Record<string, unknown>> {
  readonly into?: string;
  readonly out?: string;
  readonly preset?: string;
  readonly headLayers: string;
  readonly features: string;
  readonly resume?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  addTrainingFlags(
    resumeOption(
      labelOptions(
        command
          .argument(
            "[teacher]",
            "the teacher: a run folder, a published model's folder or id on the Hub, or an ONNX file of any program",
          )
          .argument("[data...]", `unlabelled data to train on: ${DATA}`)
          .option(
            "--into <encoder>",
            "small encoder to train: vit-tiny, ./my-net.ts, or with options: resnet-10:width=16,stem=stride2",
          )
          .option("--out <folder>", "run folder to create (default: runs/<teacher>-small)")
          .option("--preset <name>", "settings for data unlike the paper's: small")
          .option(
            "--head-layers <count>",
            "layers between the small encoder's features and the teacher's: 1, 2 or 4",
            "4",
          )
          .option(
            "--features <kind>",
            "what is learned of the teacher: its features of samples (global), of patches, or both",
            "global",
          ),
      ),
    ),
  )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact distill runs/big photos/ --into vit-tiny --preset small --epochs 20 --out runs/small\n  autodidact distill facebook/dinov2-small photos/ --into vit-tiny --features both --out runs/small\n  autodidact distill models/clip.onnx photos/ --into resnet-18\n  autodidact distill --resume runs/small",
    )
    .action((teacher: string | undefined, data: string[], flags: Flags) =>
      action(command, teacher, pathsOf(data), flags),
    );

/** Checks the flags and returns the work to do. @throws UserError when they contradict each other */
async function prepare(command: Command, teacher: string | undefined, data: Paths | undefined, flags: Flags) {
  const labels = labelledPair(flags);
  const { into, preset, resume } = flags;
  if (resume !== undefined) {
    refuseChanges(command, resume, LABEL_FLAGS);
    if (teacher !== undefined)
      throw new UserError(`--resume continues ${resume} with the teacher and data it began with; leave out ${teacher}`);
    const work = (watch: Watch) => resumeDistillation(resume, { labels, ...watch });
    return { out: resume, work };
  }
  if (teacher === undefined || data === undefined)
    throw new UserError("name the teacher and the data to train on, or a run to continue: --resume");
  const out = flags.out ?? join("runs", `${basename(resolve(teacher))}-small`);
  refuseExisting("distill", out);
  const parsers = flagsOf((await methods.load("distill")).options);
  const parsed = (key: "headLayers" | "features") => parsers.find((flag) => flag.key === key)?.parse(flags[key]);
  const options: Readonly<Record<string, unknown>> = {
    headLayers: parsed("headLayers"),
    features: parsed("features"),
  };
  const choices = { teacher, data, into, out, preset, ...tableOptionsOf(flags), labels, options };
  const training = parseTrainingFlags(flags);
  return {
    out,
    work: (watch: Watch) => distillRun({ ...choices, training, ...watch }),
  };
}

async function action(
  command: Command,
  teacher: string | undefined,
  data: Paths | undefined,
  flags: Flags,
): Promise<void> {
  const { out, work } = await prepare(command, teacher, data, flags);
  const { run, models } = await watched("distill", out, work);
  if (flags.json) return printJson({ run: run.path, step: run.step, models });
  print(shippedTable(models));
  print(`\n${out}: ${run.config.encoder.name}, ${run.step} steps`);
}
