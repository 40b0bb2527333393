/**
 * Anomalies of series, by reconstruction and by distance, beside the distance of raw windows and a z-score:
 *
 * - engines (C-MAPSS FD001): what is usual are the first 60 cycles of engines 1 to 50; the last 30 cycles before the failure of
 *   engines 51 to 100 are to be found among their whole lives;
 * - bleeding (UCR anomaly archive 135): a pulse wave, usual in its first part, with one anomaly in the rest.
 *
 *   node bench/series/anomalies.ts [--seeds 3] [--sets engines,bleeding] [--table]
 *
 * MAE is pre-trained on what is usual alone. Data: `$AUTODIDACT_DATA` or ../shared/data. Results: bench/results/anomalies.jsonl,
 * and docs/images/anomalies.svg of the first seed.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { anomalies, anomalyScores } from "../../src/modalities/series/anomalies/anomalies.ts";
import { anomalyDrawing } from "../../src/modalities/series/anomalies/page.ts";
import { addLine, type Choices, linesOf, root, trained } from "../methods/shared.ts";
import { engines, written } from "./engines.ts";
import { DATA, machine, meanOf } from "./machine.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    sets: { type: "string", default: "engines,bleeding" },
    table: { type: "boolean", default: false },
  },
});
const results = `${root}/bench/results/anomalies.jsonl`;

interface Set {
  readonly usual: string;
  readonly data: string;
  readonly columns: { readonly by?: string; readonly time: string; readonly labelColumn: string };
  readonly modalityOptions: Readonly<Record<string, unknown>>;
  readonly epochs: number;
}

/** Cycles at the beginning of an engine that are taken for usual, and before its failure that are not. */
const [USUAL, LATE] = [60, 30];

const sets: Readonly<Record<string, () => Promise<Set>>> = {
  async engines() {
    const { train } = await engines();
    const early = train.slice(0, 50).map((engine) => ({ ...engine, rows: engine.rows.slice(0, USUAL) }));
    return {
      usual: await written(early, "usual", () => "normal"),
      data: await written(train.slice(50), "lives", ({ rows }, row) => (rows.length - row <= LATE ? "late" : "normal")),
      columns: { by: "engine", time: "cycle", labelColumn: "left" },
      modalityOptions: { window: 32, hop: 2 },
      epochs: 40,
    };
  },
  async bleeding() {
    const of = (part: string) =>
      join(DATA, "ucr-uea", "KDD-TSAD_135", `135_UCR_Anomaly_InternalBleeding16_${part}.csv`);
    return {
      usual: of("TRAIN"),
      data: of("TEST"),
      columns: { time: "timestamp", labelColumn: "is_anomaly" },
      modalityOptions: { window: 128, hop: 2 },
      epochs: 40,
    };
  },
};
const unknown = values.sets.split(",").find((name) => !Object.hasOwn(sets, name));
if (unknown !== undefined) {
  console.error(`no set ${unknown}; sets: ${Object.keys(sets).join(", ")}`);
  process.exit(2);
}

interface Line {
  readonly set: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly machine: string;
  /** AUROC and average precision by row of the table, in per cent. */
  readonly measures: Readonly<Record<string, readonly [auroc: number, averagePrecision: number]>>;
}

async function measured(name: string, seed: number): Promise<void> {
  if ((await linesOf<Line>(results)).some((line) => line.set === name && line.seed === seed)) return;
  const { usual, data, columns, modalityOptions, epochs } = await sets[name]!();
  const folder = `${root}/bench/work/series/anomalies-${name}-${seed}`;
  const choices: Choices = {
    ...{ data: usual, ...columns, modality: "series", method: "mae", preset: "small", encoder: "vit" },
    encoderOptions: { width: 64, depth: 3, heads: 4, patchSize: 4, dropPath: 0 },
    options: { maskRatio: 0.5, decoderWidth: 64, decoderDepth: 1, normalizeTarget: false },
    modalityOptions,
    training: { seed, epochs, batchSize: 64, threads: 1, workers: 0 },
  };
  const { run, seconds } = await trained(choices, folder, existsSync(`${folder}/config.json`));
  const measures: Record<string, [number, number]> = {};
  for (const scoredBy of anomalyScores) {
    const found = await anomalies({ run, data, usual, ...columns, scoredBy });
    for (const { name: by, auroc, averagePrecision } of found.measures)
      measures[by] = [100 * auroc, 100 * averagePrecision];
    const [first] = found.series;
    if (name === "engines" && seed === 0 && scoredBy === "reconstruction" && first)
      await writeFile(`${root}/docs/images/anomalies.svg`, `${anomalyDrawing(first, found)}\n`);
  }
  console.log(name, seed, measures);
  await addLine(results, {
    ...{ set: name, seed, steps: run.step, seconds: Math.round(seconds), machine: machine(), measures },
  } satisfies Line);
}

/** Means ± sample deviations over the seeds, in per cent. */
async function table(): Promise<void> {
  for (const [name, lines] of Map.groupBy(await linesOf<Line>(results), ({ set }) => set)) {
    const [{ steps, machine: on } = { steps: 0, machine: "" }] = lines;
    console.log(`\n${name}: ${steps} steps; ${on}; seeds ${lines.map(({ seed }) => seed).join(", ")}`);
    console.log("| | AUROC | average precision |\n|---|---|---|");
    for (const by of Object.keys(lines[0]?.measures ?? {})) {
      const cells = [0, 1].map((at) => meanOf(lines.map(({ measures }) => measures[by]?.[at] ?? Number.NaN)));
      console.log(`| ${by} | ${cells.join(" | ")} |`);
    }
  }
}

if (!values.table)
  for (let seed = 0; seed < Number(values.seeds); seed++)
    for (const name of values.sets.split(",")) await measured(name, seed);
await table();
process.exit(0);
