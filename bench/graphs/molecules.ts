/*
 * The methods that learn from the nodes of graphs, on molecules without labels (MUV), and descriptor prediction: then a linear probe
 * of frozen vectors on ESOL (solubility; RMSE) or Lipophilicity, beside fingerprints and the untrained encoder; the test part of the
 * published scaffold split, so no settings are to be chosen by it.
 *
 *   node bench/graphs/molecules.ts [method[:preset],…] [molecules] [epochs] [seeds] [set]
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { evaluate, openRun, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine, meanOf } from "../series/machine.ts";

const { words } = benchArguments(
  "node bench/graphs/molecules.ts [method[:preset],…] [molecules] [epochs] [seeds] [set]",
);
const [named = "attribute-masking", molecules = "4000", epochs = "4", seeds = "1", set = "ESOL"] = words;
const LABELS: Readonly<Record<string, string>> = {
  ESOL: "measured log solubility in mols per litre",
  Lipophilicity: "exp",
};
const encoder = { width: 64, depth: 3, pooling: "sum" } as const;
const rowsOf = async (path: string) =>
  gunzipSync(await readFile(join(DATA, path)))
    .toString("utf8")
    .trim()
    .split("\n");

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const started = performance.now();
const scores = new Map<string, { errors: number[]; seconds: number[]; last: string }>();
const note = (name: string, error: number, seconds = 0, last = "") => {
  const row = scores.get(name) ?? { errors: [], seconds: [], last };
  scores.set(name, { errors: [...row.errors, error], seconds: [...row.seconds, seconds], last });
};
console.log(
  `${molecules} molecules of MUV, gin ${JSON.stringify(encoder)}, ${epochs} epochs, ${seeds} seeds; ${set}, scaffold split; ${machine()}`,
);
try {
  const [header = "", ...rows] = await rowsOf("molecules/muv.csv.gz");
  const smiles = header.split(",").indexOf("smiles");
  const pool = join(folder, "pool.smi");
  const every = Math.max(1, Math.floor(rows.length / Number(molecules)));
  const chosen = rows.filter((_, at) => at % every === 0).slice(0, Number(molecules));
  await writeFile(pool, `${chosen.map((row) => row.split(",")[smiles]).join("\n")}\n`);
  const labelled = join(folder, `${set}.csv`);
  await writeFile(labelled, `${(await rowsOf(`moleculenet/${set}.csv.gz`)).join("\n")}\n`);

  for (let seed = 0; seed < Number(seeds); seed++)
    for (const [at, word] of named.split(",").entries()) {
      const [method = "", preset = "small"] = word.split(":");
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
        .filter((key) =>
          ["loss", "accuracy", "commonest", "cosine", "contexts", "bitLoss", "squaredError"].includes(key),
        )
        .map((key) => `${key} ${first[key]?.toFixed(3)} to ${last[key]?.toFixed(3)}`)
        .join(", ");
      for (const { role, name, measures } of contestants) {
        const error = measures.rootMeanSquaredError?.mean ?? Number.NaN;
        if (role === "pretrained") note(word, error, seconds, text);
        else if (at === 0) note(name, error);
        if (role === "pretrained" || at === 0)
          console.log(`seed ${seed}, ${role === "pretrained" ? word : name}: ${error.toFixed(3)}`);
      }
    }
  console.log("| method | RMSE | seconds | while training |\n|---|---|---|---|");
  for (const [name, { errors, seconds, last }] of scores)
    console.log(`| ${name} | ${meanOf(errors, 3)} | ${meanOf(seconds, 0)} | ${last} |`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
