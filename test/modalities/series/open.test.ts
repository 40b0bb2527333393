import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { series } from "../../../src/modalities/series/index.ts";
import { openSeries } from "../../../src/modalities/series/open.ts";
import { rowOf, type Series } from "../../../src/modalities/series/series.ts";
import { csvOf } from "../../fixtures/series.ts";
import { inFolder } from "../../support/cli.ts";

/** Writes a file and opens it: series are read at once, so that it may go away. */
async function opening(name: string, content: string | Uint8Array, options?: OpenOptions): Promise<Source<Series>> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  try {
    await writeFile(join(folder, name), content);
    return await openSeries(join(folder, name), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const refused = (name: string, content: string | Uint8Array, pattern: RegExp, options?: OpenOptions) =>
  assert.rejects(opening(name, content, options), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });

test("a table is one series: rows are steps, columns of numbers are channels", async () => {
  const source = await opening("a.csv", "time,a,b,label\n0,1,\n1,2,5,up\n2,?,6,up\n3,4,NaN,up\n");
  const one = await source.read(0);
  assert.deepEqual([one.channels, one.length, one.step], [["a", "b"], 4, 1]);
  assert.deepEqual([...rowOf(one, 0)], [1, 2, Number.NaN, 4]);
  assert.deepEqual([...rowOf(one, 1)], [Number.NaN, 5, 6, Number.NaN]);
  assert.deepEqual([source.classes, source.name(0)], [["up"], "a.csv"]);
});

test("--by tells series apart, --group what belongs together, and columns may be chosen", async () => {
  const rows = [0, 1, 2].flatMap((step) => ["p", "q"].map((id) => [step, id, step * 2, 7, id === "p" ? "x" : "y"]));
  const table = csvOf(["t", "machine", "a", "b", "site"], rows);
  const source = await opening("m.csv", table, { by: "machine", time: "t", group: "site", column: "a" });
  assert.deepEqual([source.length, source.name(0), source.name(1)], [2, "p", "q"]);
  assert.deepEqual([source.groupedBy, source.group?.(0), source.group?.(1)], ["site", "x", "y"]);
  const one = await source.read(1);
  assert.deepEqual([one.channels, [...one.values]], [["a"], [0, 2, 4]]);
});

test("a long table has a row for each value", async () => {
  const rows = [0, 1, 2].flatMap((time) => [
    [time, "p", "hr", 60 + time],
    ...(time === 1 ? [] : [[time, "p", "bp", 100 + time]]),
  ]);
  const source = await opening("l.csv", csvOf(["time", "patient", "channel", "value"], rows), { by: "patient" });
  const one = await source.read(0);
  assert.deepEqual(one.channels, ["hr", "bp"]);
  assert.deepEqual([...one.values], [60, 61, 62, 100, Number.NaN, 102]);
});

test("irregular times become regular, and what was filled is said", async () => {
  const times = [0, 1, 2.5, 3.5, 4.5, 9, 10, 11, 12];
  const source = await opening(
    "i.csv",
    csvOf(
      ["time", "a"],
      times.map((time) => [time, 10 * time]),
    ),
  );
  const one = await source.read(0);
  assert.deepEqual([one.length, one.step], [13, 1]);
  const row = [...rowOf(one, 0)];
  // Between rows near each other by the line through them; nothing in the gap of 4.5 steps.
  assert.deepEqual(row.slice(0, 5), [0, 10, 20, 30, 40]);
  assert.deepEqual(
    row.slice(5, 9).filter((value) => !Number.isNaN(value)),
    [45],
  );
  assert.deepEqual(row.slice(9), [90, 100, 110, 120]);
  assert.match(source.notes?.join() ?? "", /irregular times, read at steps of 1: \d steps computed .* 3 left empty/);
});

test("dates are read in UTC, with a zone or without", async () => {
  const table = "when,a\n2026-03-29 00:00:00,1\n2026-03-29T01:00:00Z,2\n2026-03-29 04:00:00+02:00,3\n";
  const one = await (await opening("d.csv", table, { time: "when" })).read(0);
  // The hour that clocks skip on that day is there.
  assert.deepEqual([one.length, one.step], [3, 3600]);
});

test("rows out of order are sorted, rows that are there twice count once, mixed rates are read at the coarser", async () => {
  const sorted = await opening("s.csv", "time,a\n0,0\n2,4\n1,2\n3,6\n");
  assert.deepEqual([...(await sorted.read(0)).values], [0, 2, 4, 6]);
  assert.match(sorted.notes?.[0] ?? "", /not in order of time, and are sorted/);
  const twice = await opening("t.csv", "time,a\n0,0\n1,2\n1,2\n2,4\n");
  assert.deepEqual([...(await twice.read(0)).values], [0, 2, 4]);
  assert.match(twice.notes?.[0] ?? "", /1 rows are there twice/);
  const times = [...Array(100).keys(), ...Array.from({ length: 90 }, (_, at) => 100 + 10 * at)];
  const mixed = await opening(
    "x.csv",
    csvOf(
      ["time", "a"],
      times.map((time) => [time, time]),
    ),
  );
  assert.equal((await mixed.read(0)).step, 10);
  assert.match(mixed.notes?.[0] ?? "", /irregular times, read at steps of 10/);
});

test("a text among numbers is missing, and said with its line; a column of text is none", async () => {
  const source = await opening("t.csv", "time,a,note\n0,1,fine\n1,oops,fine\n2,3,fine\n");
  assert.deepEqual([...(await source.read(0)).values], [1, Number.NaN, 3]);
  const said = source.leftOut?.map(({ what, advice }) => `${what}: ${advice}`) ?? [];
  assert.match(said[0] ?? "", /text in column "a": no number: the first is "oops" on line 3; taken as missing/);
  assert.match(said[1] ?? "", /columns of text \(note\)/);
});

test("one clear line for each thing that is wrong", async () => {
  await refused("e.csv", "", /no rows/);
  await refused("h.csv", "time,a\n", /no rows/);
  await refused("o.csv", "time,a\n0,1\n", /one row; a series needs at least two/);
  await refused("d.csv", "time,a\n0,1\n1,2\n1,3\n", /lines 3 and 4 have the same time and other values; .*--by/);
  await refused("n.csv", "time,a\n0,1\nnoon,2\n2,1\n", /line 3: "noon" is no time/);
  await refused("a.csv", "time,name\n0,x\n1,y\n", /no column of numbers; there are: time, name/);
  await refused("b.csv", "time,a\n0,1\n1,2\n", /no column "machine"; there are: time, a; name one with --by/, {
    by: "machine",
  });
  await refused("c.csv", "a,a\n0,1\n1,2\n", /both called "a"/);
  await refused("g.csv", "time,a\n0,1\n1,2\n2,2\n1e9,3\n", /span .* steps/);
  await refused("x.ts", "export const a = 1;\n", /not a \.ts file of the UCR archive/);
  await refused("u.ts", "@problemName x\n@data\n", /no series after @data/);
  await refused("s.npy", Buffer.from("\x93NUMPY\x01\x00", "latin1"), /not a NumPy array|header is cut off/);
});

test("of series with several rates the step is that of most readings, and everything wrong in a table is said", async () => {
  const fine = Array.from({ length: 60 }, (_, step) => [step, "p", 20 + step, step === 7 ? "oops" : step]);
  const coarse = Array.from({ length: 30 }, (_, step) => [10 * step, "q", 20 + step, step]);
  const rows = [...fine.filter((_, step) => step < 20 || step > 24), fine[12]!, fine[10]!, ...coarse];
  const wrong = [
    [0, "r", 1, 2],
    [0, "r", 1, 3],
  ];
  const table = csvOf(["time", "machine", "heat", "shake"], [...rows, ...wrong]);
  const source = await opening("all.csv", table, { by: "machine" });
  assert.deepEqual(await series.infer?.(source), { channels: ["heat", "shake"], step: 1, window: 40, mask: true });
  assert.deepEqual([(await source.read(0)).length, (await source.read(1)).length], [60, 30]);
  const notes = source.notes?.join("\n") ?? "";
  for (const said of [/not in order of time/, /2 rows are there twice/, /irregular times, .*5 left empty/])
    assert.match(notes, said);
  assert.match(source.leftOut?.[0]?.advice ?? "", /"oops" on line 9/);
  await assert.rejects(source.read(2), /lines 89 and 90 have the same time and other values/);
});

test("a broken series is named and the others are read", async () => {
  const table = "time,id,a\n0,p,1\n1,p,2\n0,q,1\n0,q,9\n0,r,1\n";
  const source = await opening("m.csv", table, { by: "id" });
  assert.equal(source.length, 3);
  assert.equal((await source.read(0)).length, 2);
  for (const [index, reason] of [/same time and other values/, /one row/].entries())
    await assert.rejects(
      source.read(index + 1),
      (error: unknown) => error instanceof BrokenSample && reason.test(error.message),
    );
});

test("UCR's and UEA's files: channels, unequal lengths, missing values, the class last", async () => {
  const text =
    "# about\n@problemName x\n@timeStamps false\n@classLabel true a b\n@data\n1,2,3:4,5,6:a\n1,?:7,8:b\n1,x:2,3:a\n";
  const source = await opening("x.ts", text);
  assert.deepEqual(
    [source.classes, [...(source.labels ?? [])]],
    [
      ["a", "b"],
      [0, 1, 0],
    ],
  );
  const [first, second] = [await source.read(0), await source.read(1)];
  assert.deepEqual([...first.values], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([second.length, ...second.values], [2, 1, Number.NaN, 7, 8]);
  await assert.rejects(source.read(2), /line 8: "x" in channel 1 is not a number/);
});

/** An array as NumPy writes it, version 1. */
function npyOf(shape: readonly number[], values: readonly number[], order = "False"): Buffer {
  const header = `{'descr': '<f8', 'fortran_order': ${order}, 'shape': (${shape.join(", ")},), }`.padEnd(117);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length + 1);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(`${header}\n`, "latin1"),
    new Uint8Array(Float64Array.from(values).buffer),
  ]);
}

test("NumPy's files: steps and channels, or many series; damage is said", async () => {
  const one = await (await opening("a.npy", npyOf([3, 2], [1, 2, 3, 4, 5, 6]))).read(0);
  assert.deepEqual(
    [one.channels, [...one.values]],
    [
      ["1", "2"],
      [1, 3, 5, 2, 4, 6],
    ],
  );
  const many = await opening("b.npy", npyOf([2, 1, 3], [1, 2, 3, 4, 5, 6]));
  assert.deepEqual([many.length, many.name(1), [...(await many.read(1)).values]], [2, "b.npy:2", [4, 5, 6]]);
  await refused("c.npy", npyOf([3, 2], [1, 2, 3]), /cut off: 24 of 48 bytes/);
  await refused("d.npy", npyOf([2, 2], [1, 2, 3, 4], "True"), /Fortran's order; save numpy.ascontiguousarray/);
  await refused("e.npy", npyOf([1], [1]), /needs at least two steps/);
});

test("what is recognised: a table with times and numbers surely, one of numbers perhaps, TypeScript not", () =>
  inFolder(async (folder) => {
    const at = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return series.recognises(join(folder, name));
    };
    assert.equal(await at("a.csv", "timestamp,a\n2026-01-01,1\n2026-01-02,2\n"), "certain");
    assert.equal(await at("b.csv", "a,b\n1,2\n3,4\n"), "possible");
    assert.equal(await at("c.csv", "text,label\ngood,1\nbad,0\n"), undefined);
    assert.equal(await at("d.csv", "path,label\na.png,cat\n"), undefined);
    assert.equal(await at("e.ts", "@problemName e\n@data\n1,2:a\n"), "certain");
    assert.equal(await at("f.ts", "// @data\nexport const a = 1;\n"), undefined);
    assert.equal(await at("g.npy", "nothing"), undefined);
  }));

test("a series that is sent may be CSV, lines of JSON or an array", async () => {
  const rows = [0, 1, 2].map((time) => ({ time, a: 2 * time, b: 1 }));
  const sent = {
    csv: csvOf(
      ["time", "a", "b"],
      rows.map(({ time, a, b }) => [time, a, b]),
    ),
    lines: rows.map((row) => JSON.stringify(row)).join("\n"),
    array: JSON.stringify(rows),
  };
  for (const [name, text] of Object.entries(sent)) {
    const one = await series.accepts.bytes!(Buffer.from(text), name, "").read(0);
    assert.deepEqual(
      [one.channels, [...one.values]],
      [
        ["a", "b"],
        [0, 2, 4, 1, 1, 1],
      ],
      name,
    );
  }
});

test("values that float32 cannot hold are missing", async () => {
  const source = await opening("a.csv", "time,a,b\n0,1,1e300\n1,-1e300,2\n2,3,4\n");
  const one = await source.read(0);
  assert.deepEqual([...one.values], [1, Number.NaN, 3, Number.NaN, 2, 4]);
});

test("names and cells are cut in messages", async () => {
  const long = "x".repeat(5000);
  for (const text of [`time,a\n0,1\n${long},2\n2,3\n`, `${long},b\nu,v\nw,z\n`])
    await assert.rejects(
      opening("a.csv", text).then((source) => source.read(0)),
      (error) => error instanceof Error && error.message.length < 300 && error.message.includes("xxx…"),
    );
});
