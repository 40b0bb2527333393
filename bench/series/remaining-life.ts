/**
 * Remaining life of jet engines (C-MAPSS FD001): pre-training on all training engines without labels, then a ridge regression
 * on frozen features of windows of 32 cycles from a few labelled engines; RMSE of the cycles left at the end of each of the
 * 100 test engines, capped at 125.
 *
 *   node bench/series/remaining-life.ts [--setting mae] [--epochs 20] [--seeds 3] [--engines 2,5,10,100] [--validation]
 *       [--scratch] [--table]
 *
 * Features are the tokens side by side. Every regression chooses its strength by leaving one labelled engine out. `--validation` judges on windows of training
 * engines without labels instead of the test engines, for choosing settings, `--rows pretrained` shows those alone; `--scratch` also trains the encoder on the labels
 * alone. Data: `$AUTODIDACT_DATA/c-mapss` or ../shared/data/c-mapss. Results: bench/results/remaining-life.jsonl.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { np, Rng } from "../../src/array/index.ts";
import { offerOf } from "../../src/data/ability.ts";
import { map, tokens } from "../../src/encoders/abilities.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { finetune, judge } from "../../src/index.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { openData } from "../../src/training/run/open-data.ts";
import { buildParts, type Run } from "../../src/training/run/run.ts";
import { untrainedParams } from "../../src/training/untrained.ts";
import { addLine, type Choices, linesOf, root, trained } from "../methods/shared.ts";
import { CAP, type Engine, engines, leftAt, written } from "./engines.ts";
import { machine, meanOf } from "./machine.ts";
import { healthOf, type Rows, rootMeanSquare } from "./ridge.ts";
import { type Measured, printTables } from "./table.ts";
import { rawReadings } from "./vectors.ts";

const { values } = parseArgs({
  options: {
    setting: { type: "string", default: "mae" },
    epochs: { type: "string", default: "20" },
    seeds: { type: "string", default: "3" },
    engines: { type: "string", default: "2,5,10,100" },
    validation: { type: "boolean", default: false },
    rows: { type: "string", default: "" },
    scratch: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const results = `${root}/bench/results/remaining-life.jsonl`;
/** Cycles that the encoder reads, and more than any engine lasts. */
const [WINDOW, LONGEST] = [32, 368];
/** Of the pre-training; of whole engines as many as there are. */
const BATCH = values.setting === "order" ? 50 : 128;
/** Steps of training on labels. */
const TUNING_STEPS = 200;
/** Draws of labelled engines for each seed. */
const DRAWS = 5;
const columns = { by: "engine", time: "cycle", labelColumn: "left" };

const vit = { encoder: "vit", encoderOptions: { width: 64, depth: 3, heads: 4, patchSize: 4, dropPath: 0 } };
const settings: Readonly<Record<string, Partial<Choices>>> = {
  mae: {
    method: "mae",
    preset: "small",
    ...vit,
    options: { decoderWidth: 64, decoderDepth: 1, normalizeTarget: false },
  },
  simmim: { method: "simmim", preset: "small", ...vit },
  // Two windows of an engine, far apart: which came first? An encoder without positions then reads windows of any length.
  order: {
    ...{ method: "frame-order", preset: "small", encoder: "resnet" },
    encoderOptions: { layers: "8", width: 16, stem: "small" },
    options: { count: 2, extent: WINDOW / LONGEST, gap: [0.05, 0.25] },
    modalityOptions: { window: LONGEST },
  },
  ts2vec: { method: "ts2vec", encoder: "dilated", encoderOptions: { width: 32, outputDim: 64, depth: 4 } },
};
const setting = settings[values.setting];
if (!setting) {
  console.error(`no setting ${values.setting}; settings: ${Object.keys(settings).join(", ")}`);
  process.exit(2);
}

/** All tokens of a window side by side: their mean would lose when something happened, and how fast. */
function withoutPooling(encoder: Encoder): Encoder {
  const steps = offerOf(encoder, tokens);
  const embedDim = steps
    ? steps.count * steps.width
    : (offerOf(encoder, map) ?? []).reduce((product, one) => product * one, 1);
  const read: Encoder["apply"] = steps ? (params, inputs) => steps.encode(params, inputs) : encoder.hidden;
  const apply: Encoder["apply"] = (params, inputs) => np.reshape(read(params, inputs), [-1, embedDim]);
  return { ...encoder, embedDim, apply };
}

/** Features of every window of some engines, with the engine and the cycles left. */
async function windowsOf(run: Run, path: string, all: readonly Engine[], params: Run["params"]) {
  const source = await openData(run, path, columns);
  try {
    const encoder = withoutPooling(run.encoder);
    const { data, dim, indices } = await extractFeatures({ ...run, encoder, params, source });
    const raw = await rawReadings(run).extract(source);
    const groups = new Int32Array(indices.length);
    const left = new Float64Array(indices.length);
    indices.forEach((index, at) => {
      const [id = "", start = "0"] = source.name(index).split("@");
      const engine = all.find((one) => one.id === Number(id))!;
      groups[at] = engine.id;
      left[at] = leftAt(engine, Math.min(engine.rows.length, Number(start) + WINDOW) - 1);
    });
    return { features: { data, dim, groups, left }, raw: { data: raw.data, dim: raw.dim, groups, left } };
  } finally {
    await source.close();
  }
}

const chosen = ({ data, dim, groups, left }: Rows, ids: ReadonlySet<number>): Rows => {
  const rows = Int32Array.from(groups.keys()).filter((row) => ids.has(groups[row]!));
  const part = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    part.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return {
    data: part,
    dim,
    groups: rows.map((row) => groups[row]!),
    left: Float64Array.from(rows, (row) => left[row]!),
  };
};

interface Line extends Measured {
  /** By number of labelled engines and row of the table: RMSE of each draw. */
  readonly errors: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

async function measured(seed: number): Promise<void> {
  const judged = values.validation ? "validation" : "test";
  const epochs = Number(values.epochs);
  const { train, test } = await engines();
  const path = await written(train, "train");
  // Of each test engine one window, at its end.
  const ends = test.map(({ id, rows, end }) => ({ id, rows: rows.slice(-WINDOW), end }));
  const asked = await written(ends, "test");
  const folder = `${root}/bench/work/series/remaining-life-${values.setting}-${epochs}-${seed}`;
  const choices: Choices = {
    ...{ data: path, ...columns, modality: "series", ...setting },
    modalityOptions: { window: WINDOW, hop: 2, mask: true, ...setting?.modalityOptions },
    training: { seed, epochs, batchSize: BATCH, threads: 1, workers: 0 },
  };
  const { run: learned, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const { modality } = learned.config;
  const config = { ...learned.config, modality: { ...modality, options: { ...modality.options, window: WINDOW } } };
  const run: Run = { ...learned, config, ...(await buildParts(config)) };
  const known = await windowsOf(run, path, train, run.params);
  const queries = await windowsOf(run, asked, ends, run.params);
  const random = await untrainedParams(run.config, await openData(run, path, columns), seed + 1);
  const untrained = [await windowsOf(run, path, train, random), await windowsOf(run, asked, ends, random)] as const;
  const health = healthOf(known.raw, WINDOW);
  const contestants: Readonly<Record<string, readonly [Rows, Rows]>> = {
    "ridge on the raw readings": [known.raw, queries.raw],
    "health index (first component of all engines), level and slope, cubic": [health(known.raw), health(queries.raw)],
    "untrained, ridge": [untrained[0].features, untrained[1].features],
    "pretrained, ridge": [known.features, queries.features],
  };
  const errors: Record<string, Record<string, number[]>> = {};
  for (const count of values.engines.split(",").map(Number)) {
    const rows: Record<string, number[]> = {};
    const add = (name: string, error: number): void => {
      rows[name] = [...(rows[name] ?? []), error];
    };
    for (let draw = 0; draw < (count < train.length ? DRAWS : 1); draw++) {
      const order = [...new Rng(seed).split("engines", draw).permutation(train.length)];
      const ids = new Set(order.slice(0, count).map((at) => train[at]!.id));
      const others = new Set(order.slice(count).map((at) => train[at]!.id));
      for (const [name, [rowsKnown, rowsAsked]] of Object.entries(contestants)) {
        if (!name.startsWith(values.rows)) continue;
        const judgedRows = values.validation ? chosen(rowsKnown, others) : rowsAsked;
        add(name, rootMeanSquare(chosen(rowsKnown, ids), judgedRows, CAP));
      }
      if (!values.scratch || draw > 0) continue;
      const labelled = await written(
        train.filter(({ id }) => ids.has(id)),
        `labelled-${seed}-${count}`,
      );
      for (const scratch of [true, false]) {
        const out = `${folder}-${scratch ? "scratch" : "tuned"}-${count}`;
        await rm(out, { recursive: true, force: true });
        const tuned = await finetune({
          ...{ from: folder, train: labelled, ...columns, out, task: "regression", scratch, steps: TUNING_STEPS },
          training: { seed, threads: 1, workers: 0 },
        });
        const { measures } = await judge({ run: tuned, data: asked, ...columns });
        add(scratch ? "from scratch" : "pretrained, fine-tuned", measures.rootMeanSquaredError ?? Number.NaN);
      }
    }
    errors[count] = rows;
    console.log(
      `seed ${seed}, ${count} engines`,
      Object.fromEntries(Object.entries(rows).map(([name, all]) => [name, meanOf(all, 2)])),
    );
  }
  await addLine(results, {
    ...{ setting: values.setting, judged, seed, epochs, steps: run.step, seconds: Math.round(seconds) },
    ...{ machine: machine(), errors },
  } satisfies Line);
}

if (!values.table) for (let seed = 0; seed < Number(values.seeds); seed++) await measured(seed);
// Means over seeds and draws, in cycles.
printTables(await linesOf<Line>(results), ({ errors }) => errors, "labelled engines");
process.exit(0);
