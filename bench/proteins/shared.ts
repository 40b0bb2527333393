/** The pre-training that all benches of proteins start from, and their lines of results. */
import { existsSync } from "node:fs";
import type { Run } from "../../src/training/run/run.ts";
import { addLine, linesOf, root, trained } from "../methods/shared.ts";
import { meanOf } from "../series/machine.ts";
import { uniprotParts, work } from "./data.ts";

export const results = `${root}/bench/results/proteins.jsonl`;

/** A measurement: what was measured of which seed, and its rows. */
export interface Line {
  readonly bench: "perplexity" | "q3" | "gb1";
  readonly seed: number;
  /** Steps of the pre-training, and its seconds. */
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Settings of every run, tried on one seed of one epoch. Few heads: on two cores the softmax of 256 tokens costs as much as
 * their products.
 */
export const recipe = {
  encoderOptions: { width: 128, depth: 3, heads: 2, norm: "pre", positions: "rotary" },
  modalityOptions: { maxLength: 256 },
  training: { batchSize: 32, learningRate: 3e-3, gradientClip: 1, warmupEpochs: 0.1 },
} as const;

/** The run of a seed: trained, gone on with, or opened. Its steps are fixed, whatever else the machine does. */
export async function pretrained(seed: number, epochs: number): Promise<{ run: Run; seconds: number }> {
  const { train } = await uniprotParts();
  const out = `${work}/bert-${epochs}-${seed}`;
  return trained(
    {
      ...{ data: train, modality: "protein", method: "bert", encoder: "transformer" },
      encoderOptions: recipe.encoderOptions,
      modalityOptions: recipe.modalityOptions,
      training: { ...recipe.training, epochs, seed },
    },
    out,
    existsSync(`${out}/config.json`),
  );
}

/** Whether a seed has been measured. */
export const isMeasured = async (bench: Line["bench"], seed: number, steps?: number): Promise<boolean> =>
  (await linesOf<Line>(results)).some(
    (line) => line.bench === bench && line.seed === seed && (steps === undefined || line.steps === steps),
  );

export const keep = (line: Line): Promise<void> => addLine(results, line);

/** Prints means ± sample deviations over the seeds. */
export async function printTable(bench: Line["bench"], digits = 2): Promise<void> {
  const lines = (await linesOf<Line>(results)).filter((line) => line.bench === bench);
  for (const [steps, some] of Map.groupBy(lines, (line) => line.steps)) {
    console.log(
      `\n${bench}: ${steps} steps of pre-training, seeds ${some.map(({ seed }) => seed).join(", ")}; ${some[0]?.machine}`,
    );
    for (const name of new Set(some.flatMap(({ rows }) => Object.keys(rows))))
      console.log(
        `| ${name} | ${meanOf(
          some.flatMap(({ rows }) => rows[name] ?? []),
          digits,
        )} |`,
      );
  }
}
