import { rename, rm } from "node:fs/promises";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { fileWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { messageOf, UserError } from "../foundation/errors.ts";
import { codeOf, fileError } from "../foundation/files.ts";

/** Vectors with the names (and classes) of what they stand for. */
export interface Embeddings {
  readonly paths: readonly string[];
  /** Class names, null for none; absent when nothing is labelled. */
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

/** Rows written at a time: what has to be unpacked into plain arrays at once. */
const ROW_GROUP = 4096;

/**
 * Writes Parquet with the columns `path`, `label` (when there are any) and `embedding`, a list of float32: readable by
 * DuckDB, pyarrow and pandas. The file appears under its name when it is whole.
 * @throws UserError when it cannot be written
 */
export async function writeEmbeddings(file: string, { paths, labels, data, dim, metadata }: Embeddings): Promise<void> {
  const schema: SchemaElement[] = [
    { name: "root", num_children: labels ? 3 : 2 },
    text("path", "REQUIRED"),
    ...(labels ? [text("label", "OPTIONAL")] : []),
    { name: "embedding", converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ];
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    const writer = new ParquetWriter({ writer: fileWriter(temporary), schema, kvMetadata, codec: "UNCOMPRESSED" });
    for (let start = 0; start < paths.length; start += ROW_GROUP) {
      const end = Math.min(paths.length, start + ROW_GROUP);
      const rows = Array.from({ length: end - start }, (_, row) => [
        ...data.subarray((start + row) * dim, (start + row + 1) * dim),
      ]);
      await writer.write({
        columnData: [
          { name: "path", data: paths.slice(start, end) as string[] },
          ...(labels ? [{ name: "label", data: labels.slice(start, end) as (string | null)[] }] : []),
          { name: "embedding", data: rows },
        ],
        rowGroupSize: ROW_GROUP,
      });
    }
    await writer.finish();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(file, "written", error);
  }
}

/** Reads what `writeEmbeddings` wrote. @throws UserError when it is no Parquet file or has other columns */
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
