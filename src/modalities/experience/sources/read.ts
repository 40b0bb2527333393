import { join } from "node:path";
import { Tally } from "../../../data/files/left-out.ts";
import { messageOf, UserError } from "../../../foundation/errors.ts";
import { openParquet } from "../../../foundation/parquet/read.ts";
import { FINAL } from "../record/layout.ts";
import { Builder, type Told, TooLarge } from "./builder.ts";
import { columnsOf, type FrameColumns, filesOf, readInfo } from "./info.ts";
import { numberOf } from "./numbers.ts";
import type { Store } from "./store.ts";

/**
 * Reads a file twice before it counts as damaged: on a machine that gives the reading thread no time, a whole one may look so.
 * @param undo forgets what the first attempt has read
 */
async function twice<Result>(read: () => Promise<Result>, undo = (): void => undefined): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof TooLarge) throw error;
    undo();
    return await read();
  }
}

/** Damaged files that are named one by one. */
const NAMED = 3;

/**
 * Reads a recording in LeRobotDataset v3.0's layout into memory. Files and frames that are damaged are named and left out.
 * @throws UserError when there is no frame to read, or it is another layout
 */
export async function readRecording(folder: string): Promise<Store> {
  const info = await readInfo(folder);
  const columns = columnsOf(folder, info);
  const notes: string[] = [];
  const told = await episodesOf(folder, columns, notes);
  const files = await filesOf(folder, "data");
  if (files.length === 0) throw new UserError(`${folder}: no frames: data/ has no chunk-000/file-000.parquet`);
  const builder = new Builder(columns, told, info.total_frames);
  const damaged: string[] = [];
  for (const name of files) {
    const path = join(folder, "data", name);
    const forget = builder.mark();
    try {
      await twice(() => readFrames(path, columns, builder), forget);
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof TooLarge) throw error;
      forget();
      damaged.push(messageOf(error));
      builder.broken.push({ name: `data/${name}`, reason: messageOf(error).replace(`${path}: `, "") });
    }
  }
  const frames = builder.rows;
  if (frames === 0) throw new UserError(damaged[0] ?? `${folder}: no frames in its ${files.length} files`);
  const leftOut = new Tally();
  for (const { key, why } of columns.unread) leftOut.add(key, { what: `observations (${key})`, advice: why });
  if (damaged.length > 0)
    notes.push(
      `${damaged.length} of ${files.length} files of frames are damaged and left out: ${damaged.slice(0, NAMED).join("; ")}`,
    );
  return await builder.finish({ leftOut: leftOut.leftOut, notes });
}

async function readFrames(path: string, columns: FrameColumns, builder: Builder): Promise<void> {
  const file = await openParquet(path);
  try {
    const { vectors, images, action, extras } = columns;
    const wanted = [...vectors, ...images, action, ...extras].map(({ key }) => key);
    const indices = ["episode_index", "frame_index"];
    const missing = [action.key, ...indices].find((key) => !file.columns.includes(key));
    if (missing !== undefined)
      throw new UserError(`${path}: no column ${missing}; there are ${file.columns.slice(0, 20).join(", ")}`);
    const there = [...indices, ...wanted].filter((key) => file.columns.includes(key));
    for await (const rows of file.rows(there, images.length > 0)) await builder.add(rows);
  } finally {
    await file.close();
  }
}

/** What the table of episodes says, by their numbers; nothing if it cannot be read. */
async function episodesOf(folder: string, columns: FrameColumns, notes: string[]): Promise<Map<number, Told>> {
  const told = new Map<number, Told>();
  const files = await filesOf(folder, "meta/episodes");
  if (files.length === 0) notes.push(`${folder}: no meta/episodes, which says how long episodes are`);
  for (const name of files) {
    const path = join(folder, "meta", "episodes", name);
    try {
      for (const [index, one] of await twice(() => readEpisodes(path, columns))) told.set(index, one);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      notes.push(`${messageOf(error)}; how long its episodes are is told by their frames`);
    }
  }
  return told;
}

async function readEpisodes(path: string, columns: FrameColumns): Promise<[number, Told][]> {
  const file = await openParquet(path);
  try {
    const seen = [...columns.vectors, ...columns.images].map(({ key }) => key);
    const finals = seen.filter((key) => file.columns.includes(FINAL + key));
    const wanted = ["episode_index", "length", ...finals.map((key) => FINAL + key)];
    const hasImages = finals.some((key) => columns.images.some((image) => image.key === key));
    const there = wanted.filter((key) => file.columns.includes(key));
    const told: [number, Told][] = [];
    for await (const rows of file.rows(there, hasImages))
      for (const row of rows) {
        const [index, length] = [numberOf(row.episode_index), numberOf(row.length)];
        if (index === undefined || length === undefined) continue;
        const isWhole = finals.length === seen.length;
        const final = isWhole ? Object.fromEntries(finals.map((key) => [key, row[FINAL + key]])) : {};
        told.push([index, { length, final }]);
      }
    return told;
  } finally {
    await file.close();
  }
}
