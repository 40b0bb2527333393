import { stat } from "node:fs/promises";
import { join } from "node:path";
import { labelsFromTable } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import type { OpenOptions, Source } from "../../data/source.ts";
import { UserError } from "../../foundation/errors.ts";
import { isFile } from "../../foundation/files.ts";
import { INFO } from "./record/layout.ts";
import type { ExperienceSample } from "./sample.ts";
import { readInfo } from "./sources/info.ts";
import { columnNames, labelsOfRows } from "./sources/labels.ts";
import { readRecording } from "./sources/read.ts";
import { type ExperienceManifest, entriesOf, experienceSource, isManifest } from "./sources/source.ts";

/**
 * Opens a recording: a folder in LeRobotDataset v3.0's layout, as `collect` writes it.
 * @throws UserError when it is none, or nothing in it can be read
 */
export async function openExperience(path: string, options: OpenOptions = {}): Promise<Source<ExperienceSample>> {
  if ((await stat(path).catch(() => undefined))?.isFile())
    throw new UserError(`${path}: a file; a recording of experience is a folder with ${INFO}`);
  const store = await readRecording(path);
  const manifest: ExperienceManifest = { store, entries: entriesOf(store) };
  const { labels: table, labelColumn, group } = options;
  const isColumn = group !== undefined && columnNames(store).includes(group);
  const grouped = isColumn ? { groupedBy: group, groups: labelsOfRows(path, store, group) } : {};
  if (labelColumn !== undefined)
    return experienceSource({ ...manifest, ...grouped, labels: labelsOfRows(path, store, labelColumn) });
  if (table === undefined) return experienceSource({ ...manifest, ...grouped });
  const source = experienceSource(manifest);
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  const { classes, labels } = await labelsFromTable(table, names);
  const ofRows = new Array<string | undefined>(store.rows).fill(undefined);
  new Int32Array(manifest.entries).forEach((row, index) => {
    if (row >= 0) ofRows[row] = classes[labels[index]!];
  });
  return experienceSource({ ...manifest, ...grouped, labels: ofRows });
}

export async function reopenExperience(manifest: unknown): Promise<Source<ExperienceSample>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of experience");
  return experienceSource(manifest);
}

/** Proven by `meta/info.json` of LeRobot's layout: images and tables in the folder are parts of it. */
export async function recognisesExperience(path: string): Promise<Recognition> {
  if (!(await isFile(join(path, INFO)))) return undefined;
  await readInfo(path);
  return "proven";
}
