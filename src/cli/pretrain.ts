import { basename, extname } from "node:path";
import { Command } from "commander";
import { encoders, methods, modalities, modalityFor, pretrain, UserError } from "../index.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { addOptions, type Choice, choose, optionGroups, shareOut, valueOf } from "./option-groups.ts";
import { print, printJson } from "./output.ts";
import { progressLine } from "./progress.ts";

interface General {
  readonly method?: string;
  readonly encoder?: string;
  readonly modality?: string;
  readonly labels?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** @param argv looked at for `--method` and the like before it is parsed: they decide which flags there are */
export async function pretrainCommand(argv: readonly string[]): Promise<Command> {
  const command = new Command("pretrain")
    .description("learn a representation from data without labels")
    .argument("<data>", "folder of images, .zip of one, IDX (.gz) or CIFAR binary file")
    .option("--method <name>", "how to learn: a name from `autodidact methods`, or a file; what suits the data")
    .option("--encoder <name>", "what to train: vit, resnet, or a file; what suits the method")
    .option("--modality <name>", "kind of data, where it cannot be told from the data")
    .option("--labels <csv>", "file with columns path,label; kept for evaluation, not used in training")
    .option("--out <folder>", "run folder to make (default: runs/ and the data's name)")
    .option("--resume <run>", "continue this run, bit for bit, from its last checkpoint")
    .option("--json", "print the result as JSON");
  if (argv[0] !== "pretrain") return command;

  const names = { method: valueOf(argv, "--method"), encoder: valueOf(argv, "--encoder") };
  const named = { method: names.method && (await methods.load(names.method)), encoder: names.encoder && (await encoders.load(names.encoder)) };
  const [onlyModality] = await modalities.all();
  const shown: Choice = named.method || named.encoder ? await choose(names, onlyModality!) : {};
  const all = await optionGroups(shown);
  addOptions(command, all, shown);
  return command
    .addHelpText("after", named.method ? "" : "\nA method's own options: autodidact pretrain --method simclr --help")
    .addHelpText("after", "\nExample:\n  autodidact pretrain photos/ --method simclr --out runs/photos --epochs 50")
    .addHelpText("after", "  autodidact pretrain photos/ --resume runs/photos")
    .action(async (data: string, given: General & Record<string, unknown>) => {
      void data;
      void given;
    });
}
