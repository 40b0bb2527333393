import { basename } from "node:path";
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
  openRun,
  type Progress,
  type Run,
  resumeFinetuning,
  UserError,
  verdictTable,
  writeAtomically,
} from "../../index.ts";
import { optionGroups } from "../chosen-options.ts";
import { abortOnInterrupt, Interrupted } from "../interrupt.ts";
import { whereLabelsAre } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { addOptions, type Group, shareOut, valueOf } from "../option-groups.ts";
import { print, printJson } from "../output.ts";
import { progressLine } from "../progress.ts";
import { refuseChanges, resumeOption, stoppedAt } from "../resume.ts";
import type { Configure } from "../table.ts";
import { addTrainingFlags, trainingGiven } from "../training-flags.ts";

interface Given {
  readonly train?: string;
  readonly test?: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly task: LabelTask;
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

/** Options of methods that this command fills in itself. */
const FILLED_IN = ["task", "classes", "class-weights", "label-weights", "center", "spread"];

/** Every method's options, under their names on every command line. */
async function methodGroups(chosen: { readonly method: MethodDefinition }): Promise<Group[]> {
  const groups = (await optionGroups(chosen)).filter(({ kind }) => kind === "method");
  return groups.map((group) => ({
    ...group,
    flags: new Map([...group.flags].filter(([name]) => !FILLED_IN.includes(name))),
  }));
}

/** `argv` is looked at for `--with` before it is parsed: it decides which options there are. */
export const configure: Configure = async (command, argv) => {
  command
    .argument("[run]", "run folder to begin with, or a BERT in Hugging Face's files")
    .option(
      "--train <data>",
      "labelled data to learn from: folders of classes, a table, or any data with --train-labels",
    )
    .option("--test <data>", "labelled data to measure on");
  resumeOption(
    whereLabelsAre(command)
      .addOption(
        new Option("--task <kind>", "what the labels are: a class, several (cat|indoor), a number, or similarity")
          .choices(labelTasks)
          .default("classification"),
      )
      .option("--label-count <count>", "use only so many labels, drawn evenly over the classes")
      .option("--validation <share>", "labels held out to judge every epoch by (default: a tenth; of few a fifth)")
      .option("--patience <epochs>", "epochs without a better score after which training stops (default: 10)")
      .option("--steps <count>", `in place of --epochs: ${STEPS}`)
      .option("--with <task>", "learn from all samples at once beside: simclr:0.3; or fixmatch, which guesses labels")
      .option("--balanced", "weigh classes by the inverse of how often they occur")
      .option("--scratch", "begin with random weights: what the labels alone can do")
      .option("--out <folder>", "run folder to make (default: runs/ and both names)"),
  ).option("--json", "print the result as JSON");
  const chosen = { method: await methods.load(methodWith(valueOf(argv, "--with"))) };
  const groups = await methodGroups(chosen);
  return addOptions(addTrainingFlags(command, finetuneDefaults), groups, chosen)
    .addHelpText("after", "\nExamples:\n  autodidact finetune runs/photos --train labelled/train --test labelled/test")
    .addHelpText("after", "  autodidact finetune runs/photos --train photos --train-labels labels.csv --with fixmatch")
    .addHelpText(
      "after",
      "  autodidact finetune runs/books --train train.tsv --column 1 --label-column 2 --lora-rank 8",
    )
    .addHelpText(
      "after",
      "  autodidact finetune runs/photos --train photos --train-labels labels.csv --with mae:0.5 --mask-ratio 0.6",
    )
    .addHelpText("after", "  autodidact finetune --resume runs/books-train")
    .action((path: string | undefined, given: Given & Readonly<Record<string, unknown>>) =>
      act(path, given, command, shareOut(given, groups, chosen).method),
    );
};

/** Options that say nothing about the training. */
const ON_RESUME = ["test", "testLabels", "column", "labelColumn"];

async function act(
  path: string | undefined,
  given: Given & Readonly<Record<string, unknown>>,
  command: Command,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { train = "", resume } = given;
  if (resume !== undefined) {
    refuseChanges(command, resume, ON_RESUME);
    if (path !== undefined) throw new UserError(`--resume continues ${resume} as it was begun; leave out ${path}`);
  } else {
    if (path === undefined) throw new UserError("name the run to begin with, or a fine-tuning to continue: --resume");
    if (train === "") throw new UserError("--train is missing: the labelled data to learn from");
  }
  const from = path ?? "";
  const out = resume ?? given.out ?? `runs/${bare(from)}-${bare(train)}`;
  const training = trainingGiven(given);
  if (given.steps !== undefined && training.epochs !== undefined)
    throw new UserError("--steps is in place of --epochs; leave out one of them");
  const line = progressLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  let run: Run;
  let last: Progress | undefined;
  const { column, labelColumn } = given;
  const columns = { ...(column ? { column } : {}), ...(labelColumn ? { labelColumn } : {}) };
  const test = given.test === undefined ? undefined : { data: given.test, labels: given.testLabels, ...columns };
  const watch = {
    test,
    signal: interrupt.signal,
    onNote: line.note,
    onProgress: (progress: Progress) => {
      last = progress;
      line.update(progress);
    },
  };
  try {
    run =
      resume !== undefined
        ? await resumeFinetuning(resume, watch)
        : await finetune({ ...optionsOf(from, given), train, out, training, options, ...watch });
  } finally {
    line.end();
    interrupt.release();
  }
  if (interrupt.signal.aborted && !(last && last.step >= last.steps)) {
    const { step } = await openRun(out, { checkpoint: "last" });
    throw new Interrupted(stoppedAt("finetune", out, step));
  }
  const learned = run.config.data;
  const verdict = test && (await judge({ run, column: learned.column, labelColumn: learned.labelColumn, ...test }));
  if (verdict) await writeAtomically(`${out}/verdict.json`, [`${JSON.stringify(verdict, null, 2)}\n`]);
  if (given.json) return printJson({ run: run.path, step: run.step, epoch: run.epoch, verdict });
  print(`${out}: best after epoch ${run.epoch}, step ${run.step}`);
  if (verdict) print(`\n${verdictTable(verdict)}\n\nwritten to ${out}/verdict.json`);
  const isAlike = run.config.method.options.task === "similarity";
  print(
    `next: autodidact ${isAlike ? "embed" : "predict"} ${out} <data> --out ${isAlike ? "vectors.parquet" : "predictions.csv"}`,
  );
}

/** A path's last part, without its ending. */
const bare = (path: string) => basename(path).replace(/\.[^.]*$/, "");

/** The options that need looking at before they are handed on. */
function optionsOf(from: string, given: Given): Omit<FinetuneOptions, "train" | "out"> {
  const validation = given.validation === undefined ? undefined : Number(given.validation);
  if (validation !== undefined && !(given.validation?.trim() && validation >= 0 && validation <= 0.5))
    throw new UserError(`--validation ${given.validation}: must be a share from 0 to 0.5`);
  return {
    from,
    labels: given.trainLabels,
    column: given.column,
    labelColumn: given.labelColumn,
    task: given.task,
    ...(given.labelCount === undefined ? {} : { labelCount: wholeNumber("label-count", given.labelCount) }),
    ...(validation === undefined ? {} : { validation }),
    ...(given.patience === undefined ? {} : { patience: wholeNumber("patience", given.patience) }),
    ...(given.steps === undefined ? {} : { steps: wholeNumber("steps", given.steps) }),
    with: given.with,
    scratch: given.scratch,
    balanced: given.balanced,
  };
}
