import { columnOptions, DATA } from "../data-options.ts";
import { addOptions, trainingGroups, valueOf } from "../option-groups.ts";
import { resumeOption } from "../resume.ts";
import type { Configure } from "../table.ts";

/** Reads `--method` and the like from `argv` before parsing, since they decide which options exist. */
export const configure: Configure = async (command, argv) => {
  command
    .argument("[data...]", `training data: ${DATA}`)
    .option(
      "--method <name>",
      "a method from `autodidact methods`, a file that defines one, or a weighted sum: rotation+simclr:0.5",
    )
    .option(
      "--preset <name>",
      "the method's settings for data unlike the paper's: small, …; your options override them",
    )
    .option(
      "--encoder <name>",
      "encoder to train: vit, resnet, transformer, or a file that defines one (default: by method and data)",
    )
    .option(
      "--curriculum <option=from:to@pace>",
      "change an option during training; the pace is linear, cosine, step or competence; repeatable",
      (text: string, previous: readonly string[] = []) => [...previous, text],
    )
    .option(
      "--probe <every>",
      "score the weights while they train, where there are labels: 500 (steps), 5epochs, or off (default: after epochs, as often as it takes less than 5 % of the time)",
    )
    .option(
      "--probe-data <data>",
      "labelled data to probe on, which are not trained on (default: the training data's labels)",
    )
    .option("--probe-labels <table>", "table with the columns path and label of --probe-data")
    .option("--modality <name>", "kind of data, if it is not recognised: a name, or a file that defines one");
  resumeOption(
    columnOptions(
      command.option(
        "--labels <table>",
        "table with the columns path and label; for probes and evaluation, not used in training",
      ),
    )
      .option("--out <folder>", "run folder to create (default: runs/<data>)")
      .option(
        "--from <model>",
        "start from the weights of this run, of a folder with a model in Hugging Face's format, or of a model on the Hub: owner/name[@revision]",
      ),
  ).option("--json", "print the result as JSON");

  const names = {
    method: valueOf(argv, "--method"),
    encoder: valueOf(argv, "--encoder"),
    preset: valueOf(argv, "--preset"),
    modality: valueOf(argv, "--modality"),
  };
  const isChosen = Object.values(names).some((name) => name !== undefined);
  const isHelp = argv.includes("--help") || argv.includes("-h");
  // Help without a method shows no method's options, and loads none.
  if (isHelp && !isChosen) addOptions(command, trainingGroups(), {});
  else await (await import("../pretraining.ts")).addPretraining(command, names, isChosen);
  return command
    .addHelpText("after", names.method ? "" : "\nA method's own options: autodidact pretrain --method simclr --help")
    .addHelpText("after", "\nExamples:\n  autodidact pretrain photos/ --method simclr --out runs/photos --epochs 50")
    .addHelpText("after", "  autodidact pretrain photos/ --method mae --curriculum maskRatio=0.3:0.75@cosine")
    .addHelpText("after", "  autodidact pretrain --resume runs/photos")
    .addHelpText("after", "  autodidact pretrain books.txt --method bert --preset small --out runs/books")
    .addHelpText("after", "  autodidact pretrain reviews.csv --column body --method simcse --from runs/books")
    .addHelpText("after", "  autodidact pretrain notes/ --from distilbert/distilgpt2 --out runs/notes");
};
