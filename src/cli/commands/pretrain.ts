import { columnOptions } from "../data-options.ts";
import { addOptions, trainingGroups, valueOf } from "../option-groups.ts";
import { resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";

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
  const isHelp = argv.includes("--help") || argv.includes("-h");
  // Help that is about no method shows no method's options, and loads none.
  if (isHelp && !isChosen) addOptions(command, trainingGroups(), {});
  else await (await import("../pretraining.ts")).addPretraining(command, names, isChosen);
  return command
    .addHelpText("after", names.method ? "" : "\nA method's own options: autodidact pretrain --method simclr --help")
    .addHelpText("after", "\nExamples:\n  autodidact pretrain photos/ --method simclr --out runs/photos --epochs 50")
    .addHelpText("after", "  autodidact pretrain photos/ --method mae --curriculum maskRatio=0.3:0.75@cosine")
    .addHelpText("after", "  autodidact pretrain --resume runs/photos")
    .addHelpText("after", "  autodidact pretrain books.txt --method bert --preset small --out runs/books")
    .addHelpText("after", "  autodidact pretrain reviews.csv --column body --method simcse --from runs/books");
};
