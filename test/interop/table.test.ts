import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { unguardCell } from "../../src/foundation/formula.ts";
import { prepareTable, writeTable } from "../../src/interop/table.ts";
import { inFolder } from "../support/cli.ts";

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', ",", "\n", "\r", ";", "é", "本", "=", "+", "-", "@", "'"),
    fc.string({ maxLength: 1 }),
  ),
});
const tables = fc.array(fc.tuple(text, fc.float({ noNaN: true, noDefaultInfinity: true })), {
  minLength: 1,
  maxLength: 20,
});
const columnsOf = (rows: readonly [string, number][]) => [
  { name: "path", values: rows.map(([name]) => name) },
  { name: 'odd, "name"', values: rows.map(([, value]) => value) },
];

test("CSV is read back as written, for any contents", () =>
  inFolder(async (folder) => {
    const file = join(folder, "table.csv");
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        await writeTable(file, columnsOf(rows));
        const read = parse<Record<string, string>>(await readFile(file, "utf8"), { columns: true });
        assert.deepEqual(
          read.map((row) => Object.keys(row)),
          rows.map(() => ["path", 'odd, "name"']),
        );
        for (const [at, [name, value]] of rows.entries()) {
          assert.equal(unguardCell(read[at]!.path!), name);
          assert.doesNotMatch(read[at]!.path!, /^[=+\-@](?![\d.]+$)/);
          const back = Number(read[at]!['odd, "name"']);
          assert.ok(Math.abs(back - value) <= 1e-6 * Math.abs(value), `${back} ${value}`);
        }
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(await readdir(folder), ["table.csv"]);
  }));

test("Parquet is read back as written, with metadata, over several row groups too", () =>
  inFolder(async (folder) => {
    const file = join(folder, "table.parquet");
    const read = async () => parquetReadObjects({ file: await asyncBufferFromFile(file) });
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        await writeTable(file, columnsOf(rows));
        assert.deepEqual(
          await read(),
          rows.map(([name, value]) => ({ path: name, 'odd, "name"': value })),
        );
      }),
      { numRuns: 20 },
    );
    const many: [string, number][] = Array.from({ length: 10_000 }, (_, row) => [`row ${row}`, row / 2]);
    await writeTable(file, columnsOf(many), { task: "classification" });
    const rows = await read();
    assert.equal(rows.length, 10_000);
    assert.deepEqual(rows[9_999], { path: "row 9999", 'odd, "name"': 4999.5 });
    const { key_value_metadata: pairs } = await parquetMetadataAsync(await asyncBufferFromFile(file));
    assert.deepEqual(pairs, [{ key: "task", value: "classification" }]);
    assert.deepEqual(await readdir(folder), ["table.parquet"]);
  }));

test("the extension gives the format, and a table that cannot be written is refused beforehand", () =>
  inFolder(async (folder) => {
    await prepareTable(join(folder, "a/b/c.CSV"));
    assert.ok((await stat(join(folder, "a/b"))).isDirectory());
    for (const name of ["b.txt", "csv", "b", "sheet.png"])
      await assert.rejects(prepareTable(join(folder, name)), /name a file that ends in \.csv or \.parquet/);
    await assert.rejects(prepareTable(join(folder, "b.parquet"), ["csv"]), /name a file that ends in \.csv$/);
    await mkdir(join(folder, "folder.csv"));
    await assert.rejects(
      prepareTable(join(folder, "folder.csv")),
      /folder\.csv: could not be written \(it is a folder\)/,
    );
    await writeFile(join(folder, "file"), "");
    const within = prepareTable(join(folder, "file/t.csv"));
    await assert.rejects(within, { name: "UserError" });
  }));
