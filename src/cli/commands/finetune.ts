import { join } from "node:path";
import { type Command, Option } from "commander";
import {
  type FinetuneOptions,
  finetune,
  finetuneDefaults,
  judge,
  type LabelTask,
  labelTasks,
  type MethodDefinition,
  methods,
  methodWith,
  modalities,
  openRun,
  type Progress,
  type Run,
  resumeFinetuning,
  type TableOptions,
  tableOptionsOf,
  UserError,
  verdictTable,
  writeAtomically,
} from "../../index.ts";
import { optionGroups } from "../chosen-options.ts";
import { givenPaths } from "../data-options.ts";
import { abortOnInterrupt, Interrupted } from "../interrupt.ts";
import { kindOfRun } from "../kinds.ts";
import { labelTableOptions, splitOption } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { addOptions, type Group, type OptionsByKind, optionsByKind, valueOf } from "../option-groups.ts";
import { print, printJson } from "../output.ts";
import { downloadLine, progressLine } from "../progress.ts";
import { refuseChanges, resumeOption, stemOf, stoppedAt } from "../resume.ts";
import type { Configure } from "../table.ts";
import { addTrainingFlags, parseTrainingFlags } from "../training-flags.ts";

interface Flags extends TableOptions {
  readonly train?: string[];
  readonly test?: string[];
  readonly trainLabels?: string;
  readonly testLabels?: string;
  readonly task: LabelTask;
  readonly split?: string;
  readonly labelCount?: string;
  readonly validation?: string;
  readonly patience?: string;
  readonly steps?: string;
  readonly with?: string;
  readonly scratch?: boolean;
  readonly balanced?: boolean;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** Method options that this command sets itself. */
const FILLED_IN = ["task", "classes", "class-weights", "label-weights", "center", "spread"];

/** The options of every method and kind of data, under their names on the command line. */
async function groupsFor(chosen: { readonly method: MethodDefinition }): Promise<Group[]> {
  const groups = (await optionGroups(chosen)).filter(({ kind }) => kind === "method" || kind === "modality");
  return groups.map((group) => ({
    ...group,
    flags: new Map([...group.flags].filter(([name]) => group.kind !== "method" || !FILLED_IN.includes(name))),
  }));
}

/** Reads `--with` from `argv` before parsing, since it decides which options exist. */
export const configure: Configure = async (command, argv) => {
  command
    .argument(
      "[run]",
      "what to start from: a run folder, a folder with a model in Hugging Face's format, or its id on the Hub",
    )
    .option("--train <data...>", "labelled training data: a folder per class, a table, or any data with --train-labels")
    .option("--test <data...>", "labelled test data");
  resumeOption(
    splitOption(labelTableOptions(command))
      .addOption(
        new Option(
          "--task <kind>",
          "kind of labels: a class, several (cat|indoor, or columns of 0 and 1), numbers, or similarity",
        )
          .choices(labelTasks)
          .default("classification"),
      )
      .option("--label-count <count>", "number of labels to use, drawn evenly over the classes")
      .option(
        "--validation <share>",
        "share of the labels held out for validation after every epoch (default: 0.1, or 0.2 for few labels; from scratch 0)",
      )
      .option(
        "--patience <epochs>",
        "epochs without improvement before training stops (default: 10; from scratch it does not stop early)",
      )
      .option("--steps <count>", `instead of --epochs: ${STEPS}`)
      .option(
        "--with <task>",
        "also train on the unlabelled samples: a pretext task and its weight (simclr:0.3), or fixmatch (pseudo-labels)",
      )
      .option("--balanced", "weight each class by the inverse of its frequency")
      .option("--scratch", "start from random weights, as a baseline")
      .option("--out <folder>", "run folder to create (default: runs/<run>-<data>)"),
  ).option("--json", "print the result as JSON");
  const method = await methods.load(methodWith(valueOf(argv, "--with")));
  // Read before parsing, so that help shows its options.
  const kind = await kindOfRun(argv);
  const chosen = { method, ...(kind === undefined ? {} : { modality: await modalities.stored(kind) }) };
  const groups = await groupsFor(chosen);
  return addOptions(addTrainingFlags(command, finetuneDefaults), groups, chosen)
    .addHelpText("after", "\nExamples:\n  autodidact finetune runs/photos --train labelled/train --test labelled/test")
    .addHelpText("after", "  autodidact finetune runs/photos --train photos --train-labels labels.csv --with fixmatch")
    .addHelpText(
      "after",
      "  autodidact finetune runs/photos --train labelled --scratch --mixup 0.2 --cutmix 1 --strong-views --rand-augment 2",
    )
    .addHelpText(
      "after",
      "  autodidact finetune runs/books --train train.tsv --column 1 --label-column 2 --lora-rank 8",
    )
    .addHelpText(
      "after",
      "  autodidact finetune runs/photos --train photos --train-labels labels.csv --with mae:0.5 --mask-ratio 0.6",
    )
    .addHelpText(
      "after",
      "  autodidact finetune answerdotai/ModernBERT-base --train train.tsv --column 1 --label-column 2",
    )
    .addHelpText("after", "  autodidact finetune --resume runs/books-train")
    .action((path: string | undefined, flags: Flags & Readonly<Record<string, unknown>>) =>
      act(path, flags, command, optionsByKind(flags, groups, chosen)),
    );
};

/** Options that do not affect the training. */
const ON_RESUME = ["test", "testLabels", "column", "labelColumn", "by", "time", "group"];

async function act(
  path: string | undefined,
  flags: Flags & Readonly<Record<string, unknown>>,
  command: Command,
  { method: options, modality: modalityOptions }: OptionsByKind,
): Promise<void> {
  const { train = [], resume } = flags;
  if (resume !== undefined) {
    refuseChanges(command, resume, ON_RESUME);
    if (path !== undefined)
      throw new UserError(`--resume continues ${resume} with the options it began with; leave out ${path}`);
  } else {
    if (path === undefined) throw new UserError("name the run to start from, or a fine-tuning to continue: --resume");
    if (train.length === 0) throw new UserError("--train is missing: the labelled training data");
  }
  const from = path ?? "";
  const out = resume ?? flags.out ?? join("runs", `${stemOf(from)}-${stemOf(givenPaths(train))}`);
  const training = parseTrainingFlags(flags);
  if (flags.steps !== undefined && training.epochs !== undefined)
    throw new UserError("--steps replaces --epochs; leave out one of them");
  const line = progressLine();
  const download = downloadLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  let run: Run;
  let last: Progress | undefined;
  const test =
    flags.test === undefined ? undefined : { data: flags.test, labels: flags.testLabels, ...tableOptionsOf(flags) };
  const watch = {
    test,
    signal: interrupt.signal,
    onNote: line.note,
    onDownload: download.update,
    onProgress: (progress: Progress) => {
      last = progress;
      line.update(progress);
    },
  };
  try {
    run =
      resume !== undefined
        ? await resumeFinetuning(resume, watch)
        : await finetune({ ...optionsOf(from, flags), train, out, training, options, modalityOptions, ...watch });
  } finally {
    download.end();
    line.end();
    interrupt.release();
  }
  if (interrupt.signal.aborted && !(last && last.step >= last.steps)) {
    const { step } = await openRun(out, { checkpoint: "last" });
    throw new Interrupted(stoppedAt("finetune", out, step));
  }
  const { data, supervision } = run.config;
  const judged = supervision?.split
    ? { data: data.path, labels: data.labels, splitFile: join(out, "split.csv") }
    : test;
  const verdict = judged && (await judge({ run, ...tableOptionsOf(data), ...judged }));
  if (verdict) await writeAtomically(`${out}/verdict.json`, [`${JSON.stringify(verdict, null, 2)}\n`]);
  if (flags.json) return printJson({ run: run.path, step: run.step, epoch: run.epoch, verdict });
  print(`${out}: best after epoch ${run.epoch}, step ${run.step}`);
  if (verdict) print(`\n${verdictTable(verdict)}\n\nwritten to ${out}/verdict.json`);
  const isSimilarity = run.config.method.options.task === "similarity";
  print(
    `next: autodidact ${isSimilarity ? "embed" : "predict"} ${out} <data> --out ${isSimilarity ? "vectors.parquet" : "predictions.csv"}`,
  );
}

/** Parses and checks the flags. @throws UserError for a value out of range */
function optionsOf(from: string, flags: Flags): Omit<FinetuneOptions, "train" | "out"> {
  const validation = flags.validation === undefined ? undefined : Number(flags.validation);
  if (validation !== undefined && !(flags.validation?.trim() && validation >= 0 && validation <= 0.5))
    throw new UserError(`--validation ${flags.validation}: must be a share from 0 to 0.5`);
  return {
    from,
    labels: flags.trainLabels,
    ...tableOptionsOf(flags),
    task: flags.task,
    split: flags.split,
    ...(flags.labelCount === undefined ? {} : { labelCount: wholeNumber("label-count", flags.labelCount) }),
    ...(validation === undefined ? {} : { validation }),
    ...(flags.patience === undefined ? {} : { patience: wholeNumber("patience", flags.patience) }),
    ...(flags.steps === undefined ? {} : { steps: wholeNumber("steps", flags.steps) }),
    with: flags.with,
    scratch: flags.scratch,
    balanced: flags.balanced,
  };
}
