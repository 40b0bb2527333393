/**
 * Cora and Citeseer, Planetoid's split (Yang et al. 2016): accuracy on 1,000 test nodes of a logistic regression of frozen vectors on
 * 140 or 120 labels, settings chosen on the 500 validation nodes. Rows: raw words, the words averaged three times over
 * neighbours, the untrained encoder, and methods that learn from the graph without labels.
 *
 *   npm run bench:graphs -- [SET,…] [ROW,…] [SEED,…] [--validation] [--json]
 *
 * With --validation nothing is measured on the test nodes, and nothing kept. Lines: bench/results/graphs.jsonl.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modalities } from "../../src/data/index.ts";
import { openRun, pretrain, untrainedParams } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine } from "../series/machine.ts";
import { graphLines, measured, printTable } from "./results.ts";
import { bestAccuracy, nodeVectors, type Vectors } from "./vectors.ts";

const { words, has } = benchArguments("npm run bench:graphs -- [SET,…] [ROW,…] [SEED,…] [--validation] [--json]", [
  "validation",
]);
const listOf = (text: string | undefined, all: readonly string[]) => (text ? text.split(",") : all);

interface Setting {
  readonly method: string;
  readonly epochs: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly modality?: Readonly<Record<string, unknown>>;
  readonly encoder?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
}

/** The papers' own settings where they are given, else what did best on the validation nodes. */
const settings: Readonly<Record<string, Readonly<Record<string, Setting>>>> = {
  cora: {
    "cca-ssg": {
      ...{ method: "cca-ssg", epochs: 50, options: { lambda: 1e-3 } },
      modality: { dropEdges: 0.4, hideColumns: 0.1 },
      encoder: { width: 512 },
      training: { learningRate: 1e-3, weightDecay: 0 },
    },
    grace: {
      ...{
        method: "grace",
        epochs: 100,
        options: { temperature: 0.4, removeEdges: [0.2, 0.4], maskFeatures: [0.3, 0.4] },
      },
      encoder: { width: 256, activation: "relu" },
      training: { learningRate: 1e-3, weightDecay: 1e-5 },
    },
    "graph-mae": {
      ...{ method: "graph-mae", epochs: 150 },
      encoder: { width: 512 },
      training: { learningRate: 1e-3, weightDecay: 2e-4 },
    },
  },
  citeseer: {
    "cca-ssg": {
      ...{ method: "cca-ssg", epochs: 20, options: { lambda: 5e-4 } },
      modality: { dropEdges: 0.4, hideColumns: 0 },
      encoder: { width: 512 },
      training: { learningRate: 1e-3, weightDecay: 0 },
    },
    grace: {
      ...{
        method: "grace",
        epochs: 60,
        options: { temperature: 0.9, removeEdges: [0.2, 0], maskFeatures: [0.3, 0.2] },
      },
      encoder: { width: 256 },
      training: { learningRate: 1e-3, weightDecay: 1e-5 },
    },
    "graph-mae": {
      ...{ method: "graph-mae", epochs: 100 },
      encoder: { width: 512 },
      training: { learningRate: 1e-3, weightDecay: 2e-4 },
    },
  },
};
const PLAIN = ["raw words", "S³X"];
const definition = await modalities.load("graph");
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));

/** A set's source and labels, and the places of its parts. */
async function opened(set: string) {
  const path = join(DATA, "planetoid", set);
  const source = await definition.open(path);
  const split = source.column?.("split") ?? [];
  const of = (part: string) => split.flatMap((own, place) => (own === part ? [place] : []));
  const parts = { train: of("train"), validation: of("validation"), test: has("validation") ? [] : of("test") };
  const judge = (vectors: Vectors) => bestAccuracy(vectors, source.labels ?? [], source.classes?.length ?? 0, parts);
  return { path, source, judge };
}

/** Words of each node, and the same averaged over neighbours. */
async function plain(set: string, row: string): Promise<{ validation: number; test: number }> {
  const { source, judge } = await opened(set);
  const options = definition.options.parse({});
  const modality = definition.build(options, await definition.learn!(source, options));
  if (row === "S³X") {
    const { data, dim } = await (await definition.baseline(modality, source, { most: source.length })).extract(source);
    return judge({ data, dim });
  }
  const dim = modality.specs.values!.shape[1]!;
  const data = new Float32Array(source.length * dim);
  // The first row of what surrounds a node is its own.
  for (let place = 0; place < source.length; place++)
    data.set(modality.tensors(await source.read(place)).values!.data.subarray(0, dim), place * dim);
  return judge({ data, dim });
}

async function trained(set: string, row: string, setting: Setting, seed: number) {
  const { path, source, judge } = await opened(set);
  const out = join(folder, `${set}-${row}-${seed}`);
  const begun = performance.now();
  await pretrain({
    ...{ data: path, out, modality: "graph", method: setting.method, options: setting.options, encoder: "gcn" },
    encoderOptions: setting.encoder,
    modalityOptions: setting.modality,
    training: { ...setting.training, epochs: row === "untrained" ? 1 : setting.epochs, seed, workers: 0, logEvery: 25 },
  });
  const seconds = (performance.now() - begun) / 1000;
  const run = await openRun(out);
  const params = row === "untrained" ? await untrainedParams(run.config, source, seed) : run.params;
  const judged = await judge(await nodeVectors(run, params, source));
  await source.close();
  await rm(out, { recursive: true });
  return { ...judged, seconds: row === "untrained" ? 0 : seconds };
}

try {
  for (const set of listOf(words[0], Object.keys(settings)))
    for (const row of listOf(words[1], [...PLAIN, "untrained", ...Object.keys(settings[set] ?? {})])) {
      const isPlain = PLAIN.includes(row);
      for (const seed of isPlain ? [0] : listOf(words[2], ["0", "1", "2", "3", "4"]).map(Number)) {
        const setting = settings[set]?.[row] ?? settings[set]!["cca-ssg"]!;
        const epochs = isPlain || row === "untrained" ? 0 : setting.epochs;
        const { method: _, epochs: __, ...own } = setting;
        const key = { set, row, settings: isPlain || row === "untrained" ? "" : JSON.stringify(own), seed, epochs };
        const make = async () => {
          const { validation, test, seconds } = isPlain
            ? { ...(await plain(set, row)), seconds: 0 }
            : await trained(set, row, setting, seed);
          return { validation, test, seconds, steps: epochs, machine: machine() };
        };
        const { validation, test, seconds } = has("validation") ? await make() : await measured(key, make);
        console.log(
          `${set}, ${row}, seed ${seed}: validation ${validation?.toFixed(1)}, test ${test?.toFixed(1)}, ${seconds.toFixed(0)} s`,
        );
      }
    }
  if (!has("validation"))
    printTable(
      (await graphLines()).filter(({ set }) => set in settings),
      Object.keys(settings),
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}
