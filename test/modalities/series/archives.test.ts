import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { zipSync } from "fflate";
import { UserError } from "../../../src/foundation/errors.ts";
import { series } from "../../../src/modalities/series/index.ts";
import { openSeries } from "../../../src/modalities/series/open.ts";
import { inFolder } from "../../support/cli.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An array as NumPy writes it, version 1. */
function npyOf(type: string, shape: readonly number[], values: Uint8Array): Uint8Array {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length + 1);
  const start = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  return new Uint8Array(Buffer.concat([start, length, Buffer.from(`${header}\n`, "latin1"), values]));
}
const floats = (shape: readonly number[], values: readonly number[]): Uint8Array =>
  npyOf("<f4", shape, new Uint8Array(Float32Array.from(values).buffer));
const texts = (all: readonly string[]): Uint8Array => {
  const width = Math.max(...all.map(({ length }) => length));
  const points = all.flatMap((text) => Array.from({ length: width }, (_, at) => text.codePointAt(at) ?? 0));
  return npyOf(`<U${width}`, [all.length], new Uint8Array(Uint32Array.from(points).buffer));
};

const refused = (path: string, pattern: RegExp) =>
  assert.rejects(openSeries(path), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n|\/autodidact-(?!test)/);
    return true;
  });

test("ARFF: attributes are steps, or a relation has the channels; the last one with names is the class", () =>
  inFolder(async (folder) => {
    const flat = join(folder, "flat.arff");
    await writeFile(
      flat,
      "% about\n@relation 'a set'\n@attribute 'att 1' numeric\n@attribute att2 REAL\n@attribute target {up,'far down'}\n\n@data\n1,2.5,up\n?,4,'far down'\n5,x,up\n1,2\n",
    );
    assert.equal(await series.recognises(flat), "certain");
    const source = await openSeries(flat);
    assert.deepEqual(source.classes, ["far down", "up"]);
    assert.deepEqual([...(await source.read(0)).values], [1, 2.5]);
    assert.deepEqual([...(await source.read(1)).values], [Number.NaN, 4]);
    await assert.rejects(source.read(2), /line 10: "x" in channel 1 is not a number/);
    await assert.rejects(source.read(3), /line 11: 2 values for 3 attributes/);

    const related = join(folder, "related.arff");
    const inner = ["@attribute x relational", "@attribute t0 numeric", "@attribute t1 numeric", "@end x"].join("\n");
    await writeFile(
      related,
      `@relation b\n${inner}\n@attribute activity {sit,run}\n@data\n'1,2\\n3,4\\n5,6',sit\n"7,8\\n9,?",run\n`,
    );
    const many = await openSeries(related);
    const [first, second] = [await many.read(0), await many.read(1)];
    assert.deepEqual([first.channels.length, ...first.values], [3, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual([second.channels.length, ...second.values], [2, 7, 8, 9, Number.NaN]);
    assert.deepEqual(many.classes, ["run", "sit"]);

    const wrong = join(folder, "wrong.arff");
    await writeFile(wrong, "@relation x\n@data\n");
    await refused(wrong, /no series after @data/);
    await writeFile(wrong, "@relation x\n@attribute a numeric\n@data\n{0 1}\n");
    await refused(wrong, /line 4: sparse rows/);
    await writeFile(wrong, "something else\n");
    await refused(wrong, /not an ARFF file/);
  }));

test("NumPy's archives: the series of each array, and their classes in y", () =>
  inFolder(async (folder) => {
    const path = join(folder, "set.npz");
    const X = floats([2, 1, 3], [1, 2, 3, 4, 5, 6]);
    await writeFile(path, zipSync({ "X.npy": X, "y.npy": texts(["fault", "fine"]) }));
    assert.equal(await series.recognises(path), "certain");
    const source = await openSeries(path);
    assert.deepEqual([source.length, source.name(1), source.classes], [2, "set.npz:2", ["fault", "fine"]]);
    assert.deepEqual([...(source.labels ?? [])], [0, 1]);
    assert.deepEqual([...(await source.read(1)).values], [4, 5, 6]);

    const numbers = npyOf("<i8", [2], new Uint8Array(BigInt64Array.from([7n, 3n]).buffer));
    await writeFile(path, zipSync({ "X_train.npy": X, "y_train.npy": numbers, "X_test.npy": X }));
    const both = await openSeries(path);
    assert.deepEqual([both.length, both.name(0)], [4, "set.npz/X_test:1"]);
    assert.deepEqual([...(both.labels ?? [])].slice(2), [1, 0]);

    await writeFile(path, zipSync({ "X.npy": X, "y.npy": texts(["a", "b", "c"]) }));
    await refused(path, /2 series, and 3 labels in the array y/);
    await writeFile(path, zipSync({ "notes.txt": bytesOf("none") }));
    await refused(path, /no array in it/);
    await writeFile(path, "nothing");
    await refused(path, /not a NumPy archive/);
  }));

test("a zip of series is read like its folder, and what is broken in it is named", () =>
  inFolder(async (folder) => {
    const path = join(folder, "machines.zip");
    const table = (last: string) => bytesOf(`time,a\n0,1\n1,2\n2,${last}\n`);
    const entries = {
      "all/fine/one.csv": table("3"),
      "all/fault/two.csv": table("30"),
      "all/fault/three.csv": bytesOf("time,a\n0,1\n"),
      "all/readme.md": bytesOf("about"),
    };
    await writeFile(path, zipSync(entries));
    assert.equal(await series.recognises(path), "certain");
    const source = await openSeries(path);
    assert.deepEqual(source.classes, ["fault", "fine"]);
    const names = Array.from({ length: source.length }, (_, index) => source.name(index));
    assert.deepEqual(names, ["fault/three.csv", "fault/two.csv", "fine/one.csv"]);
    assert.deepEqual([...(await source.read(1)).values], [1, 2, 30]);
    await assert.rejects(source.read(0), /^BrokenSample: one row; a series needs at least two$/);
    assert.match(source.leftOut?.map(({ what }) => what).join() ?? "", /\.md/);

    // A folder of archives, and an archive whose only file is broken.
    await mkdir(join(folder, "packed"));
    await writeFile(join(folder, "packed", "a.zip"), zipSync({ "one.csv": table("3") }));
    assert.equal((await openSeries(join(folder, "packed"))).length, 1);
    await writeFile(path, zipSync({ "one.csv": bytesOf("time,a\n0,1\n") }));
    await refused(path, /machines\.zip: one\.csv: one row/);
    await writeFile(path, zipSync({ "readme.md": bytesOf("about") }));
    await refused(path, /series/);
    assert.equal(await series.recognises(path), undefined);
  }));
