import { parentPort, workerData } from "node:worker_threads";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { whyUnreadable } from "../errors.ts";
import { codeOf } from "../files.ts";
import { checkGroup, fits } from "./check.ts";
import type { Reply, Request } from "./read.ts";

/** A thread that decodes Parquet: whoever started it can end it, when a damaged file keeps it busy. */
const port = parentPort;
if (!port) throw new Error("the Parquet reader runs as a worker thread only");
const path: string = workerData;

/** Rows in a message, and where cells may be files. */
const [BATCH, BATCH_OF_BYTES] = [4096, 32];
/** Bytes of the files in a row group that is asked for by itself, and in one message of them, unless one alone is larger. */
const [MOST_BYTES, MESSAGE_BYTES] = [2 ** 30, 2 ** 26];

const opening = open();
opening.catch(() => undefined);

async function open() {
  const file = await asyncBufferFromFile(path);
  return { file, metadata: await parquetMetadataAsync(file) };
}

/** Whether a column holds bytes that may be anything. */
const isBlob = ({ element, children }: SchemaTree): boolean =>
  children.length > 0
    ? children.some((child) => child.element.name === "bytes" && isBlob(child))
    : element.type === "BYTE_ARRAY" && element.converted_type === undefined && element.logical_type === undefined;

/** A value of its own: a part of a page would take the whole page with it to another thread. */
function apart(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Object.prototype.toString.call(value) !== "[object Object]") return value;
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, apart(one)]));
}

async function head(): Promise<Reply> {
  const { metadata } = await opening;
  const { children } = parquetSchema(metadata);
  const columns = children.map(({ element }) => element.name);
  // The types promise a text; a damaged footer has none.
  if (!columns.every((name) => typeof name === "string")) throw new Error("a column without a name");
  return {
    columns,
    blobs: children.filter(isBlob).map(({ element }) => element.name),
    groups: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    keyValues: Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""])),
  };
}

type Rows = Record<string, unknown>[];

/** All rows of a row group. @param most bytes of each column */
async function decode(group: RowGroup, columns: readonly string[] | undefined, bytes: boolean, most?: number) {
  const { file, metadata } = await opening;
  await checkGroup(file, group, columns, most);
  const expected: Reply = { expected: Number(group.num_rows) };
  port?.postMessage(expected);
  // A file of one row group: rows are then counted from its start, whatever the groups before say.
  const one: FileMetaData = { ...metadata, row_groups: [group], num_rows: group.num_rows };
  const rows = await parquetReadObjects({
    ...{ file, metadata: one, compressors, utf8: !bytes },
    ...(columns ? { columns: [...columns] } : {}),
  });
  if (rows.length !== Number(group.num_rows)) throw new Error(`${rows.length} of ${group.num_rows} rows are there`);
  return rows;
}

const allApart = (rows: Rows): Rows =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, one]) => [name, apart(one)])));

/** Bytes in a value. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (Object.prototype.toString.call(value) !== "[object Object]") return 0;
  return Object.values(value ?? {}).reduce((sum: number, one) => sum + bytesIn(one), 0);
}

/** Where a message ends that begins with a row: it has one at least, and no more than fit. */
function endOf(rows: Rows, from: number): number {
  let end = from;
  for (let sum = 0; end < Math.min(rows.length, from + BATCH_OF_BYTES); end++) {
    sum += bytesIn(rows[end]);
    if (end > from && sum > MESSAGE_BYTES) break;
  }
  return end;
}

async function* batches(columns: readonly string[] | undefined, bytes: boolean): AsyncGenerator<Rows> {
  const { metadata } = await opening;
  for (const group of metadata.row_groups) {
    const rows = await decode(group, columns, bytes);
    for (let start = 0, end = 0; start < rows.length; start = end) {
      end = bytes ? endOf(rows, start) : start + BATCH;
      const part = rows.slice(start, end);
      yield bytes ? allApart(part) : part;
    }
  }
}

/** The row group that is being given in parts. */
let held: { readonly at: number; readonly column: string; readonly rows: Rows } | undefined;

/** Rows of one column of a row group from one on; as many as fit in a message, and at least one. */
async function partOf({ group: at, column, from }: Request & { readonly kind: "group" }): Promise<Reply> {
  if (held?.at !== at || held.column !== column) {
    held = undefined;
    const group = (await opening).metadata.row_groups[at];
    if (!group) throw new Error(`no row group ${at}`);
    const rows = await decode(group, [column], true, MOST_BYTES);
    // A value of a dictionary may stand in many rows.
    fits(
      rows.reduce((sum, row) => sum + bytesIn(row), 0),
      MOST_BYTES,
    );
    held = { at, column, rows };
  }
  const { rows } = held;
  const end = endOf(rows, from);
  const part = allApart(rows.slice(from, end));
  if (end >= rows.length) held = undefined;
  return { rows: part };
}

let rows: ReturnType<typeof batches> | undefined;

async function answer(request: Request): Promise<Reply> {
  if (request.kind === "head") return head();
  if (request.kind === "group") return partOf(request);
  rows ??= batches(request.columns, request.bytes);
  const { value } = await rows.next();
  return value ? { rows: value } : {};
}

port.on("message", (request: Request) => {
  answer(request)
    .then((reply) => port.postMessage(reply))
    .catch((error: unknown) => {
      const failure: Reply = { failure: { message: whyUnreadable(error), code: codeOf(error) } };
      port.postMessage(failure);
    });
});
