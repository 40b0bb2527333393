import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import {
  encoders,
  type MethodDefinition,
  type ModalityDefinition,
  methods,
  modalities,
  modalityFor,
  type Progress,
  pretrain,
  UserError,
} from "../../index.ts";
import { columnOptions } from "../data-options.ts";
import { abortOnInterrupt, Interrupted } from "../interrupt.ts";
import {
  addOptions,
  type Choice,
  choose,
  type Group,
  optionGroups,
  shareOut,
  trainingGroups,
  valueOf,
} from "../option-groups.ts";
import { columns, print, printJson } from "../output.ts";
import { progressLine } from "../progress.ts";
import { refuseChanges, resumeOption, stoppedAt } from "../resume.ts";
import type { Configure } from "../table.ts";

interface General {
  readonly method?: string;
  readonly preset?: string;
  readonly encoder?: string;
  readonly modality?: string;
  readonly curriculum?: readonly string[];
  readonly labels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly json?: boolean;
}

/** `argv` is looked at for `--method` and the like before it is parsed: they decide which options there are. */
export const configure: Configure = async (command, argv) => {
  command
    .argument("[data]", "what to learn from: a folder, an archive, a file")
    .option(
      "--method <name>",
      "how to learn: a name from `autodidact methods`, a file, or several at once: rotation+simclr:0.5",
    )
    .option(
      "--preset <name>",
      "the method's settings for other data than its paper's: small, …; your options override it",
    )
    .option(
      "--encoder <name>",
      "what to train: vit, resnet, transformer, or a file; what suits method and data by default",
    )
    .option(
      "--curriculum <option=from:to@pace>",
      "change an option as the run learns, at the pace linear, cosine, step or competence; may be given several times",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--modality <name>", "kind of data, where it cannot be recognised: a name, or a file that defines one");
  resumeOption(
    columnOptions(
      command.option(
        "--labels <table>",
        "table with columns path and label; kept for evaluation, not used in training",
      ),
    )
      .option("--out <folder>", "run folder to make (default: runs/ and the data's name)")
      .option("--from <folder>", "begin with the weights of this run, or of a BERT in Hugging Face's files"),
  ).option("--json", "print the result as JSON");

  const names = {
    method: valueOf(argv, "--method"),
    encoder: valueOf(argv, "--encoder"),
    preset: valueOf(argv, "--preset"),
    modality: valueOf(argv, "--modality"),
  };
  const isChosen = Object.values(names).some((name) => name !== undefined);
  const shown: Choice = isChosen ? await choose(names, await shownModality(names.method, names.modality)) : {};
  // Help that is about no method shows no method's options: none is loaded.
  const isHelp = argv.includes("--help") || argv.includes("-h");
  const all = isHelp && !isChosen ? trainingGroups() : await optionGroups(shown);
  return addOptions(command, all, shown)
    .addHelpText("after", presetsText(shown.method))
    .addHelpText("after", names.method ? "" : "\nA method's own options: autodidact pretrain --method simclr --help")
    .addHelpText("after", "\nExamples:\n  autodidact pretrain photos/ --method simclr --out runs/photos --epochs 50")
    .addHelpText("after", "  autodidact pretrain photos/ --method mae --curriculum maskRatio=0.3:0.75@cosine")
    .addHelpText("after", "  autodidact pretrain --resume runs/photos")
    .addHelpText("after", "  autodidact pretrain books.txt --method bert --preset small --out runs/books")
    .addHelpText("after", "  autodidact pretrain reviews.csv --column body --method simcse --from runs/books")
    .action((data: string | undefined, given: General & Record<string, unknown>) => run(data, given, all, command));
};

/** The data whose options help shows: of the kind that is named, or that the method's encoder reads. */
async function shownModality(method: string | undefined, named: string | undefined): Promise<ModalityDefinition> {
  if (named) return modalities.load(named);
  const all = await modalities.all();
  const { defaultEncoder } = method ? await methods.load(method) : {};
  const read = defaultEncoder ? (await encoders.load(defaultEncoder)).modalities : [];
  return all.find(({ name }) => read.includes(name)) ?? all[0]!;
}

/** The presets of the method that help is about. */
function presetsText(method: MethodDefinition | undefined): string {
  const presets = Object.entries(method?.presets ?? {});
  if (presets.length === 0) return "";
  return `\nPresets of ${method?.name}:\n${columns(presets.map(([name, { summary }]) => [`  ${name}`, summary]))}`;
}

/** The options of a new run, by what has them; a run that is continued has its own. */
async function optionsOf(
  data: string | undefined,
  given: General & Record<string, unknown>,
  all: readonly Group[],
  command: Command,
) {
  const { resume } = given;
  if (resume !== undefined) {
    refuseChanges(command, resume, ["labels"]);
    return undefined;
  }
  if (data === undefined) throw new UserError("name the data to learn from, or a run to continue: --resume");
  return shareOut(given, all, await choose(given, await modalityFor(data, given.modality)));
}

async function run(
  data: string | undefined,
  given: General & Record<string, unknown>,
  all: readonly Group[],
  command: Command,
): Promise<void> {
  const { labels, resume, json, out = join("runs", basename(data ?? "", extname(data ?? ""))) } = given;
  const folder = resume ?? out;
  const options = await optionsOf(data, given, all, command);
  const line = progressLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  try {
    let last: Progress | undefined;
    const learned = await pretrain({
      data,
      out: folder,
      resume: resume !== undefined,
      from: given.from,
      labels,
      column: given.column,
      labelColumn: given.labelColumn,
      modality: given.modality,
      method: given.method,
      preset: given.preset,
      curriculum: given.curriculum,
      encoder: given.encoder,
      training: options?.training,
      methodOptions: options?.method,
      encoderOptions: options?.encoder,
      modalityOptions: options?.modality,
      signal: interrupt.signal,
      onNote: line.note,
      onProgress: (progress) => {
        last = progress;
        line.update(progress);
      },
    });
    line.end();
    const { epochs } = learned.config.training;
    if (interrupt.signal.aborted && learned.epoch < epochs)
      throw new Interrupted(stoppedAt("pretrain", folder, learned.step));
    const { method, encoder } = learned.config;
    if (json)
      return printJson({
        run: learned.path,
        method: method.name,
        encoder: encoder.name,
        step: learned.step,
        epochs,
        loss: last?.loss,
        broken: last?.broken,
      });
    print(`${folder}: ${method.name} on ${encoder.name}, ${learned.step} steps, ${epochs} epochs`);
    print(`next: autodidact evaluate ${folder} --train <labelled data> --test <labelled data>`);
  } finally {
    line.end();
    interrupt.release();
  }
}
