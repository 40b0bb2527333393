/**
 * Bearing faults from one labelled example (CWRU): pre-training on vibration under loads 0 to 2 without labels, then nine
 * faults told apart under load 3, which was never seen, from 1 and 5 labelled windows of 1,024 readings a fault.
 *
 *   node bench/series/bearing.ts [--epochs 12] [--seeds 3] [--setting spectrum-simclr] [--validation] [--no-scratch] [--table]
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
import { DATA, machine } from "./machine.ts";
import { npyOf } from "./npy.ts";
import { type Measured, printTables } from "./table.ts";
import { accuraciesOf, drawn, featuresOf, nearestAccuracy } from "./vectors.ts";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "12" },
    seeds: { type: "string", default: "3" },
    setting: { type: "string", default: "spectrum-simclr" },
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

/** Bands of the log spectrum that an encoder may read instead of the readings. */
const BANDS = 128;
const resnet = { encoder: "resnet", encoderOptions: { layers: "8", width: 24, stem: "small" } };
/**
 * Views of a spectrum: a window's spectrum is noisy, loads change it slowly along the frequency and shift it a little. Nothing
 * is put in another order.
 */
const views = { jitter: 0.4, scale: 0.3, magnitudeWarp: 0.4, timeWarp: 0.02, cropScale: [0.96, 1], permutation: 0 };
type Setting = Partial<Choices> & { readonly input: "readings" | "spectrum" };
const settings: Readonly<Record<string, Setting>> = {
  "spectrum-simclr": { input: "spectrum", method: "simclr", preset: "small", ...resnet, modalityOptions: views },
  "spectrum-vicreg": { input: "spectrum", method: "vicreg", preset: "small", ...resnet, modalityOptions: views },
  "spectrum-byol": { input: "spectrum", method: "byol", preset: "small", ...resnet, modalityOptions: views },
  "spectrum-swav": { input: "spectrum", method: "swav", preset: "small", ...resnet, modalityOptions: views },
  "readings-cola": {
    ...{ input: "readings", method: "simclr", preset: "cola", encoder: "resnet" },
    encoderOptions: { layers: "10", width: 24 },
  },
};
const setting = settings[values.setting];
if (!setting) {
  console.error(`no setting ${values.setting}; settings: ${Object.keys(settings).join(", ")}`);
  process.exit(2);
}

interface Windows {
  readonly fault: string;
  readonly load: number;
  /** `[windows, 1,024]`, in g. */
  readonly data: Float32Array;
}

/** The windows of all recordings of a fault, one every `hop` readings. */
async function recordings(loads: readonly number[], hop: number): Promise<Windows[]> {
  const lines = (await readFile(join(DATA, "cwru", "files.csv"), "utf8")).trim().split("\n").slice(1);
  const all: Windows[] = [];
  for (const line of lines) {
    const [file = "", fault = "", load = "", , , peak = "1"] = line.split(",");
    if (fault === "normal" || !loads.includes(Number(load))) continue;
    const { wave } = await decode(await readFile(join(DATA, "cwru", file)));
    const count = Math.floor((wave.length - WINDOW) / hop) + 1;
    const data = new Float32Array(count * WINDOW);
    for (let at = 0; at < count; at++)
      data.set(
        wave.subarray(at * hop, at * hop + WINDOW).map((value) => value * Number(peak)),
        at * WINDOW,
      );
    all.push({ fault, load: Number(load), data });
  }
  return all;
}

const spectrum = powerSpectrum(WINDOW);
/** Log power in so many bands of equal width, of each window. */
function logSpectra(data: Float32Array, bands: number): Float32Array {
  const rows = data.length / WINDOW;
  const width = WINDOW / 2 / bands;
  const result = new Float32Array(rows * bands);
  for (let row = 0; row < rows; row++) {
    const power = spectrum(Float64Array.from(data.subarray(row * WINDOW, (row + 1) * WINDOW)));
    for (let band = 0; band < bands; band++) {
      let sum = 0;
      for (let bin = 1; bin <= width; bin++) sum += power[band * width + bin]!;
      result[row * bands + band] = Math.log(sum / width + 1e-9);
    }
  }
  return result;
}

/** A folder `<fault>/load0.npy` … with what the encoder reads of each window. */
async function written(windows: readonly Windows[], name: string, input: Setting["input"]): Promise<string> {
  const folder = `${root}/bench/work/series/cwru/${input}-${name}`;
  await rm(folder, { recursive: true, force: true });
  for (const { fault, load, data } of windows) {
    const path = join(folder, fault, `load${load}.npy`);
    await mkdir(dirname(path), { recursive: true });
    const count = data.length / WINDOW;
    const shown = input === "readings" ? data : logSpectra(data, BANDS);
    await writeFile(path, npyOf(shown, [count, 1, shown.length / count]));
  }
  return folder;
}

/** Rows of all windows with their faults, in the order of the folder. */
function labelled(windows: readonly Windows[], of: (data: Float32Array) => Float32Array): LabelledVectors {
  const faults = [...new Set(windows.map(({ fault }) => fault))].sort();
  const parts = windows.map(({ fault, data }) => ({
    label: faults.indexOf(fault),
    data: of(data),
    rows: data.length / WINDOW,
  }));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const dim = parts[0]!.data.length / parts[0]!.rows;
  const result = { data: new Float32Array(rows * dim), labels: new Int32Array(rows), rows, dim };
  let at = 0;
  for (const part of parts) {
    result.data.set(part.data, at * dim);
    result.labels.fill(part.label, at, at + part.rows);
    at += part.rows;
  }
  return result;
}

interface Line extends Measured {
  /** By number of labels a fault and row of the table: accuracies of the draws, in per cent. */
  readonly accuracies: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

async function measured(seed: number): Promise<void> {
  const judged = values.validation ? "load 2" : "load 3";
  const epochs = Number(values.epochs);
  const isKnown = (await linesOf<Line>(results)).some(
    (line) => line.setting === values.setting && line.judged === judged && line.seed === seed && line.epochs === epochs,
  );
  if (isKnown) return;
  const known = await recordings(values.validation ? [0, 1] : [0, 1, 2], WINDOW / 2);
  const asked = await recordings(values.validation ? [2] : [3], WINDOW);
  const { input, ...choice } = setting!;
  const train = await written(known, `train-${judged.at(-1)}`, input);
  const test = await written(asked, `test-${judged.at(-1)}`, input);
  const folder = `${root}/bench/work/series/bearing-${values.setting}-${judged.at(-1)}-${epochs}-${seed}`;
  const choices: Choices = {
    ...{ data: train, modality: "series", ...choice },
    training: { seed, epochs, batchSize: 128, threads: 1, workers: 0 },
  };
  const { run, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const pairs = await featuresOf(run, train, test, seed, false);
  const [raw, rawTest] = [known, asked].map((windows) => labelled(windows, (data) => data)) as [
    LabelledVectors,
    LabelledVectors,
  ];
  const [spectra, spectraTest] = [known, asked].map((windows) => labelled(windows, (data) => logSpectra(data, 64))) as [
    LabelledVectors,
    LabelledVectors,
  ];
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

if (!values.table) for (let seed = 0; seed < Number(values.seeds); seed++) await measured(seed);
// Means over seeds and draws, in per cent.
printTables(await linesOf<Line>(results), ({ accuracies }) => accuracies, "labelled a fault");
process.exit(0);
