/**
 * TS2Vec on six sets of the UCR and UEA archives: pre-training on the published training part without labels, then a linear
 * probe and the nearest neighbour on frozen features, beside the untrained encoder, what needs no learning, and the encoder
 * from scratch.
 *
 *   node bench/series/classification.ts [--sets GunPoint,ACSF1] [--seeds 3] [--scratch] [--table]
 *
 * The recipe is the paper's: 200 steps for sets of up to 100,000 values, else 600, batches of 8. Data: `$AUTODIDACT_DATA/ucr-uea`
 * or ../shared/data/ucr-uea. Runs: bench/work/series; results: bench/results/classification.jsonl.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { finetune, judge } from "../../src/index.ts";
import { addLine, linesOf, root, trained } from "../methods/shared.ts";
import { DATA, machine, meanOf } from "./machine.ts";
import { accuraciesOf, featuresOf, nearestAccuracy } from "./vectors.ts";

/** Samples of the training part, steps, and what differs from the usual for long series. */
const sets = {
  GunPoint: { samples: 50, steps: 200, published: 98.0 },
  ItalyPowerDemand: { samples: 67, steps: 200, published: 92.5 },
  ArrowHead: { samples: 36, steps: 200, published: 85.7 },
  // Two segments of an eighth of its 1,460 steps instead of five eighths: else 600 steps take five minutes.
  ACSF1: { samples: 100, steps: 600, published: 90.0, options: { extent: 0.125, overlap: 0.1 } },
  PickupGestureWiimoteZ: { samples: 50, steps: 200, published: 82.0 },
  BasicMotions: { samples: 40, steps: 200, published: 97.5 },
} as const;
type SetName = keyof typeof sets;
const BATCH = 8;

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: Object.keys(sets).join(",") },
    seeds: { type: "string", default: "3" },
    scratch: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const results = `${root}/bench/results/classification.jsonl`;
const isSet = (name: string): name is SetName => Object.hasOwn(sets, name);
const chosen = values.sets.split(",").filter(isSet);
if (chosen.length < values.sets.split(",").length) {
  console.error(`--sets ${values.sets}: sets are ${Object.keys(sets).join(", ")}`);
  process.exit(2);
}

interface Line {
  readonly set: SetName;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
  /** Accuracies by row of the table, in per cent. */
  readonly accuracies: Readonly<Record<string, number>>;
}

async function measured(set: SetName, seed: number): Promise<void> {
  const isKnown = (await linesOf<Line>(results)).some(
    (line) => line.set === set && line.seed === seed && (!values.scratch || "from scratch" in line.accuracies),
  );
  if (isKnown) return;
  const { samples, steps, ...others } = sets[set];
  const [train, test] = ["TRAIN", "TEST"].map((part) => join(DATA, "ucr-uea", set, `${set}_${part}.ts`)) as [
    string,
    string,
  ];
  const folder = `${root}/bench/work/series/ts2vec/${set}-${seed}`;
  const isDone = existsSync(`${folder}/config.json`);
  const { run, seconds } = await trained(
    {
      ...{ data: train, modality: "series", method: "ts2vec", preset: "series" },
      ...("options" in others ? { options: others.options } : {}),
      training: { epochs: Math.round(steps / Math.floor(samples / BATCH)), seed, threads: 1, workers: 0 },
    },
    folder,
    isDone,
  );
  const pairs = await featuresOf(run, train, test, seed);
  const accuracies: Record<string, number> = {
    "1-NN, raw values": nearestAccuracy(pairs.raw.train, pairs.raw.test),
  };
  for (const [name, pair] of [
    ["raw, spectrum and 200 random convolutions", pairs.baseline],
    ["untrained", pairs.untrained],
    ["TS2Vec", pairs.trained],
  ] as const) {
    if (!pair) continue;
    const { nearest, linear } = await accuraciesOf(pair, seed);
    accuracies[`${name}, nearest`] = nearest[0] ?? Number.NaN;
    accuracies[`${name}, linear`] = linear[0] ?? Number.NaN;
  }
  if (values.scratch) {
    const out = `${folder}-scratch`;
    await rm(out, { recursive: true, force: true });
    const tuned = await finetune({
      ...{ from: folder, train, out, scratch: true, steps },
      training: { seed, threads: 1, workers: 0, batchSize: BATCH },
    });
    const { measures } = await judge({ run: tuned, data: test });
    accuracies["from scratch"] = 100 * (measures.accuracy ?? Number.NaN);
  }
  console.log(set, seed, accuracies);
  await addLine(results, {
    ...{ set, seed, steps: run.step, seconds: Math.round(seconds), machine: machine(), accuracies },
  } satisfies Line);
}

/** Means ± sample deviations over the seeds, in per cent. */
async function table(): Promise<void> {
  const lines = await linesOf<Line>(results);
  const names = [...new Set(lines.flatMap(({ accuracies }) => Object.keys(accuracies)))];
  const shown = (Object.keys(sets) as SetName[]).filter((set) => lines.some((line) => line.set === set));
  console.log(`\n${[...new Set(lines.map((line) => line.machine))].join("; ")}`);
  console.log(`| | ${shown.join(" | ")} | mean |`);
  console.log(`|---|${shown.map(() => "---|").join("")}---|`);
  for (const name of names) {
    const of = shown.map((set) => lines.flatMap((line) => (line.set === set ? (line.accuracies[name] ?? []) : [])));
    const means = of.map((all) => all.reduce((sum, value) => sum + value, 0) / all.length);
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
    const cells = of.map((all) => (all.length === 0 ? "–" : meanOf(all)));
    console.log(`| ${name} | ${cells.join(" | ")} | ${Number.isNaN(mean) ? "–" : mean.toFixed(1)} |`);
  }
  const published = shown.map((set) => sets[set].published);
  const mean = published.reduce((sum, value) => sum + value, 0) / published.length;
  console.log(`| published TS2Vec | ${published.map((value) => value.toFixed(1)).join(" | ")} | ${mean.toFixed(1)} |`);
  console.log(
    `| seconds with one thread | ${shown
      .map((set) =>
        meanOf(
          lines.flatMap((line) => (line.set === set ? line.seconds : [])),
          0,
        ),
      )
      .join(" | ")} | |`,
  );
}

if (!values.table)
  for (let seed = 0; seed < Number(values.seeds); seed++) for (const set of chosen) await measured(set, seed);
await table();
process.exit(0);
