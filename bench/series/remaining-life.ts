/*
 * Remaining life of jet engines (C-MAPSS FD001): pretraining on all training engines without labels, fine-tuning on a few
 * labelled ones, RMSE of the cycles left at the end of each test engine, capped at 125.
 *
 *   node bench/series/remaining-life.ts [method] [epochs] [engines, with commas] [seeds]
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finetune, judge, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine, meanOf } from "./machine.ts";

const { words } = benchArguments("node bench/series/remaining-life.ts [method] [epochs] [engines] [seeds]");
const [method = "mae", epochs = "40", engines = "2,5,10", seeds = "3"] = words;
/** Cycles that the encoder reads, and above which the cycles left are not told apart. */
const [WINDOW, CAP] = [30, 125];
/** FD001 has one setting, and sensors that never change. */
const SENSORS = [2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21];
const HEADER = ["engine", "cycle", ...SENSORS.map((sensor) => `s${sensor}`), "left"].join(",");

type Row = readonly number[];
const read = async (name: string): Promise<Row[]> =>
  (await readFile(join(DATA, "c-mapss", name), "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));

/** Rows of each engine, in order. */
function byEngine(rows: readonly Row[]): Row[][] {
  const all = new Map<number, Row[]>();
  for (const row of rows) all.set(row[0]!, [...(all.get(row[0]!) ?? []), row]);
  return [...all.values()];
}
const table = (some: readonly { rows: readonly Row[]; left: (at: number) => number }[]): string =>
  `${[HEADER, ...some.flatMap(({ rows, left }) => rows.map((row, at) => [row[0], row[1], ...SENSORS.map((sensor) => row[4 + sensor]), Math.min(CAP, left(at))].join(",")))].join("\n")}\n`;

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
const at = (name: string) => join(folder, name);
const columns = { by: "engine", time: "cycle", labelColumn: "left" };
try {
  const train = byEngine(await read("train_FD001.txt")).map((rows) => ({
    rows,
    left: (row: number) => rows.length - 1 - row,
  }));
  const ends = await read("RUL_FD001.txt");
  const test = byEngine(await read("test_FD001.txt")).map((rows, engine) => {
    // Only the end of each test engine is judged.
    const last = rows.slice(-WINDOW);
    return { rows: last, left: (row: number) => ends[engine]![0]! + last.length - 1 - row };
  });
  await writeFile(at("train.csv"), table(train));
  await writeFile(at("test.csv"), table(test));
  console.log(`${method}, ${epochs} epochs, windows of ${WINDOW} cycles, ${seeds} seeds; ${machine()}`);
  console.log("labelled engines | pretrained | from scratch   (RMSE in cycles)");
  const modalityOptions = { window: WINDOW + 2, hop: 1, mask: true };
  for (let seed = 0; seed < Number(seeds); seed++)
    await pretrain({
      ...{ data: at("train.csv"), ...columns, out: at(`run-${seed}`), modality: "series", method, encoder: "vit" },
      ...{ preset: "small", modalityOptions, encoderOptions: { patchSize: 4 } },
      training: { epochs: Number(epochs), seed },
    });
  for (const count of engines.split(",").map(Number)) {
    const errors: Record<"pretrained" | "scratch", number[]> = { pretrained: [], scratch: [] };
    for (let seed = 0; seed < Number(seeds); seed++) {
      // Other engines for every seed.
      const chosen = Array.from({ length: count }, (_, one) => train[(seed * 31 + one * 7) % train.length]!);
      await writeFile(at("labelled.csv"), table(chosen));
      for (const how of ["pretrained", "scratch"] as const) {
        const run = await finetune({
          ...{ from: at(`run-${seed}`), train: at("labelled.csv"), ...columns, out: at(`${how}-${count}-${seed}`) },
          ...{ task: "regression", scratch: how === "scratch", training: { seed } },
        });
        const { measures } = await judge({ run, data: at("test.csv"), ...columns });
        errors[how].push(measures.rootMeanSquaredError ?? Number.NaN);
      }
    }
    console.log(`${count} | ${meanOf(errors.pretrained)} | ${meanOf(errors.scratch)}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
