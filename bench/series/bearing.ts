/**
 * Bearing faults from one labelled example (CWRU): pre-training on vibration under loads 0 to 2 without labels, then nine
 * faults told apart under load 3, which was never seen, from 1 and 5 labelled windows of 1,024 readings a fault.
 *
 *   node bench/series/bearing.ts [--epochs 12] [--seeds 3] [--setting segments-resnet] [--validation] [--no-scratch] [--table]
 *
 * `--validation` trains on loads 0 and 1 and judges on load 2, for choosing settings. Data: `$AUTODIDACT_DATA/cwru` or
 * ../shared/data/cwru. Runs: bench/work/series; results: bench/results/bearing.jsonl.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { powerSpectrum } from "../../src/data/signal/fourier.ts";
import type { LabelledVectors } from "../../src/evaluation/vectors/knn.ts";
import { finetune, judge } from "../../src/index.ts";
import { decode } from "../../src/modalities/audio/decode.ts";
import { addLine, type Choices, linesOf, root, trained } from "../methods/shared.ts";
import { DATA, machine, meanOf } from "./machine.ts";
import { npyOf } from "./npy.ts";
import { accuraciesOf, drawn, featuresOf, nearestAccuracy } from "./vectors.ts";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "12" },
    seeds: { type: "string", default: "3" },
    setting: { type: "string", default: "segments-resnet" },
    validation: { type: "boolean", default: false },
    "no-scratch": { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const results = `${root}/bench/results/bearing.jsonl`;
const WINDOW = 1024;
const SHOTS = [1, 5];
const DRAWS = 3;
/** Steps from scratch on a few labels: more change nothing. */
const SCRATCH_STEPS = 300;

/** Vibration is told apart by its frequencies: views must not stretch it. */
const views = { timeWarp: 0.02, cropScale: [0.97, 1], permutation: 0.5, jitter: 0.2, scale: 0.4, magnitudeWarp: 0.3 };
const resnet = { encoder: "resnet", encoderOptions: { layers: "10", width: 24 } };
const settings: Readonly<Record<string, Partial<Choices>>> = {
  "segments-resnet": { method: "simclr", preset: "cola", ...resnet },
  "views-resnet": { method: "simclr", preset: "small", ...resnet, modalityOptions: views },
  "segments-wave": { method: "simclr", preset: "cola", encoder: "wave" },
  "vicreg-resnet": { method: "vicreg", preset: "small", ...resnet, modalityOptions: views },
  "mae-vit": { method: "mae", preset: "small", encoder: "vit", encoderOptions: { patchSize: 16 } },
  cpc: { method: "cpc", preset: "small" },
};
const setting = settings[values.setting];
if (!setting) {
  console.error(`no setting ${values.setting}; settings: ${Object.keys(settings).join(", ")}`);
  process.exit(2);
}

/** Folders `<fault>/load0.npy` … of the recordings under these loads. */
async function recordings(loads: readonly number[]): Promise<string> {
  const folder = `${root}/bench/work/series/cwru/loads-${loads.join("")}`;
  if (existsSync(join(folder, "complete"))) return folder;
  const lines = (await readFile(join(DATA, "cwru", "files.csv"), "utf8")).trim().split("\n").slice(1);
  for (const line of lines) {
    const [file = "", label = "", load = "", , , peak = "1"] = line.split(",");
    if (label === "normal" || !loads.includes(Number(load))) continue;
    const { wave } = await decode(await readFile(join(DATA, "cwru", file)));
    const path = join(folder, label, `load${load}.npy`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      npyOf(
        wave.map((value) => value * Number(peak)),
        [wave.length],
      ),
    );
  }
  await writeFile(join(folder, "complete"), "");
  return folder;
}

const BANDS = 64;
const spectrum = powerSpectrum(WINDOW);
/** Log power in 64 bands of equal width. */
function logSpectra({ data, dim, rows, labels }: LabelledVectors): LabelledVectors {
  const result = new Float32Array(rows * BANDS);
  for (let row = 0; row < rows; row++) {
    const power = spectrum(Float64Array.from(data.subarray(row * dim, row * dim + WINDOW)));
    const width = WINDOW / 2 / BANDS;
    for (let band = 0; band < BANDS; band++) {
      let sum = 0;
      for (let bin = 1; bin <= width; bin++) sum += power[band * width + bin]!;
      result[row * BANDS + band] = Math.log(sum / width + 1e-9);
    }
  }
  return { data: result, dim: BANDS, rows, labels };
}

interface Line {
  readonly setting: string;
  readonly judged: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
  /** By number of labels a fault and row of the table: accuracies of the draws, in per cent. */
  readonly accuracies: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

async function measured(seed: number): Promise<void> {
  const judged = values.validation ? "load 2" : "load 3";
  const epochs = Number(values.epochs);
  const known = (await linesOf<Line>(results)).some(
    (line) => line.setting === values.setting && line.judged === judged && line.seed === seed && line.epochs === epochs,
  );
  if (known) return;
  const train = await recordings(values.validation ? [0, 1] : [0, 1, 2]);
  const test = await recordings(values.validation ? [2] : [3]);
  const folder = `${root}/bench/work/series/bearing-${values.setting}-${judged.at(-1)}-${epochs}-${seed}`;
  const choices: Choices = {
    ...{ data: train, modality: "series", ...setting },
    modalityOptions: { window: WINDOW, hop: WINDOW / 2, ...setting?.modalityOptions },
    training: { seed, epochs, batchSize: 128, threads: 1, workers: 0 },
  };
  const { run, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const pairs = await featuresOf(run, train, test, seed, false);
  const { train: raw, test: rawTest } = pairs.raw;
  const [spectra, spectraTest] = [logSpectra(raw), logSpectra(rawTest)];
  const accuracies: Record<string, Record<string, number[]>> = {};
  for (const shots of SHOTS) {
    const rows: Record<string, number[]> = {};
    const draws = Array.from({ length: DRAWS }, (_, draw) => seed * DRAWS + draw);
    const count = shots * pairs.trained.classes;
    rows["raw values, nearest"] = draws.map((draw) => nearestAccuracy(drawn(raw, count, draw), rawTest));
    rows["log spectrum in 64 bands, nearest"] = draws.map((draw) =>
      nearestAccuracy(drawn(spectra, count, draw), spectraTest),
    );
    for (const [name, pair] of [
      ["untrained", pairs.untrained],
      ["pretrained", pairs.trained],
    ] as const) {
      const { nearest, linear } = await accuraciesOf(pair, seed, shots, DRAWS);
      rows[`${name}, nearest`] = nearest;
      rows[`${name}, linear`] = linear;
    }
    if (!values["no-scratch"]) {
      rows["from scratch"] = [];
      for (const draw of draws) {
        const out = `${folder}-scratch-${shots}-${draw}`;
        await rm(out, { recursive: true, force: true });
        const tuned = await finetune({
          ...{ from: folder, train, out, labelCount: count, scratch: true, steps: SCRATCH_STEPS },
          training: { seed: draw, threads: 1, workers: 0 },
        });
        const { measures } = await judge({ run: tuned, data: test });
        rows["from scratch"].push(100 * (measures.accuracy ?? Number.NaN));
      }
    }
    accuracies[shots] = rows;
    console.log(`seed ${seed}, ${shots} a fault`, rows);
  }
  await addLine(results, {
    ...{ setting: values.setting, judged, seed, epochs, steps: run.step, seconds: Math.round(seconds) },
    ...{ machine: machine(), accuracies },
  } satisfies Line);
}

/** Means ± sample deviations over seeds and draws, in per cent. */
async function table(): Promise<void> {
  const groups = Map.groupBy(
    await linesOf<Line>(results),
    ({ setting: name, judged, epochs, steps, machine: on }) =>
      `${name}, ${epochs} epochs (${steps} steps), ${judged}; ${on}`,
  );
  for (const [title, lines] of groups) {
    console.log(`\n${title}; seeds ${lines.map(({ seed }) => seed).join(", ")}`);
    const shots = Object.keys(lines[0]!.accuracies);
    console.log(`| | ${shots.map((count) => `${count} labelled a fault`).join(" | ")} |`);
    console.log(`|---|${shots.map(() => "---|").join("")}`);
    for (const name of Object.keys(lines[0]!.accuracies[shots[0]!] ?? {})) {
      const cells = shots.map((count) => meanOf(lines.flatMap(({ accuracies }) => accuracies[count]?.[name] ?? [])));
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  }
}

if (!values.table) for (let seed = 0; seed < Number(values.seeds); seed++) await measured(seed);
await table();
process.exit(0);
