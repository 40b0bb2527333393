/**
 * Is it worth choosing what to label? CIFAR-10 (20,000 / 5,000), the vectors of a run that is there already: accuracy of a
 * linear probe on the test images with 50, 100 and 200 labels, chosen by each strategy of `autodidact suggest`, random
 * among them; five seeds each, mean and sample deviation.
 *
 *   node bench/suggest.ts <run> [--budgets 50,100,200] [--seeds 5] [--pool 20000] [--test 5000] [--out <file>]
 *
 * `--pool` and `--test` take so many images, evenly over the data, for a dry run. Margin is left out: it needs a head.
 * Writes bench/results/suggest.json. Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Rng } from "../src/array/index.ts";
import { answersOf } from "../src/data/answers.ts";
import { kCenter } from "../src/evaluation/collection/strategies/k-center.ts";
import { random } from "../src/evaluation/collection/strategies/random.ts";
import { typicality } from "../src/evaluation/collection/strategies/typicality.ts";
import { accuracyOf, meanAndDeviation } from "../src/evaluation/scores/metrics.ts";
import { unitRows } from "../src/evaluation/vectors/normalize.ts";
import { linearProbe } from "../src/evaluation/vectors/probe.ts";
import { labelled, select } from "../src/evaluation/worth/contestants.ts";
import { writeAtomically } from "../src/foundation/files.ts";
import { image } from "../src/modalities/image/index.ts";
import { extractFeatures } from "../src/training/features.ts";
import { openRun, type Run } from "../src/training/run/run.ts";
import { root, testData, trainData } from "./methods/shared.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    budgets: { type: "string", default: "50,100,200" },
    seeds: { type: "string", default: "5" },
    pool: { type: "string", default: "20000" },
    test: { type: "string", default: "5000" },
    out: { type: "string", default: `${root}/bench/results/suggest.json` },
  },
});

const strategies = { random, typicality, "k-center": kCenter };

/** Vectors of so many labelled images, evenly over the data. */
async function vectorsOf({ encoder, params, modality, config }: Run, path: string, most: number) {
  const source = await image.open(path);
  const count = Math.min(most, source.length);
  const indices = Int32Array.from({ length: count }, (_, at) => Math.floor((at * source.length) / count));
  const features = await extractFeatures({
    encoder,
    params,
    modality,
    source,
    indices,
    device: config.training.device,
  });
  await source.close();
  return {
    ...labelled(features, answersOf("classification", source.classes ?? [])),
    classes: source.classes?.length ?? 0,
  };
}

/** Distinct classes among the chosen: a probe cannot know one that it never saw. */
const classesIn = (labels: Int32Array, rows: Int32Array) => new Set(rows.map((row) => labels[row]!)).size;

async function measure(run: Run) {
  const pool = await vectorsOf(run, trainData, Number(values.pool));
  const test = await vectorsOf(run, testData, Number(values.test));
  const { rows, dim, classes } = pool;
  const candidates = { units: unitRows(pool.data, rows, dim), rows, dim, labelled: new Int32Array() };
  const results = [];
  for (const budget of values.budgets.split(",").map(Number))
    for (const [strategy, choose] of Object.entries(strategies)) {
      const accuracies: number[] = [];
      const seen: number[] = [];
      const start = performance.now();
      let choosing = 0;
      for (let seed = 0; seed < Number(values.seeds); seed++) {
        const begun = performance.now();
        const chosen = Int32Array.from(choose(candidates, budget, new Rng(seed)), ({ row }) => row);
        choosing += (performance.now() - begun) / 1000;
        const { predictions } = await linearProbe(select(pool, chosen), test, classes, seed);
        accuracies.push(accuracyOf(predictions, test.labels));
        seen.push(classesIn(pool.labels, chosen));
      }
      const { mean, deviation } = meanAndDeviation(accuracies);
      const classesSeen = meanAndDeviation(seen).mean;
      results.push({
        budget,
        strategy,
        mean,
        deviation,
        classesSeen,
        accuracies,
        secondsToChoose: choosing / seen.length,
      });
      const spent = (performance.now() - start) / 1000;
      console.log(
        `${budget} labels by ${strategy}: ${(100 * mean).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %, ${classesSeen.toFixed(1)} of ${classes} classes among them; ${spent.toFixed(0)} s`,
      );
    }
  return { pool: rows, test: test.rows, results };
}

const [folder] = positionals;
if (!folder) {
  console.error("usage: node bench/suggest.ts <run> [--budgets 50,100,200] [--seeds 5]");
  process.exit(2);
}
if (!existsSync(trainData)) console.log(`no CIFAR-10 at ${trainData}; set AUTODIDACT_DATA`);
else {
  const run = await openRun(folder);
  const { method, encoder, training } = run.config;
  const what = { method: method.name, encoder, epochs: training.epochs, step: run.step, seed: training.seed };
  const machine = `${cpus().length} × ${cpus()[0]?.model}`;
  const result = { run: what, seeds: Number(values.seeds), machine, ...(await measure(run)) };
  const out = resolve(values.out);
  await mkdir(dirname(out), { recursive: true });
  await writeAtomically(out, [`${JSON.stringify(result, null, 2)}\n`]);
}
