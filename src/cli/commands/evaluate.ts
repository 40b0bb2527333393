import { Option } from "commander";
import {
  type EvaluationTask,
  evaluate,
  evaluationTable,
  evaluationTasks,
  foldsLine,
  isAgentRun,
  kebab,
  splitLine,
  type TrainAndTest,
  tableOptionsOf,
  UserError,
  writeReport,
} from "../../index.ts";
import { DATA, pathsOf } from "../data-options.ts";
import { evaluateAgentRun } from "../evaluate/agent.ts";
import { evaluateOnMasks } from "../evaluate/masks.ts";
import { evaluateOnPairs } from "../evaluate/pairs.ts";
import { labelTableOptions, splitOption } from "../labelled-pair.ts";
import { STEPS, wholeNumber } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import type { Configure } from "../table.ts";

interface Flags extends Partial<TrainAndTest> {
  readonly data?: string;
  readonly within?: string;
  readonly html?: string;
  readonly masks?: string;
  readonly testMasks?: string;
  readonly imageSize?: string;
  readonly classNames?: string;
  readonly task: EvaluationTask;
  readonly labelCount?: string;
  readonly draws: string;
  readonly scratch: boolean;
  readonly forest: boolean;
  readonly steps?: string;
  readonly finetune?: boolean;
  readonly seed: string;
  readonly episodes?: string;
  readonly json?: boolean;
}

/** What masks have no use for: they are labels of their own. */
const FOR_WHOLE = ["testLabels", "trainLabels", "folds", "labelCount", "finetune", "steps", "within", "html"] as const;

/** What is for masks alone. */
const FOR_MASKS = ["testMasks", "imageSize", "classNames"] as const;

/** What pairs have no use for: they are not trained on. */
const FOR_LABELS = ["masks", "train", "test", "testLabels", "folds", "labelCount", "finetune", "steps"] as const;

export const configure: Configure = (command) =>
  splitOption(
    labelTableOptions(
      command
        .argument("<run>", RUN)
        .argument(
          "[data...]",
          "for runs on pairs, instead of --train and --test: pairs, of which one side is found from the other",
        )
        .option("--train <data...>", `labelled training data: ${DATA}`)
        .option("--test <data...>", "labelled test data"),
    ),
  )
    .option(
      "--folds <folds>",
      "instead of --test: each fold in turn; how many to draw, a file with the columns path and fold, or a column of the data",
    )
    .addOption(
      new Option(
        "--task <kind>",
        "kind of labels: a class, several (cat|indoor, or columns of 0 and 1), numbers, or a class for each token",
      )
        .choices(evaluationTasks)
        .default("classification"),
    )
    .option("--label-count <count>", "number of training labels to use, drawn evenly over the classes")
    .option("--draws <count>", "random draws of these labels", "5")
    .option("--no-scratch", "skip training the encoder from scratch")
    .option("--no-forest", "skip random forests on the baseline's features: on large data they take minutes")
    .option("--finetune", "also fine-tune the pretrained encoder")
    .option("--steps <count>", STEPS)
    .option("--seed <seed>", "seed of the draws and the split", "0")
    .addOption(new Option("--data <pairs>", "the same as the argument").hideHelp())
    .option(
      "--within <column>",
      "for pairs: search among those that have the same in this column; means over its values",
    )
    .option("--html <file>", "for pairs: the page of what was found (default: retrieval.html in the run folder)")
    .option(
      "--masks <folder>",
      "for images: score patches by PNG masks of the images' names instead of labels; palette indices or levels of grey are classes, 255 is left out",
    )
    .option("--test-masks <folder>", "with --masks: the masks of --test (default: also in --masks)")
    .option(
      "--image-size <pixels>",
      "with --masks: side of the encoder's input, for a finer grid (default: as in training)",
    )
    .option("--class-names <names>", "with --masks: names of the classes from 0, separated by commas")
    .option("--episodes <count>", "for agents: episodes of each seed, without exploration (default: 20)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact evaluate runs/photos --train labelled/train --test labelled/test --label-count 100\n  autodidact evaluate runs/books --train train.tsv --test test.tsv --column 1 --label-column 2   # no header\n  autodidact evaluate runs/customers --train customers.csv --split random --label-column left\n  autodidact evaluate runs/table --train assays.csv --split split.csv --task multi-label --label-column NR-AR,NR-AhR,SR-p53\n  autodidact evaluate runs/clip pairs.csv --split test   # pairs: recall both ways\n  autodidact evaluate runs/dino --train scenes --masks masks --split random --image-size 224   # what every pixel shows\n  autodidact evaluate runs/cheetah --episodes 50   # an agent: returns of each seed, beside random actions",
    )
    .action(async (path: string, pairs: string[], flags: Flags) => {
      const argument = pathsOf(pairs);
      if (await isAgentRun(path)) {
        const given = command.options.find(
          (option) =>
            command.getOptionValueSource(option.attributeName()) === "cli" &&
            !["episodes", "seed", "json"].includes(option.attributeName()),
        );
        return evaluateAgentRun(path, {
          episodes: wholeNumber("episodes", flags.episodes ?? "20"),
          seed: command.getOptionValueSource("seed") === "cli" ? wholeNumber("seed", flags.seed, 0) : undefined,
          json: flags.json ?? false,
          given: pairs[0] ?? given?.long ?? undefined,
        });
      }
      if (flags.episodes !== undefined) throw new UserError("--episodes is for runs of agents");
      const steps = flags.steps === undefined ? undefined : wholeNumber("steps", flags.steps);
      const run = await openedRun(path);
      const line = stageLine();
      const { data = argument, train, within, html } = flags;
      if (data !== undefined) {
        const idle = FOR_LABELS.find((name) => flags[name] !== undefined);
        if (idle !== undefined)
          throw new UserError(
            `--${kebab(idle)} is for labelled data; leave it out, or leave out the pairs, ${pairs.join(", ")}`,
          );
        const { split, seed, json, trainLabels: labels } = flags;
        const options = { run, data, labels, split, within, html, ...tableOptionsOf(flags) };
        return evaluateOnPairs(
          { ...options, seed: wholeNumber("seed", seed, 0), onProgress: line.update },
          line.end,
          json,
        );
      }
      if (within !== undefined || html !== undefined)
        throw new UserError(`--${within === undefined ? "html" : "within"} is for runs on pairs, with one set of data`);
      const { masks } = flags;
      if (masks !== undefined) {
        const idle = FOR_WHOLE.find((name) => flags[name] !== undefined);
        if (idle !== undefined)
          throw new UserError(`--${kebab(idle)} is for labels of whole samples; leave it out, or --masks`);
        if (train === undefined) throw new UserError("--masks needs --train: the images that they are of");
        const { test, testMasks, split, imageSize, classNames, seed } = flags;
        return evaluateOnMasks(
          {
            ...{ run, train, masks, test, testMasks, split, seed: wholeNumber("seed", seed, 0) },
            ...tableOptionsOf(flags),
            ...(imageSize === undefined ? {} : { imageSize: wholeNumber("image-size", imageSize) }),
            ...(classNames === undefined ? {} : { classNames: classNames.split(",").map((name) => name.trim()) }),
            onProgress: line.update,
          },
          line.end,
          flags.json,
        );
      }
      const ofMasks = FOR_MASKS.find((name) => flags[name] !== undefined);
      if (ofMasks !== undefined) throw new UserError(`--${kebab(ofMasks)} is of --masks, which is missing`);
      if (train === undefined)
        throw new UserError(
          "--train is missing: the labelled training data; for a run on pairs, name the pairs after the run",
        );
      const evaluation = await evaluate({
        run,
        train,
        test: flags.test,
        trainLabels: flags.trainLabels,
        testLabels: flags.testLabels,
        split: flags.split,
        folds: flags.folds,
        task: flags.task,
        ...tableOptionsOf(flags),
        ...(flags.labelCount === undefined ? {} : { labelCount: wholeNumber("label-count", flags.labelCount) }),
        draws: wholeNumber("draws", flags.draws),
        ...{ scratch: flags.scratch, forest: flags.forest },
        ...(steps === undefined ? {} : { fromScratch: { steps }, finetuneSteps: steps }),
        finetune: flags.finetune,
        seed: wholeNumber("seed", flags.seed, 0),
        onProgress: line.update,
      }).finally(line.end);
      const files = await writeReport(run, evaluation, tableOptionsOf(flags));
      if (flags.json) return printJson(evaluation);
      if (evaluation.split) print(`${splitLine(evaluation.split)}\n`);
      if (evaluation.folds) print(`${foldsLine(evaluation.folds)}\n`);
      print(evaluationTable(evaluation));
      const broken = evaluation.train.broken + evaluation.test.broken;
      if (broken > 0) print(`${broken} broken files were skipped; autodidact info lists them.`);
      if (files.length > 0) print(`\nwritten to ${path}: ${files.join(", ")}`);
    });
