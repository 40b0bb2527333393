/*
 * The methods that learn from the nodes of graphs, on public sets: accuracy of a linear probe on frozen vectors, beside the
 * untrained encoder. Cora and Citeseer: the nodes of one graph, Planetoid's split, 140 or 120 labels, 1,000 test nodes. TU sets: many
 * graphs, the ten given folds.
 *
 *   node bench/graphs/methods.ts [set] [method[:preset],…] [epochs] [seeds] [encoder[:option=value…]] [--validation]
 *
 * With --validation, Planetoid's 500 validation nodes are the test part: for choosing settings.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Tensor, tree } from "../../src/array/index.ts";
import { modalities } from "../../src/data/index.ts";
import type { InitialParams, Inputs, Params } from "../../src/encoders/encoder.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { compile, extractFeatures, openRun, pretrain, type Run, read, untrainedParams } from "../../src/index.ts";
import { stack } from "../../src/training/features.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine, meanOf } from "../series/machine.ts";

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
const FOLDS = 10;

interface Vectors {
  readonly data: Float32Array;
  readonly dim: number;
}
interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

const gunzipped = async (path: string) =>
  gunzipSync(await readFile(path))
    .toString("utf8")
    .trim()
    .split("\n");

/** Planetoid's parts of a set, by the nodes' places. */
async function planetoid(): Promise<Split[]> {
  const [, ...rows] = await gunzipped(join(DATA, "planetoid", set, "nodes.tsv.gz"));
  const parts = rows.map((row) => row.split("\t")[2]);
  const of = (part: string) => parts.flatMap((own, node) => (own === part ? [node] : []));
  return [{ train: of("train"), test: of(has("validation") ? "validation" : "test") }];
}

/** The ten folds of a TU set. */
async function folds(count: number): Promise<Split[]> {
  return Promise.all(
    Array.from({ length: FOLDS }, async (_, fold) => {
      const text = await readFile(join(DATA, "tu", "folds", set, `test-${fold + 1}.txt`), "utf8");
      const test = text.trim().split(/\s+/).map(Number);
      const held = new Set(test);
      return { train: Array.from({ length: count }, (_, at) => at).filter((at) => !held.has(at)), test };
    }),
  );
}

/** Vectors of all nodes in one pass over the whole graph, or of all graphs. */
async function vectorsOf(run: Run, params: InitialParams): Promise<Vectors & { labels: readonly number[] }> {
  const definition = await modalities.load("graph");
  const source = await definition.open(data, { labelColumn: "label" } as never);
  try {
    const labels = [...(source.labels ?? [])];
    if (!isPlanetoid) {
      const { data, dim } = await extractFeatures({ encoder: run.encoder, params, modality: run.modality, source });
      return { data, dim, labels };
    }
    const arranged = await definition.arrange!(source, run.modalityOptions as never, {});
    const inputs = stack([run.modality.tensors(await arranged.read(0))], 1);
    const apply = (weights: Params, given: Inputs) => ({ features: run.encoder.apply(weights, given) });
    const program = await compile(apply, [params, inputs], { name: "whole graph", threads: 1 });
    const [features] = tree.leaves<Tensor>(await read(await program.run(params, inputs)));
    await program.dispose();
    return { data: Float32Array.from(features!.data), dim: run.encoder.embedDim, labels };
  } finally {
    await source.close();
  }
}

/** Mean accuracy over the splits. */
async function probe(
  { data, dim, labels }: Awaited<ReturnType<typeof vectorsOf>>,
  splits: readonly Split[],
  seed: number,
) {
  const rows = (places: readonly number[]) => {
    const part = new Float32Array(places.length * dim);
    places.forEach((place, at) => {
      part.set(data.subarray(place * dim, (place + 1) * dim), at * dim);
    });
    return part;
  };
  const scores: number[] = [];
  for (const { train, test } of splits) {
    const known = { data: rows(train), rows: train.length, dim, labels: Int32Array.from(train, (at) => labels[at]!) };
    const classes = Math.max(...labels) + 1;
    const { predictions } = await linearProbe(known, { data: rows(test), rows: test.length }, classes, seed);
    scores.push(test.filter((place, at) => predictions[at] === labels[place]).length / test.length);
  }
  return (100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length;
}

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const started = performance.now();
let data = join(DATA, "planetoid", set);
console.log(
  `${set}, ${encoderGiven || `${encoder} ${JSON.stringify(encoderOptions)}`}, ${epochs} epochs, ${seeds} seeds; ${machine()}`,
);
try {
  if (!isPlanetoid) {
    data = join(folder, `${set}.txt`);
    await writeFile(data, (await gunzipped(join(DATA, "tu", `${set}.txt.gz`))).join("\n"));
  }
  const scores = new Map<string, { accuracy: number[]; seconds: number[]; last: string }>();
  const note = (name: string, accuracy: number, seconds = 0, last = "") => {
    const row = scores.get(name) ?? { accuracy: [], seconds: [], last };
    scores.set(name, { accuracy: [...row.accuracy, accuracy], seconds: [...row.seconds, seconds], last });
    console.log(`${name}: ${accuracy.toFixed(1)}`);
  };
  for (let seed = 0; seed < Number(seeds); seed++)
    for (const [at, word] of named.split(",").entries()) {
      const [method = "", preset = "small"] = word.split(":");
      const begun = performance.now();
      const path = join(folder, `${at}-${seed}`);
      await pretrain({
        ...{ data, out: path, modality: "graph", method, preset, encoder, encoderOptions },
        ...(isPlanetoid ? { labelColumn: "label" } : {}),
        training: { epochs: Number(epochs), seed, threads: 1, workers: 0 },
      });
      const seconds = (performance.now() - begun) / 1000;
      const run = await openRun(path);
      const trained = await vectorsOf(run, run.params);
      const splits = isPlanetoid ? await planetoid() : await folds(trained.labels.length);
      const rows = await run.metrics();
      const { loss, accuracy } = (rows.at(-1) ?? {}) as Record<string, number>;
      note(
        word,
        await probe(trained, splits, seed),
        seconds,
        `loss ${rows[0]?.loss?.toFixed(3)} to ${loss?.toFixed(3)}${accuracy === undefined ? "" : `, its own accuracy ${(100 * accuracy).toFixed(1)} %`}`,
      );
      if (at > 0) continue;
      const definition = await modalities.load("graph");
      const source = await definition.open(data, { labelColumn: "label" } as never);
      const untrained = await untrainedParams(run.config, source, seed);
      await source.close();
      note("untrained", await probe(await vectorsOf(run, untrained), splits, seed));
    }
  console.log("| method | accuracy, % | seconds | |\n|---|---|---|---|");
  for (const [name, { accuracy, seconds, last }] of scores)
    console.log(`| ${name} | ${meanOf(accuracy)} | ${meanOf(seconds, 0)} | ${last} |`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
