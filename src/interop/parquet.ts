import { crc32c } from "@node-rs/crc32";
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { UserError } from "../foundation/errors.ts";
import { replaceFile } from "../foundation/files.ts";
import { openParquet } from "../foundation/parquet/read.ts";

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

/** A table to write. */
export interface ParquetTable {
  /** Without the root element. */
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The top-level columns' values of some rows. */
  values(start: number, end: number): { name: string; data: unknown[] }[];
}

/**
 * Writes a table row group by row group; the file appears under its name only when complete.
 * @throws UserError naming the path when it cannot be written
 */
export async function writeParquet(file: string, { schema, rows, metadata, values }: ParquetTable): Promise<void> {
  await replaceFile(file, async (temporary) => {
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
  });
}

/** Key of the digest among a file's metadata. */
const DIGEST = "digest";

/** CRC-32C of names, labels and vectors. */
function digestOf({ paths, labels = [], data }: Pick<Embeddings, "paths" | "labels" | "data">): string {
  const names = crc32c(JSON.stringify([paths, labels]));
  const digest = crc32c(Buffer.from(data.buffer, data.byteOffset, data.byteLength), names);
  return digest.toString(16).padStart(8, "0");
}

/** @throws UserError naming the first row with a value that is not finite: its cosine to anything would be none */
function refuseInfinite(file: string, { paths, data, dim }: Embeddings): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / dim);
  throw new UserError(
    `${file}: row ${row + 1} (${paths[row]}) has values that are not finite (NaN or infinite); embed again`,
  );
}

/**
 * Writes Parquet with the columns `path`, `label` (if there are labels) and `embedding`, a list of float32, for DuckDB,
 * pyarrow and pandas.
 * @throws UserError when it cannot be written, or a vector is not finite
 */
export async function writeEmbeddings(file: string, embeddings: Embeddings): Promise<void> {
  refuseInfinite(file, embeddings);
  const { paths, labels, data, dim, metadata } = embeddings;
  await writeParquet(file, {
    schema: [
      text("path", "REQUIRED"),
      ...(labels ? [text("label", "OPTIONAL")] : []),
      { name: "embedding", converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
      { name: "list", num_children: 1, repetition_type: "REPEATED" },
      { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
    ],
    rows: paths.length,
    metadata: { ...metadata, [DIGEST]: digestOf(embeddings) },
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

/**
 * Reads a file of `writeEmbeddings`, or one like it, without a digest.
 * @throws UserError when it is not Parquet, has other columns, differs from its digest, or has values that are not finite
 */
export async function readEmbeddings(path: string): Promise<Embeddings> {
  const file = await openParquet(path);
  try {
    const paths: string[] = [];
    const labels: (string | null)[] = [];
    const vectors: Float32Array[] = [];
    for await (const rows of file.rows())
      for (const row of rows) {
        const { embedding, label = null } = row;
        const at = `${path}: row ${paths.length + 1}`;
        if (!Array.isArray(embedding) || typeof row.path !== "string")
          throw new UserError(`${at} has no "path" and "embedding"; make the file with autodidact embed`);
        const vector = Float32Array.from(embedding, Number);
        if (vector.length !== (vectors[0]?.length ?? vector.length))
          throw new UserError(`${at} has an embedding of another length`);
        paths.push(row.path);
        labels.push(label === null ? null : String(label));
        vectors.push(vector);
      }
    const dim = vectors[0]?.length;
    if (dim === undefined) throw new UserError(`${path}: has no rows; make it with autodidact embed`);
    const data = new Float32Array(vectors.length * dim);
    vectors.forEach((vector, at) => {
      data.set(vector, at * dim);
    });
    const { [DIGEST]: digest, ...metadata } = file.keyValues;
    const read = { paths, data, dim, metadata, ...(file.columns.includes("label") ? { labels } : {}) };
    if (digest !== undefined && digest !== digestOf(read))
      throw new UserError(`${path}: damaged: its content is not what was written (the digest differs); embed again`);
    refuseInfinite(path, read);
    return read;
  } finally {
    await file.close();
  }
}
