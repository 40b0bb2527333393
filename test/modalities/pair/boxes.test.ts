import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { boxesInView, coveredPatches } from "../../../src/modalities/pair/boxes.ts";
import { pair } from "../../../src/modalities/pair/index.ts";
import { writePairs } from "../../fixtures/pairs.ts";
import { inFolder } from "../../support/cli.ts";

const box = { x: 0.25, y: 0.5, width: 0.5, height: 0.25, phrase: "red square" };

test("boxes lie where they are in the square that the encoder sees", () => {
  assert.deepEqual(boxesInView([box], { width: 40, height: 40 }), [box]);
  assert.deepEqual(boxesInView([box], { width: 80, height: 40 }), [{ ...box, x: 0, width: 1 }]);
  assert.deepEqual(boxesInView([box], { width: 20, height: 40 }), [{ ...box, y: 0.5, height: 0.5 }]);
});

test("patches are covered by the share of them that lies in a box", () => {
  assert.deepEqual([...coveredPatches([box], [4, 2])], [0, 0, 0, 0, 0.5, 0.5, 0, 0]);
  assert.deepEqual([...coveredPatches([box, box, box], [4, 2])], [0, 0, 0, 0, 1, 1, 0, 0]);
  assert.deepEqual([...coveredPatches([], [1, 2])], [0, 0]);
  assert.deepEqual([...coveredPatches([{ ...box, x: -0.5, width: 1 }], [2, 2])], [0, 0, 0.5, 0]);
});

/** A table of pairs with a further column. */
async function withBoxes(folder: string, cells: readonly string[]): Promise<string> {
  const table = await writePairs(folder, cells.length);
  const [head, ...rows] = (await readFile(table, "utf8")).trim().split("\n");
  await writeFile(table, `${head},boxes\n`);
  for (const [at, row] of rows.entries()) await appendFile(table, `${row},"${cells[at]!.replaceAll('"', '""')}"\n`);
  return table;
}

test("boxes are read from a column, also in another thread", () =>
  inFolder(async (folder) => {
    const table = await withBoxes(join(folder, "pairs"), [JSON.stringify([box]), ""]);
    const source = await pair.open(table);
    const again = await pair.reopen(structuredClone(source.manifest));
    for (const read of [source, again]) {
      assert.deepEqual((await read.read(0)).boxes, [box]);
      assert.deepEqual((await read.read(1)).boxes, []);
    }
    await Promise.all([source.close(), again.close()]);
  }));

test("a column that holds no boxes is left alone, and a note says what boxes are", () =>
  inFolder(async (folder) => {
    for (const [name, cell, message] of [
      ["text", "left", /0\.png: its cell: .*places are \[\{"x": 0\.1/],
      ["width", JSON.stringify([{ ...box, width: 0 }]), /0\.png: 0\.width: /],
      ["pixels", JSON.stringify([{ ...box, x: 120 }]), /0\.png: 0\.x: .*in shares of the image/],
      ["phrase", JSON.stringify([{ ...box, phrase: " " }]), /0\.png: 0\.phrase: /],
    ] as const) {
      const source = await pair.open(await withBoxes(join(folder, name), [cell, ""]));
      assert.match(source.notes?.at(-1) ?? "", /^column boxes is not read \([^\n]+$/);
      assert.match(source.notes?.at(-1) ?? "", message);
      assert.equal((await source.read(0)).boxes, undefined);
      await source.close();
    }
  }));
