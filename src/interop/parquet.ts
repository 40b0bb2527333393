import { rename, rm } from "node:fs/promises";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { messageOf, UserError } from "../foundation/errors.ts";
import { codeOf, fileError } from "../foundation/files.ts";

/** Vectors with the names (and classes) of their samples. */
export interface Embeddings {
  readonly paths: readonly string[];
  /** Class names, null for unlabelled samples; absent if all are unlabelled. */
  readonly labels?: readonly (string | null)[];
  /** `[rows, dim]`, row-major. */
  readonly data: Float32Array;
  readonly dim: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const text = (name: string, repetition: "REQUIRED" | "OPTIONAL"): SchemaElement => ({
  name,
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  repetition_type: repetition,
});

/** Rows per row group, which are unpacked into plain arrays at once. */
const ROW_GROUP = 4096;

interface ParquetTable {
  /** Without the root element. */
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The top-level columns' values of some rows. */
  values(start: number, end: number): { name: string; data: unknown[] }[];
}

/** Writes a table row group by row group; the file appears under its name only when complete. */
async function writeParquet(file: string, { schema, rows, metadata, values }: ParquetTable): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    const writer = new ParquetWriter({
      writer: fileWriter(temporary),
      schema: [{ name: "root", num_children: values(0, 0).length }, ...schema],
      kvMetadata,
      codec: "UNCOMPRESSED",
    });
    for (let start = 0; start < rows; start += ROW_GROUP)
      await writer.write({ columnData: values(start, Math.min(rows, start + ROW_GROUP)), rowGroupSize: ROW_GROUP });
    await writer.finish();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(file, "written", error);
  }
}

/**
 * Writes Parquet with the columns `path`, `label` (if there are labels) and `embedding`, a list of float32, for DuckDB,
 * pyarrow and pandas.
 * @throws UserError when it cannot be written
 */
export async function writeEmbeddings(file: string, { paths, labels, data, dim, metadata }: Embeddings): Promise<void> {
  await writeParquet(file, {
    schema: [
      text("path", "REQUIRED"),
      ...(labels ? [text("label", "OPTIONAL")] : []),
      { name: "embedding", converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
      { name: "list", num_children: 1, repetition_type: "REPEATED" },
      { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
    ],
    rows: paths.length,
    metadata,
    values: (start, end) => [
      { name: "path", data: paths.slice(start, end) },
      ...(labels ? [{ name: "label", data: labels.slice(start, end) }] : []),
      {
        name: "embedding",
        data: Array.from({ length: end - start }, (_, row) => [
          ...data.subarray((start + row) * dim, (start + row + 1) * dim),
        ]),
      },
    ],
  });
}

/** A column of a flat table: all strings, or all numbers (float32). */
export interface Column {
  readonly name: string;
  readonly values: readonly (string | number)[];
}

/** Writes columns of one length, one or more rows. @throws UserError when the file cannot be written */
export const writeColumns = (
  file: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> =>
  writeParquet(file, {
    schema: columns.map(({ name, values }) =>
      typeof values[0] === "string" ? text(name, "REQUIRED") : { name, type: "FLOAT", repetition_type: "REQUIRED" },
    ),
    rows: columns[0]?.values.length ?? 0,
    metadata,
    values: (start, end) => columns.map(({ name, values }) => ({ name, data: values.slice(start, end) })),
  });

/** Reads a file of `writeEmbeddings`. @throws UserError when it is not Parquet or has other columns */
export async function readEmbeddings(file: string): Promise<Embeddings> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const { key_value_metadata: pairs = [] } = await parquetMetadataAsync(buffer);
    const rows = await parquetReadObjects({ file: buffer });
    const [first] = rows;
    if (!first || !Array.isArray(first.embedding) || typeof first.path !== "string")
      throw new UserError(`${file}: has no rows with "path" and "embedding"; make it with autodidact embed`);
    const dim = first.embedding.length;
    const data = new Float32Array(rows.length * dim);
    rows.forEach((row, at) => {
      if (row.embedding?.length !== dim) throw new UserError(`${file}: row ${at} has an embedding of another length`);
      data.set(row.embedding, at * dim);
    });
    const metadata = Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? ""]));
    const paths = rows.map((row) => String(row.path));
    return {
      paths,
      data,
      dim,
      metadata,
      ...("label" in first ? { labels: rows.map((row) => row.label ?? null) } : {}),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error)) throw fileError(file, "read", error);
    throw new UserError(`${file}: not a readable Parquet file (${messageOf(error)})`);
  }
}
