/**
 * MUTAG, PROTEINS and IMDB-B of TU's collection: accuracy of a logistic regression of frozen vectors over the ten given folds
 * (InfoGraph's protocol: encoders see all graphs and no label). Its strength is chosen on a fifth of each training part. Rows:
 * counts of Weisfeiler and Lehman's labels, the untrained encoder, and methods.
 *
 *   npm run bench:graph-sets -- [SET,…] [ROW,…] [SEED,…] [--json]
 *
 * Lines: bench/results/graphs.jsonl.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modalities, type Source } from "../../src/data/index.ts";
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import { extractFeatures, openRun, pretrain, untrainedParams } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine } from "../series/machine.ts";
import { foldsOf } from "./folds.ts";
import { graphLines, measured, printTable } from "./results.ts";
import { accuracyOf, type Vectors } from "./vectors.ts";

const { words } = benchArguments("npm run bench:graph-sets -- [SET,…] [ROW,…] [SEED,…] [--json]");
const listOf = (text: string | undefined, all: readonly string[]) => (text ? text.split(",") : all);
const SETS = ["MUTAG", "PROTEINS", "IMDBBINARY"];

interface Setting {
  readonly method: string;
  readonly epochs: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly modality?: Readonly<Record<string, unknown>>;
}
const encoder = { width: 32, depth: 3, pooling: "sum", jumping: "concat" } as const;
const rows: Readonly<Record<string, Setting>> = {
  infograph: { method: "infograph", epochs: 20 },
  graphcl: {
    ...{ method: "simclr", epochs: 20, options: { temperature: 0.2 } },
    modality: { augmentations: ["nodes", "subgraph", "edges", "attributes"], strength: 0.2 },
  },
};
const definition = await modalities.load("graph");
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));

/** Accuracy over the folds: mean and sample deviation. */
async function overFolds(set: string, source: Source<unknown>, vectors: Vectors, standardized: boolean, seed: number) {
  const { labels = [], classes = [] } = source;
  const scores: number[] = [];
  for (const fold of await foldsOf(set, source.length))
    scores.push((await accuracyOf(vectors, labels, classes.length, fold, { standardized, seed })).test);
  const { mean: test, deviation } = meanAndDeviation(scores);
  return { test, deviation };
}

async function judged(set: string, row: string, setting: Setting | undefined, seed: number) {
  const data = join(DATA, "tu", `${set}.txt.gz`);
  const source = await definition.open(data);
  const begun = performance.now();
  try {
    if (row === "Weisfeiler–Lehman") {
      const options = definition.options.parse(await definition.infer(source));
      const modality = definition.build(options, await definition.learn!(source, options));
      const baseline = await definition.baseline(modality, source, { most: source.length });
      return { ...(await overFolds(set, source, await baseline.extract(source), false, seed)), seconds: 0, steps: 0 };
    }
    const { method, epochs, options, modality } = setting ?? { ...rows.infograph!, epochs: 1 };
    const out = join(folder, `${set}-${row}-${seed}`);
    await pretrain({
      ...{ data, out, modality: "graph", method, options, encoder: "gin", encoderOptions: encoder },
      modalityOptions: modality,
      training: { epochs, seed, batchSize: 128, learningRate: 1e-3, weightDecay: 0, gradientClip: 1, workers: 0 },
    });
    const seconds = setting ? (performance.now() - begun) / 1000 : 0;
    const run = await openRun(out);
    const params = setting ? run.params : await untrainedParams(run.config, source, seed);
    const vectors = await extractFeatures({ encoder: run.encoder, params, modality: run.modality, source });
    const steps = setting ? Math.floor(source.length / 128) * epochs : 0;
    await rm(out, { recursive: true });
    return { ...(await overFolds(set, source, vectors, true, seed)), seconds, steps };
  } finally {
    await source.close();
  }
}

try {
  for (const set of listOf(words[0], SETS))
    for (const row of listOf(words[1], ["Weisfeiler–Lehman", "untrained", ...Object.keys(rows)])) {
      const isPlain = row === "Weisfeiler–Lehman";
      for (const seed of isPlain ? [0] : listOf(words[2], ["0", "1", "2"]).map(Number)) {
        const setting = rows[row];
        const { method: _, epochs = 0, ...own } = setting ?? { method: "", epochs: 0 };
        const settings = isPlain ? "" : JSON.stringify({ encoder, ...own });
        const make = async () => ({ ...(await judged(set, row, setting, seed)), machine: machine() });
        const { test, deviation, seconds } = await measured({ set, row, settings, seed, epochs }, make);
        console.log(
          `${set}, ${row}, seed ${seed}: ${test?.toFixed(1)} ± ${deviation?.toFixed(1)}, ${seconds.toFixed(0)} s`,
        );
      }
    }
  printTable(
    (await graphLines()).filter(({ set }) => SETS.includes(set)),
    SETS,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
