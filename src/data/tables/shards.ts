import { writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { openParquet } from "../../foundation/parquet/read.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import type { Collection } from "../files/collection.ts";
import type { LeftOut } from "../files/left-out.ts";
import { type ParquetManifest, rowsIn, type Shard } from "../files/parquet.ts";
import { createCache } from "../files/shared-cache.ts";
import type { OpenOptions } from "../source.ts";
import { captionColumns } from "./captions.ts";
import { LABEL_COLUMN, labelNamesOf, missing, positionOf } from "./columns.ts";
import { type IsOne, openFiles, parquetAt } from "./packed-files.ts";
import { asLabel, labelIn } from "./records.ts";

/** Files in Parquet, which are read where they lie. */
export interface ShardedFiles extends Pick<Collection, "labels"> {
  readonly manifest: ParquetManifest;
  readonly leftOut: readonly LeftOut[];
  /** What is read, for a note. */
  readonly note: string;
  /** Removes the temporary file of what was decoded; to be called when nobody reads any more. */
  remove(): void;
}

/** What Hugging Face's library writes about a column of classes, or of lists of them. */
const ClassLabel = z.object({ _type: z.literal("ClassLabel"), names: z.array(z.string()) });
const Feature = z.union([ClassLabel, z.object({ feature: ClassLabel }).transform(({ feature }) => feature)]);
const Info = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });

/** The names of the classes in each column that has such, as the key `huggingface` says. */
function classNamesIn(keyValues: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  let value: unknown;
  try {
    value = JSON.parse(keyValues.huggingface ?? "");
  } catch {
    return new Map();
  }
  const info = Info.safeParse(value);
  const features = info.success ? Object.entries(info.data.info.features) : [];
  return new Map(
    features.flatMap(([column, feature]) => {
      const found = Feature.safeParse(feature);
      return found.success ? [[column, found.data.names]] : [];
    }),
  );
}

/** Whether a path is of Parquet files with files of a kind of data, and no column that is called like their captions. */
export async function packsFiles(path: string, isOne: IsOne): Promise<boolean> {
  const [part] = (await parquetAt(path)).paths;
  if (part === undefined) return false;
  const found = await openFiles(part, isOne).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  await found?.close();
  return (
    found !== undefined && captionColumns(found.columns, found.first, found.columns.indexOf(found.file)).length === 0
  );
}

/**
 * The files of a kind of data in a Parquet file, or in the shards of a folder: an entry for each row, `train.parquet:12`.
 * @param what they are: `images`
 * @returns undefined if the first shard, or the only one, holds none
 * @throws UserError when a shard is damaged, or has no such column
 */
export async function collectShards(
  path: string,
  isOne: IsOne,
  what: string,
  { column, labels, except }: OpenOptions,
): Promise<ShardedFiles | undefined> {
  const { paths, names, leftOut } = await parquetAt(path, labels ?? except);
  const [begin] = paths;
  if (begin === undefined) return undefined;
  const found = await openFiles(begin, isOne, column);
  await found?.close();
  if (!found && column !== undefined) throw new UserError(`${begin}: no ${what} in a column "${column}"`);
  if (!found) return undefined;
  const { file } = found;
  const shards: Shard[] = [];
  for (const shard of paths) shards.push(await shardAt(shard, file, what));
  const short = names.map((name) => basename(name));
  const folder = temporaryFolder();
  const cache = join(folder.path, "files");
  try {
    writeFileSync(cache, "");
  } catch (error) {
    folder.remove();
    throw fileError(cache, "written", error);
  }
  const groups = shards.reduce((sum, shard) => sum + shard.groups.length, 0);
  const count = rowsIn(shards);
  return {
    manifest: {
      ...{ kind: "parquet", column: file, shards },
      // As short as it can be: the paths in the folder only where two shards have one name.
      names: new Set(short).size === short.length ? short : names,
      cache: createCache(cache, count),
      states: new SharedArrayBuffer(groups * Int32Array.BYTES_PER_ELEMENT),
    },
    leftOut,
    note: `${paths.length === 1 ? basename(begin) : `${paths.length} Parquet files`}: ${count} rows, ${what} from the column ${file}`,
    labels: (field) => labelsIn(paths, field),
    remove: () => folder.remove(),
  };
}

/** What is in a shard. @throws UserError when it is damaged */
async function shardAt(path: string, column: string, what: string): Promise<Shard> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const { columns, blobs, groups, close } = await openParquet(path);
  await close();
  if (!blobs.includes(column))
    throw new UserError(
      `${path}: no column "${column}" with ${what}, as the first file has; there are: ${columns.join(", ")}`,
    );
  // A file in a row takes a byte at least: a damaged footer promises more rows than memory has room for.
  const isSound = groups.every((rows) => Number.isSafeInteger(rows) && rows >= 0) && rowsIn([{ path, groups }]) <= size;
  if (!isSound) throw new UserError(`${path}: not a readable Parquet file (it says it has more rows than bytes)`);
  return { path, groups };
}

/** The label of each row of all shards; undefined where no column is called `label`, nor is the only one of classes. */
async function labelsIn(
  paths: readonly string[],
  field: string | undefined,
): Promise<readonly (string | undefined)[] | undefined> {
  const labels: (string | undefined)[] = [];
  for (const path of paths) {
    const file = await openParquet(path);
    try {
      const classNames = classNamesIn(file.keyValues);
      const columns = columnsOfLabels(path, file.columns, field, [...classNames.keys()]);
      if (columns.length === 0 && path === paths[0]) return undefined;
      if (columns.length === 0)
        throw missing(path, LABEL_COLUMN, file.columns, true, "the first file has one, so all must");
      let row = 0;
      for await (const rows of file.rows(columns))
        for (const record of rows) {
          const where = `${path}: row ${++row}`;
          const cells = columns.map((name) => {
            const value = named(record[name], classNames.get(name), where);
            return asLabel(value, () => `${where}: column "${name}"`);
          });
          labels.push(labelIn(columns, cells));
        }
    } finally {
      await file.close();
    }
  }
  return labels.some((label) => label !== undefined) ? labels : undefined;
}

function columnsOfLabels(
  path: string,
  columns: readonly string[],
  field: string | undefined,
  classColumns: readonly string[],
): readonly string[] {
  const at = (name: string) => columns[positionOf(path, name, columns)];
  if (field === undefined) {
    const usual = at(LABEL_COLUMN) ?? (classColumns.length === 1 ? at(classColumns[0]!) : undefined);
    return usual === undefined ? [] : [usual];
  }
  return labelNamesOf(field, columns).map((name) => {
    const column = at(name);
    if (column === undefined) throw missing(path, name, columns, true);
    return column;
  });
}

/** A class by its name: where the file names classes, its cells are numbers, −1 for none. */
function named(value: unknown, names: readonly string[] | undefined, where: string): unknown {
  if (!names || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((one) => named(one, names, where));
  if (typeof value !== "number" && typeof value !== "bigint") return value;
  const number = Number(value);
  if (number === -1) return undefined;
  const name = names[number];
  if (name === undefined) throw new UserError(`${where}: class ${value}, where the file names ${names.length} classes`);
  return name;
}
