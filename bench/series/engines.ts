/** C-MAPSS FD001 (Saxena et al. 2008) as tables: simulated jet engines until they fail. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../methods/shared.ts";
import { DATA } from "./machine.ts";

/** FD001 has one setting, and sensors that never change. */
const SENSORS = [2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21];
/** Above so many cycles left are not told apart. */
export const CAP = 125;

type Row = readonly number[];
export interface Engine {
  readonly id: number;
  readonly rows: readonly Row[];
  /** Cycles left after the last row. */
  readonly end: number;
}

const read = async (name: string): Promise<Row[]> =>
  (await readFile(join(DATA, "c-mapss", name), "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));

/** The engines to learn from, until they failed, and those to be judged, cut off before. */
export async function engines(): Promise<{ train: Engine[]; test: Engine[] }> {
  const ends = (await read("RUL_FD001.txt")).map(([end = 0]) => end);
  const byEngine = (rows: readonly Row[]) => [...Map.groupBy(rows, ([engine = 0]) => engine)];
  return {
    train: byEngine(await read("train_FD001.txt")).map(([id, rows]) => ({ id, rows, end: 0 })),
    test: byEngine(await read("test_FD001.txt")).map(([id, rows], at) => ({ id, rows, end: ends[at]! })),
  };
}

/** Cycles left after a row, at most 125. */
export const leftAt = ({ rows, end }: Engine, row: number): number => Math.min(CAP, end + rows.length - 1 - row);

/** Writes a table of engines to bench/work/series/c-mapss. @param labelOf of each row; by default the cycles left */
export async function written(
  all: readonly Engine[],
  name: string,
  labelOf: (engine: Engine, row: number) => string | number = leftAt,
): Promise<string> {
  const lines = all.flatMap((engine) =>
    engine.rows.map((row, at) =>
      [engine.id, row[1], ...SENSORS.map((sensor) => row[4 + sensor]), labelOf(engine, at)].join(","),
    ),
  );
  const folder = `${root}/bench/work/series/c-mapss`;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.csv`);
  await writeFile(path, `engine,cycle,${SENSORS.map((sensor) => `s${sensor}`).join(",")},left\n${lines.join("\n")}\n`);
  return path;
}
