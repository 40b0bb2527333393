/** What the scripts of tables share: pre-training on rows without labels, then scores with a few labels, over several seeds. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EvaluationTask, evaluate, pretrain } from "../../src/index.ts";
import { meanOf } from "../series/machine.ts";

/** A temporary folder, and a function that writes a table to it. */
export async function withTables(
  use: (write: (name: string, lines: readonly string[]) => Promise<string>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
  try {
    await use(async (name, lines) => {
      const path = join(folder, name);
      await writeFile(path, `${lines.join("\n")}\n`);
      return path;
    }, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Problem {
  /** Rows without labels, and rows with labels to train and to test on. */
  readonly pool: string;
  readonly train: string;
  readonly test: string;
  readonly labelColumn: string;
  readonly task: EvaluationTask;
  /** The measure that is shown, and what its values are multiplied by. */
  readonly measure: string;
  readonly factor: number;
  readonly digits: number;
  /** Numbers of labels. */
  readonly counts: readonly number[];
  readonly draws: number;
  readonly seeds: number;
  /** `simclr:scarf`, `vime` */
  readonly method: string;
  readonly encoder: string;
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly modalityOptions?: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
  /** Leave out fine-tuning and training from scratch. */
  readonly frozen: boolean;
  readonly folder: string;
}

/** Pre-trains and scores, seed by seed, and prints a line for each number of labels and way to use them. */
export async function measure(problem: Problem): Promise<void> {
  const { pool, train, test, labelColumn, task, counts, draws, folder, factor, digits } = problem;
  const [method = "", preset = "small"] = problem.method.split(":");
  const table = new Map<string, { scores: number[]; deviations: number[] }>();
  const note = (count: number, by: string, score = Number.NaN, deviation = 0) => {
    const row = table.get(`${count} | ${by}`) ?? { scores: [], deviations: [] };
    table.set(`${count} | ${by}`, row);
    row.scores.push(factor * score);
    row.deviations.push(factor * deviation);
  };
  for (let seed = 0; seed < problem.seeds; seed++) {
    const began = performance.now();
    const run = await pretrain({
      ...{ data: pool, labelColumn, out: join(folder, `run-${seed}`), modality: "table", method, preset },
      ...{ encoder: problem.encoder, encoderOptions: problem.encoderOptions, options: problem.options },
      modalityOptions: problem.modalityOptions,
      training: { ...problem.training, seed },
    });
    console.log(`seed ${seed}: ${run.step} steps in ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
    for (const count of counts) {
      const { contestants } = await evaluate({
        ...{ run, train, test, labelColumn, task, labelCount: count, draws, seed: 100 * seed },
        ...{ finetune: !problem.frozen, scratch: !problem.frozen },
      });
      for (const { name, linear, measures } of contestants) {
        const { mean, deviation } = measures[problem.measure] ?? {};
        note(count, `${name}${linear ? ", linear probe" : ""}`, mean, deviation);
      }
    }
  }
  const rootMeanSquare = (values: readonly number[]) => Math.hypot(...values) / Math.sqrt(values.length);
  console.log(`labels | by | ${problem.measure}, mean ± deviation over the seeds | deviation over the draws`);
  for (const [key, { scores, deviations }] of table)
    console.log(`${key} | ${meanOf(scores, digits)} | ${rootMeanSquare(deviations).toFixed(digits)}`);
}
