import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { labelsFromFolders, labelsFromTable, labelsOf } from "../../src/data/labels.ts";
import { finderOf } from "../../src/data/names.ts";
import { guardCell, unguardCell } from "../../src/foundation/formula.ts";
import { csv } from "../../src/interop/csv.ts";
import { writeEmbeddings } from "../../src/interop/parquet.ts";
import { openTexts } from "../../src/modalities/text/sources/open.ts";
import { inFolder } from "../support/cli.ts";

/** What names of files and classes are made of at their worst. */
const character = fc.oneof(
  fc.constantFrom(..." \t\n\r\\/\"',;|=+-@\u001b\u0007\u0000\u007f\u009b\u202e\ufeff.\u00e9\u00a0本'"),
  fc.constantFrom("e\u0301", "\u212b", "👩‍👩‍👧", "sep=", "NaN"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((text) => text.isWellFormed()),
);
const name = fc.array(character, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
/** Pairwise different names, each with a class. */
const labelled = fc
  .uniqueArray(fc.tuple(name, name), { minLength: 1, maxLength: 12, selector: ([path]) => path })
  .filter((rows) => rows.some(([, label]) => label.trim() !== ""));

/** The class of each entry, as labels are kept. */
const classesOf = (labels: ReturnType<typeof labelsOf>) => [...(labels?.labels ?? [])].map((at) => labels?.classes[at]);

test("names and classes are found again in every format that commands write, whatever they are made of", () =>
  inFolder(async (folder) => {
    const run = async (file: string, rows: [string, string][]) => {
      const paths = rows.map(([path]) => path);
      const right = classesOf(labelsOf(rows.map(([, label]) => label)));
      assert.deepEqual(classesOf(await labelsFromTable(join(folder, file), paths)), right, file);
    };
    await fc.assert(
      fc.asyncProperty(labelled, async (rows) => {
        await writeFile(join(folder, "a.csv"), csv([["path", "label"], ...rows]));
        await writeFile(
          join(folder, "b.csv"),
          csv([["kind", "label", "path"], ...rows.map(([path, label]) => ["x", label, path])]),
        );
        const objects = rows.map(([path, label]) => ({ path, label }));
        await writeFile(join(folder, "c.jsonl"), objects.map((row) => `${JSON.stringify(row)}\n`).join(""));
        await writeFile(join(folder, "d.json"), JSON.stringify(objects, null, 2));
        for (const file of ["a.csv", "b.csv", "c.jsonl", "d.json"]) await run(file, rows);
      }),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(labelled, async (rows) => {
        const [paths, labels] = [rows.map(([path]) => path), rows.map(([, label]) => label)];
        // hyparquet takes a byte-order mark before a text for none of it.
        fc.pre(!rows.flat().some((text) => text.startsWith("\ufeff")));
        const data = new Float32Array(rows.length);
        await writeEmbeddings(join(folder, "e.parquet"), { paths, labels, data, dim: 1, metadata: {} });
        await run("e.parquet", rows);
      }),
      { numRuns: 20 },
    );
  }));

test("an apostrophe before formulas is taken away again, for any text", () => {
  fc.assert(
    fc.property(name, (text) => {
      assert.equal(unguardCell(guardCell(text)), text);
      assert.match(guardCell(text), /^(?![=+\-@\t\r])|^[+-]?[\d.]+(e[+-]?\d+)?$/i);
    }),
    { numRuns: 500 },
  );
  assert.equal(guardCell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  assert.equal(guardCell("-1.5e3"), "-1.5e3");
});

test("a name in other characters, with blanks, backslashes or ./ is found, unless it may be two", () => {
  const find = finderOf(["cafe\u0301/1.png", "b/2.png", " c.png", "d.png", "d.png ", "e\\f.png"]);
  assert.equal(find("caf\u00e9/1.png"), 0);
  assert.equal(find(".\\b\\2.png"), 1);
  assert.equal(find("c.png"), 2);
  assert.equal(find("d.png"), 3);
  assert.equal(find("d.png "), 4);
  assert.equal(find("  d.png"), undefined);
  assert.equal(find("e\\f.png"), 5);
  assert.equal(find("g.png"), undefined);
});

test("classes are the same in composed and decomposed characters, and blanks around them do not count", async () => {
  const folders = labelsFromFolders(["e\u0301te\u0301/1.png", "\u00e9t\u00e9/2.png", "hiver /3.png"]);
  assert.deepEqual(folders?.classes, ["hiver", "\u00e9t\u00e9"]);
  assert.deepEqual([...folders!.labels], [1, 1, 0]);
  await inFolder(async (folder) => {
    const file = join(folder, "labels.csv");
    await writeFile(file, "Path;Label\ncaf\u00e9.png;\u00e9t\u00e9\ncafe\u0301.png;e\u0301te\u0301\n;\n");
    assert.deepEqual((await labelsFromTable(file, ["cafe\u0301.png"])).classes, ["\u00e9t\u00e9"]);
    await writeFile(file, "path,label\n,x\n");
    await assert.rejects(labelsFromTable(file, ["a.png"]), /row 2 has the label "x" and no path/);
  });
});

test("a table of labels lies beside the texts that it labels", () =>
  inFolder(async (folder) => {
    for (const [file, content] of [
      ["a.txt", "one"],
      ["b/c.txt", "two"],
      ["labels.csv", "path,label\na.txt,x\nb\\c.txt,y\n"],
    ] as const) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), content);
    }
    const source = await openTexts(folder, { labels: join(folder, "labels.csv") });
    assert.equal(source.length, 2);
    assert.deepEqual(source.classes, ["x", "y"]);
    await source.close();
  }));
