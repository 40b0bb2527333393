import { join } from "node:path";
import { type LabelTask, tableOptionsOf } from "../../data/index.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { trainAndJudge } from "../labels/end-to-end.ts";
import { writeFoldAsSplit } from "../labels/folds.ts";
import { judge, type Verdict } from "../labels/judge.ts";
import type { LabelledData } from "../labels/labelled-sources.ts";
import { meanAndDeviation } from "../scores/metrics.ts";
import type { Contestant, EvaluateOptions } from "./evaluation.ts";
import { measuresOver } from "./frozen-rows.ts";
import { contestantNames } from "./names.ts";

interface EndToEndOptions {
  readonly options: EvaluateOptions;
  readonly task: LabelTask;
  readonly seed: number;
  readonly data: LabelledData;
  readonly draws: number;
  readonly stage: (name: string) => (done: number, total: number) => void;
}

/** What the encoder reaches that is trained end to end on the labels, over all draws or folds. */
export async function endToEndRow(
  role: "fine-tuned" | "scratch",
  { options, task, seed, data, draws, stage }: EndToEndOptions,
): Promise<Contestant> {
  const { run, train, trainLabels: labels, labelCount } = options;
  const { workers, device } = run.config.training;
  const settings = role === "scratch" ? options.fromScratch : { steps: options.finetuneSteps };
  const columns = tableOptionsOf(options);
  using folder = temporaryFolder();
  const verdicts: Verdict[] = [];
  let taken = 0;
  for (let draw = 0; draw < draws; draw++) {
    const report = stage(`${contestantNames[role]}, ${data.folds ? "fold" : "draw"} ${draw + 1} of ${draws}`);
    const split = data.folds ? join(folder.path, "fold.csv") : data.split?.file;
    if (data.folds && split !== undefined) await writeFoldAsSplit(split, data.folds, draw + 1);
    const test =
      split === undefined
        ? { data: options.test ?? train, labels: options.testLabels }
        : { data: train, labels, splitFile: split };
    const verdict = await trainAndJudge(
      {
        ...{ from: run.path, train, ...columns, labels, task, labelCount, scratch: role === "scratch" },
        ...(split === undefined ? {} : { split }),
        ...settings,
        training: { seed: seed + draw, workers, device },
        onProgress({ step, steps: of }) {
          taken = Math.max(taken, step);
          report(step, of);
        },
      },
      (trained) => judge({ run: trained, ...test, ...columns }),
    );
    verdicts.push(verdict);
  }
  return {
    role,
    name: contestantNames[role],
    endToEnd: meanAndDeviation(verdicts.map(({ score }) => score)),
    ...measuresOver(verdicts.map(({ measures, each }) => ({ named: measures, each }))),
    steps: taken,
  };
}
