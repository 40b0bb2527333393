/*
 * The methods that learn from the nodes of graphs, on molecules without labels (MUV), and descriptor prediction: then a linear probe
 * of frozen vectors on ESOL (solubility; RMSE) or Lipophilicity, beside fingerprints and the untrained encoder; the test part of the
 * published scaffold split, so no settings are to be chosen by it.
 *
 *   node bench/graphs/molecules.ts [method[:preset],…] [molecules] [epochs] [seeds] [set]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, openRun, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { writePool } from "../molecules/pool.ts";
import { DATA, machine } from "../series/machine.ts";
import { scoreTable, trainingsOf } from "./trainings.ts";

const { words } = benchArguments(
  "node bench/graphs/molecules.ts [method[:preset],…] [molecules] [epochs] [seeds] [set]",
);
const [named = "attribute-masking", molecules = "4000", epochs = "4", seeds = "1", set = "ESOL"] = words;
const LABELS: Readonly<Record<string, string>> = {
  ESOL: "measured log solubility in mols per litre",
  Lipophilicity: "exp",
};
const encoder = { width: 64, depth: 3, pooling: "sum" } as const;

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const started = performance.now();
const table = scoreTable("RMSE", 3);
console.log(
  `${molecules} molecules of MUV, gin ${JSON.stringify(encoder)}, ${epochs} epochs, ${seeds} seeds; ${set}, scaffold split; ${machine()}`,
);
try {
  const pool = await writePool(folder, Number(molecules));
  const labelled = join(DATA, "moleculenet", `${set}.csv.gz`);
  for (const { seed, at, word, method, preset } of trainingsOf(named, Number(seeds))) {
    const begun = performance.now();
    const path = join(folder, `${at}-${seed}`);
    await pretrain({
      ...{ data: pool, out: path, modality: "molecule", method, preset, encoder: "gin", encoderOptions: encoder },
      training: { epochs: Number(epochs), seed, threads: 1, workers: 0 },
    });
    const seconds = (performance.now() - begun) / 1000;
    const run = await openRun(path);
    const { contestants } = await evaluate({
      ...{ run, train: labelled, column: "smiles", labelColumn: LABELS[set]!, split: "scaffold" },
      ...{ task: "regression", scratch: false, seed },
    });
    const recorded = (await run.metrics()) as unknown as Readonly<Record<string, number>>[];
    const [first, last] = [recorded[0] ?? {}, recorded.at(-1) ?? {}];
    const text = Object.keys(last)
      .filter((key) => ["loss", "accuracy", "commonest", "cosine", "contexts", "bitLoss", "squaredError"].includes(key))
      .map((key) => `${key} ${first[key]?.toFixed(3)} to ${last[key]?.toFixed(3)}`)
      .join(", ");
    for (const { role, name, measures } of contestants) {
      const error = measures.rootMeanSquaredError?.mean ?? Number.NaN;
      if (role === "pretrained") table.note(word, error, seconds, text);
      else if (at === 0) table.note(name, error);
      if (role === "pretrained" || at === 0)
        console.log(`seed ${seed}, ${role === "pretrained" ? word : name}: ${error.toFixed(3)}`);
    }
  }
  table.print();
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
