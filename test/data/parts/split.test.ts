import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { cellsOfColumn } from "../../../src/data/parts/column.ts";
import { largestFirst, NO_PART } from "../../../src/data/parts/part.ts";
import { foldsIn, splitFromTable, subset } from "../../../src/data/parts/split.ts";
import type { Source } from "../../../src/data/source.ts";
import { inFolder } from "../../support/cli.ts";

test("the largest groups fill training up to 80 %, then validation up to 90 %: worked out by hand from DeepChem's rule", () => {
  // Ten entries: groups A (4), B (3), then singles; of equal sizes the group that begins later comes first.
  const groups = Int32Array.of(0, 1, 0, 2, 0, 1, 3, 0, 1, 4);
  // A 4, B 7, then entry 9 (8 of 10 still fits), entry 6 (validation, 9 of 10), entry 3 (test).
  assert.deepEqual([...largestFirst(groups)], [0, 0, 0, 2, 0, 0, 1, 0, 0, 0]);
  assert.deepEqual([...largestFirst(Int32Array.of(-1, 0, -1))].slice(0, 1), [NO_PART]);
});

test("no group is in two parts, whatever the groups", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 12 }), { minLength: 1, maxLength: 80 }), (all) => {
      const parts = largestFirst(Int32Array.from(all));
      const ofGroup = new Map<number, Set<number>>();
      all.forEach((group, entry) => {
        assert.equal(parts[entry] === NO_PART, group < 0);
        ofGroup.set(group, (ofGroup.get(group) ?? new Set()).add(parts[entry]!));
      });
      for (const found of ofGroup.values()) assert.equal(found.size, 1);
      const train = parts.reduce((sum, part) => sum + Number(part === 0), 0);
      assert.ok(train <= 0.8 * all.filter((group) => group >= 0).length);
    }),
  );
});

test("a split is read from a table: other names of its parts, gaps, and what is wrong", () =>
  inFolder(async (folder) => {
    const file = join(folder, "split.csv");
    const read = async (text: string) => {
      await writeFile(file, text);
      return [...(await splitFromTable(file, ["a", "b", "c", "d"]))];
    };
    assert.deepEqual(await read("path,split\nb,Test\na,training\nc,valid\n"), [0, 2, 1, NO_PART]);
    await assert.rejects(
      read("path,split\na,train\nb,tset\n"),
      /"tset" is no part of a split; write train, validation, test/,
    );
    await assert.rejects(read("path,split\na,train\nb,valid\n"), /no entry is of the part test/);
    await assert.rejects(read("path,split\na,train\ne,test\n"), /1 paths are not in the data; the first is e/);
    await assert.rejects(read("path,split\na,train\na,test\n"), /row 3 puts a "test", an earlier row "train"/);
    await assert.rejects(read("path,part\na,train\n"), /no column "split".* columns path and split/);
  }));

test("a column of the data is read by the rows' lines; folds are in the order of their numbers", () =>
  inFolder(async (folder) => {
    const file = join(folder, "data.csv");
    await writeFile(file, "x,fold\n1,10\n2,2\n3,\n");
    const names = ["data.csv:2", "data.csv:3", "data.csv:4"];
    const source = { length: names.length, name: (index: number) => names[index] ?? "" };
    const cells = await cellsOfColumn(file, source, "fold", { flag: "--folds" });
    assert.deepEqual(cells, ["10", "2", undefined]);
    assert.deepEqual([...foldsIn(cells, file)], [1, 0, -1]);
    assert.throws(() => foldsIn(["1", "1"], file), /every fold is "1"/);
    await assert.rejects(cellsOfColumn(file, source, "part", { flag: "--split" }), /no column "part"/);
    // What a source knows of its entries needs no table.
    const own = { ...source, column: (name: string) => (name === "fold" ? ["a", "b", "a"] : undefined) };
    assert.deepEqual(await cellsOfColumn(folder, own, "fold", { flag: "--folds" }), ["a", "b", "a"]);
  }));

test("a subset of a source is its entries, in their order", async () => {
  const source: Source<string> = {
    length: 4,
    classes: ["no", "yes"],
    labels: Int32Array.of(0, 1, -1, 1),
    parts: Uint8Array.of(0, 1, 2, 0),
    folds: Int32Array.of(2, 1, 0, -1),
    column: (name) => (name === "split" ? ["a", "b", "c", "d"] : undefined),
    name: (index) => `n${index}`,
    group: (index) => `g${index}`,
    read: async (index) => `s${index}`,
    manifest: {},
    close: async () => undefined,
  };
  const some = subset(source, Int32Array.of(1, 3));
  assert.deepEqual([some.length, some.name(1), some.group?.(0), await some.read(1)], [2, "n3", "g1", "s3"]);
  assert.deepEqual(
    [[...some.labels!], [...some.parts!], [...some.folds!]],
    [
      [1, 1],
      [1, 0],
      [1, -1],
    ],
  );
  assert.deepEqual([some.column?.("split"), some.column?.("part")], [["b", "d"], undefined]);
});
