/*
 * The methods that learn from the nodes of graphs, on public sets: accuracy of a linear probe on frozen vectors, beside the
 * untrained encoder. Cora and Citeseer: the nodes of one graph, Planetoid's split, 140 or 120 labels, 1,000 test nodes. TU sets: many
 * graphs, the ten given folds.
 *
 *   node bench/graphs/methods.ts [set] [method[:preset],…] [epochs] [seeds] [encoder[:option=value…]] [--validation]
 *
 * With --validation, Planetoid's 500 validation nodes are the test part: for choosing settings.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modalities } from "../../src/data/index.ts";
import type { InitialParams } from "../../src/encoders/encoder.ts";
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import { extractFeatures, openRun, pretrain, type Run, untrainedParams } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine } from "../series/machine.ts";
import { foldsOf } from "./folds.ts";
import { scoreTable, trainingsOf } from "./trainings.ts";
import { accuracyOf, nodeVectors } from "./vectors.ts";

const { words, has } = benchArguments(
  "node bench/graphs/methods.ts [set] [method[:preset],…] [epochs] [seeds] [encoder[:option=value…]] [--validation]",
  ["validation"],
);
const [set = "cora", named = "grace", epochs = "100", seeds = "1", encoderGiven = ""] = words;
const isPlanetoid = set === "cora" || set === "citeseer";
const [encoder = "", ...encoderWords] = (
  encoderGiven || (isPlanetoid ? "gcn:width=256" : "gin:width=64:depth=3:pooling=sum")
).split(":");
const encoderOptions = Object.fromEntries(
  encoderWords.map((word) => {
    const [key = "", value = ""] = word.split("=");
    return [key, Number.isFinite(Number(value)) ? Number(value) : value];
  }),
);
/** The nodes' vectors in one pass over the whole graph, or the graphs', and how many percent a probe of them gets right. */
async function judged(run: Run, params: InitialParams | undefined, seed: number): Promise<number> {
  const source = await definition.open(data, { labelColumn: "label" } as never);
  try {
    const weights = params ?? (await untrainedParams(run.config, source, seed));
    const vectors = isPlanetoid
      ? await nodeVectors(run, weights, source)
      : await extractFeatures({ encoder: run.encoder, params: weights, modality: run.modality, source });
    const { labels = [], classes = [] } = source;
    const split = source.column?.("split") ?? [];
    const of = (part: string) => split.flatMap((own, node) => (own === part ? [node] : []));
    const parts = isPlanetoid
      ? [{ train: of("train"), test: of(has("validation") ? "validation" : "test") }]
      : await foldsOf(set, source.length);
    const scores: number[] = [];
    for (const part of parts)
      scores.push((await accuracyOf(vectors, labels, classes.length, part, { standardized: true, seed })).test);
    return meanAndDeviation(scores).mean;
  } finally {
    await source.close();
  }
}

const definition = await modalities.load("graph");
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const started = performance.now();
const data = isPlanetoid ? join(DATA, "planetoid", set) : join(DATA, "tu", `${set}.txt.gz`);
const table = scoreTable("accuracy, %");
console.log(
  `${set}, ${encoderGiven || `${encoder} ${JSON.stringify(encoderOptions)}`}, ${epochs} epochs, ${seeds} seeds; ${machine()}`,
);
try {
  for (const { seed, at, word, method, preset } of trainingsOf(named, Number(seeds))) {
    const note = (name: string, accuracy: number, seconds?: number, last?: string) => {
      table.note(name, accuracy, seconds, last);
      console.log(`${name}: ${accuracy.toFixed(1)}`);
    };
    const begun = performance.now();
    const path = join(folder, `${at}-${seed}`);
    await pretrain({
      ...{ data, out: path, modality: "graph", method, preset, encoder, encoderOptions },
      ...(isPlanetoid ? { labelColumn: "label" } : {}),
      training: { epochs: Number(epochs), seed, threads: 1, workers: 0 },
    });
    const seconds = (performance.now() - begun) / 1000;
    const run = await openRun(path);
    const rows = await run.metrics();
    const { loss, accuracy } = (rows.at(-1) ?? {}) as Record<string, number>;
    note(
      word,
      await judged(run, run.params, seed),
      seconds,
      `loss ${rows[0]?.loss?.toFixed(3)} to ${loss?.toFixed(3)}${accuracy === undefined ? "" : `, its own accuracy ${(100 * accuracy).toFixed(1)} %`}`,
    );
    if (at === 0) note("untrained", await judged(run, undefined, seed));
  }
  table.print();
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
