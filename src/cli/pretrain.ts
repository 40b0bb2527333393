import { basename, extname, join } from "node:path";
import { Command } from "commander";
import {
  encoders,
  kebab,
  type MethodDefinition,
  type ModalityDefinition,
  methods,
  modalities,
  modalityFor,
  type Progress,
  pretrain,
  reads,
  UserError,
} from "../index.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { addOptions, type Choice, choose, type Group, optionGroups, shareOut, valueOf } from "./option-groups.ts";
import { columns, print, printJson } from "./output.ts";
import { progressLine } from "./progress.ts";

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

/** @param argv looked at for `--method` and the like before it is parsed: they decide which flags there are */
export async function pretrainCommand(argv: readonly string[]): Promise<Command> {
  const command = new Command("pretrain")
    .description("learn a representation from data without labels")
    .argument("[data]", "images: folder, .zip, IDX (.gz), CIFAR; texts: file, table, folder")
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
    .option("--modality <name>", "kind of data, where it cannot be told from the data")
    .option("--labels <table>", "table with columns path and label; kept for evaluation, not used in training")
    .option("--column <name>", "of a table: column with the texts, by name or, without a header, by number")
    .option("--label-column <name>", "of a table: column with the labels")
    .option("--out <folder>", "run folder to make (default: runs/ and the data's name)")
    .option("--from <folder>", "begin with the weights of this run, or of a BERT in Hugging Face's files")
    .option("--resume <run>", "continue this run, bit for bit, from its last checkpoint")
    .option("--json", "print the result as JSON");
  if (argv[0] !== "pretrain") return command;

  const names = {
    method: valueOf(argv, "--method"),
    encoder: valueOf(argv, "--encoder"),
    preset: valueOf(argv, "--preset"),
  };
  const shown: Choice =
    names.method || names.encoder || names.preset
      ? await choose(names, await shownModality(names.method, valueOf(argv, "--modality")))
      : {};
  const all = await optionGroups(shown);
  addOptions(command, all, shown);
  return command
    .addHelpText("after", presetsText(shown.method))
    .addHelpText("after", names.method ? "" : "\nA method's own options: autodidact pretrain --method simclr --help")
    .addHelpText("after", "\nExamples:\n  autodidact pretrain photos/ --method simclr --out runs/photos --epochs 50")
    .addHelpText("after", "  autodidact pretrain photos/ --method mae --curriculum maskRatio=0.3:0.75@cosine")
    .addHelpText("after", "  autodidact pretrain --resume runs/photos")
    .addHelpText("after", "  autodidact pretrain books.txt --method bert --preset small --out runs/books")
    .addHelpText("after", "  autodidact pretrain reviews.csv --column body --method simcse --from runs/books")
    .action((data: string | undefined, given: General & Record<string, unknown>) => run(data, given, all));
}

/** The data whose options help shows: of the kind that is named, or that the method's encoder reads. */
async function shownModality(method: string | undefined, named: string | undefined): Promise<ModalityDefinition> {
  if (named) return modalities.load(named);
  const all = await modalities.all();
  const { defaultEncoder } = method ? await methods.load(method) : {};
  const encoder = defaultEncoder ? await encoders.load(defaultEncoder) : undefined;
  return all.find(({ inputs }) => encoder && reads(encoder, inputs)) ?? all[0]!;
}

/** The presets of the method that help is about. */
function presetsText(method: MethodDefinition | undefined): string {
  const presets = Object.entries(method?.presets ?? {});
  if (presets.length === 0) return "";
  return `\nPresets of ${method?.name}:\n${columns(presets.map(([name, { summary }]) => [`  ${name}`, summary]))}`;
}

/** What is wished for a new run, by what has it; of one that is continued nothing may be. */
async function wished(data: string | undefined, given: General & Record<string, unknown>, all: readonly Group[]) {
  const { resume } = given;
  if (resume === undefined) {
    if (data === undefined) throw new UserError("name the data to learn from, or a run to go on with: --resume");
    return shareOut(given, all, await choose(given, await modalityFor(data, given.modality)));
  }
  const changed = Object.keys(given).find((key) => !["labels", "resume", "json"].includes(key));
  if (changed) throw new UserError(`--resume continues ${resume} as it was begun; leave out --${kebab(changed)}`);
  return undefined;
}

async function run(
  data: string | undefined,
  given: General & Record<string, unknown>,
  all: readonly Group[],
): Promise<void> {
  const { labels, resume, json, out = join("runs", basename(data ?? "", extname(data ?? ""))) } = given;
  const folder = resume ?? out;
  const options = await wished(data, given, all);
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
      throw new Interrupted(
        `stopped at step ${learned.step}, saved; continue with: autodidact pretrain --resume ${folder}`,
      );
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
