/** How training from scratch, the rival of pre-training, is trained: chosen on a validation part of the training data. */
import { join } from "node:path";
import { trainAndJudge } from "../../src/evaluation/labels/end-to-end.ts";
import type { FromScratch } from "../../src/evaluation/labels/from-scratch.ts";
import { judge } from "../../src/evaluation/labels/judge.ts";
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import type { Run } from "../../src/training/run/run.ts";
import { addLine, cpuSeconds, linesOf, root } from "./shared.ts";

const results = `${root}/bench/results/scratch.jsonl`;

export type ScratchSet = "cifar10" | "ag-news";

interface Line {
  readonly on: ScratchSet;
  readonly way: string;
  readonly labels: number;
  readonly draw: number;
  /** Accuracy on the validation part. */
  readonly score: number;
  readonly cpuSeconds: number;
}

/** Strong views by RandAugment; every sample is mixed with another, by mixup or CutMix. */
const MIXED: FromScratch = {
  options: { strongViews: true, mixup: 0.2, cutmix: 1 },
  modalityOptions: { randAugment: 2, randMagnitude: 9 },
};

/** Candidates, by name; the shortest trainings first. */
const ways: Readonly<Record<ScratchSet, Readonly<Record<string, FromScratch>>>> = {
  cifar10: {
    "3,000 steps": { steps: 3000 },
    "3,000 steps, mixed": { steps: 3000, ...MIXED },
    "9,000 steps": { steps: 9000 },
    "9,000 steps, mixed": { steps: 9000, ...MIXED },
  },
  "ag-news": {
    "300 steps": { steps: 300 },
    "1,000 steps": { steps: 1000 },
    "3,000 steps": { steps: 3000 },
  },
};

/** Seeds of the draws, apart from those of the reports, which begin at 0. */
const FIRST_SEED = 1000;

/** Labelled data as `finetune` takes them; the test data are not touched. */
export interface ScratchData {
  readonly run: Run;
  readonly train: string;
  readonly column?: string;
  readonly labelColumn?: string;
}

/**
 * Trains the run's encoder from scratch in every way, with some numbers of labels and draws, and judges on a tenth of the training
 * data that no label was drawn from. What is there is not done again.
 */
export async function chooseScratch(
  on: ScratchSet,
  { run, train, column, labelColumn }: ScratchData,
  counts: readonly number[],
  draws: number,
): Promise<void> {
  const columns = { ...(column ? { column } : {}), ...(labelColumn ? { labelColumn } : {}) };
  for (const [way, fromScratch] of Object.entries(ways[on]))
    for (const labels of counts)
      for (let draw = 0; draw < draws; draw++) {
        const isThere = (line: Line) =>
          line.on === on && line.way === way && line.labels === labels && line.draw === draw;
        if ((await linesOf<Line>(results)).some(isThere)) continue;
        const before = cpuSeconds();
        const { score } = await trainAndJudge(
          {
            ...{
              from: run.path,
              train,
              ...columns,
              ...fromScratch,
              scratch: true,
              labelCount: labels,
              split: "random",
            },
            training: { seed: FIRST_SEED + draw, threads: 1 },
          },
          (tuned) => judge({ run: tuned, data: train, ...columns, splitFile: join(tuned.path, "split.csv") }),
        );
        await addLine(results, { on, way, labels, draw, score, cpuSeconds: Math.round(cpuSeconds() - before) });
        console.log(`${on}, ${way}, ${labels} labels, draw ${draw}: ${(100 * score).toFixed(1)} %`);
      }
  for (const { way, mean } of await ranked(on)) console.log(`${way.padEnd(20)} ${(100 * mean).toFixed(1)} %`);
}

/** The way of the highest mean over numbers of labels and draws; undefined before `--choose`. */
export async function chosenScratch(on: ScratchSet): Promise<FromScratch | undefined> {
  const [best] = await ranked(on);
  return best && ways[on][best.way];
}

/** The ways that were all tried as often, best first. */
async function ranked(on: ScratchSet): Promise<{ way: string; mean: number }[]> {
  const lines = (await linesOf<Line>(results)).filter((line) => line.on === on);
  const groups = [...Map.groupBy(lines, ({ way }) => way)];
  const most = Math.max(...groups.map(([, { length }]) => length));
  return groups
    .filter(([, { length }]) => length === most)
    .map(([way, group]) => ({ way, mean: meanAndDeviation(group.map(({ score }) => score)).mean }))
    .sort((a, b) => b.mean - a.mean);
}
