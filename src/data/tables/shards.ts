import { writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { openParquet, type ParquetFile } from "../../foundation/parquet/read.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import type { LeftOut } from "../files/left-out.ts";
import { type ParquetManifest, rowsIn, type Shard } from "../files/parquet.ts";
import { createCache } from "../files/shared-cache.ts";
import { exceptOf, type OpenOptions } from "../source.ts";
import { captionColumns } from "./captions.ts";
import { LABEL_COLUMN, labelNamesOf, missing, positionOf } from "./columns.ts";
import { type IsOne, openFiles, parquetAt } from "./packed-files.ts";
import { asLabel, labelIn } from "./records.ts";

/** Files in Parquet, which are read where they lie. */
export interface ShardedFiles {
  readonly manifest: ParquetManifest;
  readonly leftOut: readonly LeftOut[];
  /** The label of each row, where there is a column of labels, and no table of them was named. */
  readonly labels: readonly (string | undefined)[];
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
  options: OpenOptions,
): Promise<ShardedFiles | undefined> {
  const { paths, names, leftOut } = await parquetAt(path, exceptOf(options));
  const { column } = options;
  const [begin] = paths;
  if (begin === undefined) return undefined;
  const found = await openFiles(begin, isOne, column);
  await found?.close();
  if (!found && column !== undefined) throw new UserError(`${begin}: no ${what} in a column "${column}"`);
  if (!found) return undefined;
  const { file } = found;
  const shards: Shard[] = [];
  const written: (string | undefined)[] = [];
  let isLabelled: boolean | undefined;
  for (const shard of paths) {
    const { groups, labels } = await shardAt(shard, file, what, options);
    isLabelled ??= labels !== undefined;
    if (isLabelled !== (labels !== undefined))
      throw new UserError(
        `${isLabelled ? shard : begin}: no column of labels, as ${isLabelled ? begin : shard} has; name one that all have with --label-column`,
      );
    shards.push({ path: shard, groups });
    for (const label of labels ?? []) written.push(label);
  }
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
      files: createCache(cache, count),
      states: new SharedArrayBuffer(groups * Int32Array.BYTES_PER_ELEMENT),
    },
    leftOut,
    note: `${paths.length === 1 ? basename(begin) : `${paths.length} Parquet files`}: ${count} rows, ${what} from the column ${file}`,
    labels: written,
    remove: () => folder.remove(),
  };
}

/** What is in a shard, but for the files. @throws UserError when it is damaged */
async function shardAt(path: string, file: string, what: string, { labels: table, labelColumn }: OpenOptions) {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const parquet = await openParquet(path);
  try {
    const { columns, blobs, groups } = parquet;
    if (!blobs.includes(file))
      throw new UserError(
        `${path}: no column "${file}" with ${what}, as the first file has; there are: ${columns.join(", ")}`,
      );
    // A row takes a byte at least: a damaged footer promises more rows than memory has room for.
    const isSound = groups.every((rows) => Number.isSafeInteger(rows) && rows >= 0) && rowsIn([{ groups }]) <= size;
    if (!isSound) throw new UserError(`${path}: not a readable Parquet file (it says it has more rows than bytes)`);
    return { groups, labels: table === undefined ? await labelsIn(path, parquet, labelColumn) : undefined };
  } finally {
    await parquet.close();
  }
}

/** The label of each row; undefined where no column is called `label`, nor is the only one of classes. */
async function labelsIn(path: string, file: ParquetFile, field: string | undefined) {
  const classNames = classNamesIn(file.keyValues);
  const columns = columnsOfLabels(path, file.columns, field, [...classNames.keys()]);
  if (columns.length === 0) return undefined;
  const labels: (string | undefined)[] = [];
  for await (const rows of file.rows(columns))
    for (const record of rows) {
      const where = `${path}: row ${labels.length + 1}`;
      const cells = columns.map((name) => {
        const value = named(record[name], classNames.get(name), where);
        return asLabel(value, () => `${where}: column "${name}"`);
      });
      labels.push(labelIn(columns, cells));
    }
  return labels;
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
    if (column === undefined) throw missing(path, name, columns, true, "name one with --label-column");
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
