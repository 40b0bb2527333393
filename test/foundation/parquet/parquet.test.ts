import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { parquetWriteFile } from "hyparquet-writer";
import { UserError } from "../../../src/foundation/errors.ts";
import { openParquet } from "../../../src/foundation/parquet/read.ts";
import { inFolder } from "../../support/cli.ts";
import { mutants } from "../../support/mutants.ts";

/** All rows of a file. */
async function read(path: string, columns?: readonly string[]): Promise<Readonly<Record<string, unknown>>[]> {
  const file = await openParquet(path);
  try {
    const all: Readonly<Record<string, unknown>>[] = [];
    for await (const rows of file.rows(columns)) all.push(...rows);
    return all;
  } finally {
    await file.close();
  }
}

/** Writes a table of 60 rows in groups of 25. */
function write(filename: string, codec: "UNCOMPRESSED" | "SNAPPY"): void {
  const data = Array.from({ length: 60 }, (_, row) => `row ${row} of ${row % 7 ? "some" : "no"} words`);
  parquetWriteFile({
    filename,
    codec,
    rowGroupSize: 25,
    kvMetadata: [{ key: "made", value: "here" }],
    columnData: [
      { name: "text", data, type: "STRING" },
      { name: "label", data: data.map((_, row) => (row % 5 ? `class ${row % 3}` : null)), type: "STRING" },
      { name: "number", data: data.map((_, row) => row), type: "INT32", encoding: "DELTA_BINARY_PACKED" },
    ],
  });
}

test("rows come in order, over row groups, with the columns that are asked for", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.parquet");
    write(path, "SNAPPY");
    const file = await openParquet(path);
    assert.deepEqual([file.columns, file.keyValues.made], [["text", "label", "number"], "here"]);
    await file.close();
    const rows = await read(path);
    assert.deepEqual([rows.length, rows[26]], [60, { text: "row 26 of some words", label: "class 2", number: 26 }]);
    assert.deepEqual((await read(path, ["number"]))[59], { number: 59 });
    await assert.rejects(openParquet(join(folder, "none.parquet")), /none\.parquet: .*no such file/);
    await assert.rejects(openParquet(folder), UserError);
  }));

test("a damaged file is read, or refused in one line within seconds", () =>
  inFolder(async (folder) => {
    for (const codec of ["UNCOMPRESSED", "SNAPPY"] as const) {
      write(join(folder, "whole.parquet"), codec);
      const whole = await readFile(join(folder, "whole.parquet"));
      let refused = 0;
      for (const [number, bytes] of mutants(whole, 16, 7).entries()) {
        const path = join(folder, `${number}.parquet`);
        await writeFile(path, bytes);
        await read(path).catch((error: unknown) => {
          assert.ok(error instanceof UserError, String(error));
          assert.match(error.message, /^[^\n]*\d+\.parquet: [^\n]+$/);
          refused++;
        });
      }
      assert.ok(refused > 8, `${refused} of 16`);
    }
  }));

test("a decoder that does not come back, although every length fits, is ended after three seconds", () =>
  inFolder(async (folder) => {
    const filename = join(folder, "a.parquet");
    const data = Array.from({ length: 2000 }, (_, row) => `value ${row % 200}`);
    const columnData = [{ name: "text", data, type: "STRING", nullable: false, encoding: "RLE_DICTIONARY" }] as const;
    parquetWriteFile({ filename, codec: "UNCOMPRESSED", columnData: [...columnData] });
    const bytes = await readFile(filename);
    const [group] = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).row_groups;
    const at = Number(group?.columns[0]?.meta_data?.data_page_offset);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: at };
    parquetHeader(reader);
    // Values of 0 bits each, −8 of them: the decoder counts down from there.
    bytes.set([0, 0xff, 0xff, 0xff, 0xff, 0x0f], reader.offset);
    await writeFile(filename, bytes);
    await assert.rejects(
      read(filename),
      /a\.parquet: not a readable Parquet file \(nothing could be read from it in 3 s/,
    );
  }));

const cases = fileURLToPath(new URL("../../../../shared/cases/parquet", import.meta.url));

test("files on which the decoder does not come back", async (context) => {
  if (!existsSync(cases)) return context.skip(`there is no ${cases}`);
  for (const name of await readdir(cases)) await assert.rejects(read(join(cases, name)), /hang.*column "text"/);
});

test("columns of bytes are named, and read as bytes where that is asked for", () =>
  inFolder(async (folder) => {
    const filename = join(folder, "bytes.parquet");
    const data = Array.from({ length: 40 }, (_, row) => Uint8Array.of(0xff, row));
    parquetWriteFile({
      filename,
      columnData: [
        { name: "file", data, type: "BYTE_ARRAY" },
        { name: "text", data: data.map((_, row) => `row ${row}`), type: "STRING" },
      ],
    });
    const file = await openParquet(filename);
    assert.deepEqual(file.blobs, ["file"]);
    const batches: number[] = [];
    let row = 0;
    for await (const rows of file.rows(undefined, true)) {
      batches.push(rows.length);
      for (const one of rows) {
        assert.deepEqual([one.file, one.text], [data[row], `row ${row}`]);
        // Of its own, and not a part of a page, which would be copied with it.
        assert.equal(one.file instanceof Uint8Array && one.file.buffer.byteLength, 2);
        row++;
      }
    }
    assert.deepEqual(batches, [32, 8]);
    await file.close();
    assert.notDeepEqual((await read(filename))[0]?.file, data[0]);
  }));

test("a row group is read by itself, in messages of some rows and bytes; one of more than 1 GiB is refused at once", () =>
  inFolder(async (folder) => {
    const filename = join(folder, "a.parquet");
    const value = Uint8Array.from({ length: 4 * 2 ** 20 }, (_, at) => Math.imul(at, 2654435761) >>> 13);
    /** Values of a dictionary: a small file however many rows there are. */
    const groupOf = async (count: number, rowGroupSize: number, index: number) => {
      const data = Array.from({ length: count }, () => value);
      parquetWriteFile({ filename, rowGroupSize, columnData: [{ name: "image", data, type: "BYTE_ARRAY" }] });
      const file = await openParquet(filename);
      const lengths: number[] = [];
      try {
        for await (const rows of file.group(index, "image")) {
          for (const { image } of rows) assert.deepEqual(image, value);
          lengths.push(rows.length);
        }
        return { lengths, groups: file.groups };
      } finally {
        await file.close();
      }
    };
    assert.deepEqual(await groupOf(20, 18, 0), { lengths: [16, 2], groups: [18, 2] });
    assert.deepEqual((await groupOf(20, 18, 1)).lengths, [2]);
    await assert.rejects(groupOf(260, 260, 0), /a row group takes more than 1024 MiB; write smaller row groups/);
  }));
