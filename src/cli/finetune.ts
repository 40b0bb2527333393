import { basename } from "node:path";
import { Command, Option } from "commander";
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
} from "../index.ts";
import { wholeNumber } from "./evaluate.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { whereLabelsAre } from "./labelled-pair.ts";
import { addOptions, type Group, optionGroups, shareOut, valueOf } from "./option-groups.ts";
import { print, printJson } from "./output.ts";
import { progressLine } from "./progress.ts";
import { addTrainingFlags, trainingGiven } from "./training-flags.ts";

interface Given {
  readonly train?: string;
  readonly test?: string;
  readonly trainLabels?: string;
  readonly testLabels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly task: LabelTask;
  readonly labels?: string;
  readonly validation?: string;
  readonly patience?: string;
  readonly with?: string;
  readonly scratch?: boolean;
  readonly balanced?: boolean;
  readonly out?: string;
  readonly resume?: boolean;
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

/** @param argv looked at for `--with` before it is parsed: it decides which options there are */
export async function finetuneCommand(argv: readonly string[]): Promise<Command> {
  const command = new Command("finetune")
    .description("teach a pretrained encoder what labels say: a linear head first, then all of it, best epoch kept")
    .argument("<run>", "run folder, or a BERT in Hugging Face's files; with --resume the fine-tuning to continue")
    .option(
      "--train <data>",
      "labelled data to learn from: folders of classes, a table, or any data with --train-labels",
    )
    .option("--test <data>", "labelled data to be judged on");
  whereLabelsAre(command)
    .addOption(
      new Option("--task <kind>", "what the labels are: a class, several (cat|indoor), a number, or likeness")
        .choices(labelTasks)
        .default("classification"),
    )
    .option("--labels <count>", "use only so many labels, drawn evenly over the classes")
    .option("--validation <share>", "labels held out to judge every epoch by (default: a tenth; of few a fifth)")
    .option("--patience <epochs>", "epochs without a better score after which training stops (default: 10)")
    .option("--with <task>", "learn from all samples at once beside: simclr:0.3; or fixmatch, which guesses labels")
    .option("--balanced", "weigh classes by the inverse of how often they occur")
    .option("--scratch", "begin with random numbers: what the labels alone can do")
    .option("--out <folder>", "run folder to make (default: runs/ and both names)")
    .option("--resume", "continue this fine-tuning, bit for bit, from its last checkpoint")
    .option("--json", "print the result as JSON");
  if (argv[0] !== "finetune") return command;
  const chosen = { method: await methods.load(methodWith(valueOf(argv, "--with"))) };
  const groups = await methodGroups(chosen);
  addOptions(addTrainingFlags(command, finetuneDefaults), groups, chosen);
  return command
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
    .addHelpText("after", "  autodidact finetune runs/books-train --resume")
    .action((path: string, given: Given & Readonly<Record<string, unknown>>) =>
      act(path, given, command, shareOut(given, groups, chosen).method),
    );
}

/** Options that say nothing about the training. */
const ON_RESUME = new Set(["resume", "test", "testLabels", "column", "labelColumn", "json"]);

async function act(
  path: string,
  given: Given & Readonly<Record<string, unknown>>,
  command: Command,
  methodOptions: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { train, resume } = given;
  const said = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  const changed = resume ? said.find((option) => !ON_RESUME.has(option.attributeName())) : undefined;
  if (changed) throw new UserError(`--resume continues ${path} as it was begun; leave out ${changed.long}`);
  if (!resume && train === undefined) throw new UserError("--train is missing: the labelled data to learn from");
  const bare = (file: string) => basename(file).replace(/\.[^.]*$/, "");
  const out = resume ? path : (given.out ?? `runs/${bare(path)}-${bare(train ?? "")}`);
  const training = trainingGiven(given);
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
    run = resume
      ? await resumeFinetuning(path, watch)
      : await finetune({ ...optionsOf(path, given), train: train ?? "", out, training, methodOptions, ...watch });
  } finally {
    line.end();
    interrupt.release();
  }
  if (interrupt.signal.aborted && !(last && last.step >= last.steps)) {
    const { step } = await openRun(out, { checkpoint: "last" });
    throw new Interrupted(`stopped at step ${step}, saved; continue with: autodidact finetune ${out} --resume`);
  }
  const known = run.config.data;
  const verdict = test && (await judge({ run, column: known.column, labelColumn: known.labelColumn, ...test }));
  if (verdict) await writeAtomically(`${out}/verdict.json`, [`${JSON.stringify(verdict, null, 2)}\n`]);
  if (given.json) return printJson({ run: run.path, step: run.step, epoch: run.epoch, verdict });
  print(`${out}: best after epoch ${run.epoch}, step ${run.step}`);
  if (verdict) print(`\n${verdictTable(verdict)}\n\nwritten to ${out}/verdict.json`);
  const isAlike = run.config.method.options.task === "similarity";
  print(
    `next: autodidact ${isAlike ? "embed" : "predict"} ${out} <data> --out ${isAlike ? "vectors.parquet" : "predictions.csv"}`,
  );
}

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
    ...(given.labels === undefined ? {} : { labelCount: wholeNumber("labels", given.labels) }),
    ...(validation === undefined ? {} : { validation }),
    ...(given.patience === undefined ? {} : { patience: wholeNumber("patience", given.patience) }),
    with: given.with,
    scratch: given.scratch,
    balanced: given.balanced,
  };
}
