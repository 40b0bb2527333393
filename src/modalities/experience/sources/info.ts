import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import { ACTION, type Feature, INFO, Info, OBSERVATION, USUAL } from "../record/layout.ts";

/** Largest `info.json` that is read: far above any. */
const LARGEST = 64 * 2 ** 20;
/** Numbers of one observation or action. */
const WIDEST = 2 ** 20;

/** Reads `meta/info.json`. @throws UserError when it is missing, damaged, or of another version of the layout */
export async function readInfo(folder: string): Promise<Info> {
  const path = join(folder, INFO);
  const bytes = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") throw new UserError(`${folder}: no recording of experience: it has no ${INFO}`);
    throw fileError(path, "read", error);
  });
  if (bytes.length > LARGEST) throw new UserError(`${path}: larger than any such file (${bytes.length} bytes)`);
  const json = parseJson(bytes.toString("utf8"), path);
  const version = versionOf(json);
  if (version !== undefined && !/^v?3\./.test(version))
    throw new UserError(
      `${folder}: a recording in LeRobot's layout ${version}; only v3.0 is read: convert it with LeRobot's convert_dataset_v21_to_v30`,
    );
  const info = Info.safeParse(json);
  if (info.success) return info.data;
  const [issue] = info.error.issues;
  throw new UserError(`${path}: not as LeRobotDataset v3.0 has it: ${issue?.path.join(".")}: ${issue?.message}`);
}

const versionOf = (json: unknown): string | undefined =>
  typeof json === "object" && json !== null && "codebase_version" in json && typeof json.codebase_version === "string"
    ? json.codebase_version
    : undefined;

const NUMERIC = /^(float|int|uint)\d+$|^bool$/;

/** A column of numbers of fixed width. */
export interface NumberColumn {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly names: readonly string[];
  readonly feature: Feature;
}

/** The columns of frames that are read. */
export interface FrameColumns {
  readonly vectors: readonly NumberColumn[];
  readonly images: readonly { readonly key: string; readonly name: string; readonly feature: Feature }[];
  readonly action: NumberColumn;
  /** Single numbers beside them. */
  readonly extras: readonly NumberColumn[];
  /** Observations that are not read, and why. */
  readonly unread: readonly { readonly key: string; readonly why: string }[];
}

/** Names of a column's numbers: a list, or lists by what they are of (`{ motors: [...] }`). */
function namesOf(names: unknown, size: number): string[] {
  const found =
    typeof names === "object" && names !== null && !Array.isArray(names) ? Object.values(names).flat(2) : names;
  if (!Array.isArray(found) || found.length !== size) return [];
  return found.every((name): name is string => typeof name === "string") ? found : [];
}

/** @throws UserError when there is no action, or nothing that is seen can be read */
export function columnsOf(folder: string, { features }: Info): FrameColumns {
  const numbers = (key: string, name: string, feature: Feature): NumberColumn | undefined => {
    const size = feature.shape.reduce((product, extent) => product * extent, 1);
    if (!NUMERIC.test(feature.dtype) || size < 1 || size > WIDEST) return undefined;
    return { key, name, size, names: namesOf(feature.names, size), feature };
  };
  const vectors: NumberColumn[] = [];
  const images: { key: string; name: string; feature: Feature }[] = [];
  const extras: NumberColumn[] = [];
  const unread: { key: string; why: string }[] = [];
  let action: NumberColumn | undefined;
  for (const [key, feature] of Object.entries(features)) {
    const isSeen = key.startsWith(OBSERVATION);
    const name = isSeen ? key.slice(OBSERVATION.length) : key;
    if (USUAL.some((one) => one === key && key !== "task_index")) continue;
    if (isSeen && feature.dtype === "image") images.push({ key, name, feature });
    else if (isSeen && feature.dtype === "video")
      unread.push({ key, why: "frames in MP4 files; record with images in the table (LeRobot: use_videos=False)" });
    else {
      const column = numbers(key, name, feature);
      if (key === ACTION) action = column;
      else if (isSeen && column) vectors.push(column);
      else if (isSeen) unread.push({ key, why: `values of type ${feature.dtype}, shape [${feature.shape}]` });
      else if (column?.size === 1) extras.push(column);
    }
  }
  if (!action)
    throw new UserError(
      `${folder}: a recording without an action of numbers: its columns are ${Object.keys(features).join(", ")}`,
    );
  if (vectors.length + images.length === 0) {
    const [first] = unread;
    throw new UserError(
      first
        ? `${folder}: no observation can be read: ${first.key} is ${first.why}`
        : `${folder}: no columns observation.…; there are ${Object.keys(features).join(", ")}`,
    );
  }
  return { vectors, images, action, extras, unread };
}

/** Names of the files of a table: `chunk-000/file-000.parquet`, in order. @throws UserError when the folder cannot be read */
export async function filesOf(folder: string, table: string): Promise<string[]> {
  const names = await readdir(join(folder, table), { recursive: true }).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(join(folder, table), "read", error);
  });
  return names
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /^[^.][^/]*\/[^./][^/]*\.parquet$/.test(name))
    .sort();
}

/** Bounds of a column's numbers, one each; none where it does not say. */
export function boundsOf({ size, feature }: NumberColumn): { low: number[]; high: number[] } {
  const bounds = (bound: number | readonly number[] | undefined) => {
    if (bound === undefined) return [];
    const all = typeof bound === "number" ? Array<number>(size).fill(bound) : [...bound];
    return all.length === size ? all : [];
  };
  return { low: bounds(feature.low), high: bounds(feature.high) };
}
