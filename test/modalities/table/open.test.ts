import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { FILE, learnedIn } from "../../../src/modalities/table/columns/learned.ts";
import { table } from "../../../src/modalities/table/index.ts";
import { openTable } from "../../../src/modalities/table/open.ts";
import type { Row } from "../../../src/modalities/table/row.ts";
import { customers } from "../../fixtures/table.ts";
import { inFolder } from "../../support/cli.ts";

/** Writes a file and opens it: a table is read at once, so that it may go away. */
async function opening(name: string, content: string, options?: OpenOptions): Promise<Source<Row>> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  try {
    await writeFile(join(folder, name), content);
    return await openTable(join(folder, name), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const says = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

/** What is learned of a table, and what is said. */
async function learning(content: string, options: Record<string, unknown> = {}, name = "t.csv") {
  const notes: string[] = [];
  const source = await opening(name, content);
  const files = await table.learn!(source, table.options.parse(options), (note) => notes.push(note));
  return { learned: learnedIn(files), notes: [...(source.notes ?? []), ...notes].join("\n"), source, files };
}

const cells = async (source: Source<Row>, index: number) =>
  Object.fromEntries([...(await source.read(index)).cells].filter(([, cell]) => cell !== undefined));

test("rows are samples: numbers, texts and gaps; labels and groups are no columns", async () => {
  const csv = "id,age,job,site,label\na,39,nurse,x,yes\nb,,clerk,y,no\nc,?,NA,x,\n";
  const source = await opening("p.csv", csv, { group: "site" });
  assert.deepEqual(await cells(source, 0), { id: "a", age: 39, job: "nurse" });
  assert.deepEqual(await cells(source, 2), { id: "c" });
  assert.deepEqual([source.length, source.name(1)], [3, "p.csv:3"]);
  assert.deepEqual(
    [source.classes, [...(source.labels ?? [])]],
    [
      ["no", "yes"],
      [1, 0, -1],
    ],
  );
  assert.deepEqual([source.groupedBy, source.group?.(0), source.group?.(1)], ["site", "x", "y"]);
  const chosen = await opening("p.csv", csv, { column: "age,5", labelColumn: "job" });
  assert.deepEqual(await cells(chosen, 0), { age: 39, label: "yes" });
  assert.deepEqual(chosen.classes, ["NA", "clerk", "nurse"]);
});

test("groups hold together however many there are", async () => {
  const groups = 2 ** 17 + 1;
  const lines = Array.from({ length: groups }, (_, at) => `${at % 7},${at % 5},c${at}`);
  const csv = ["a,b,customer", ...lines, "1,1,c0", `2,2,c${groups - 1}`, ""].join("\n");
  const { group } = await opening("p.csv", csv, { group: "customer" });
  assert.deepEqual(
    [0, groups - 1, groups, groups + 1].map((row) => group?.(row)),
    ["c0", `c${groups - 1}`, "c0", `c${groups - 1}`],
  );
});

test("JSON lines may have columns that the first lack, and be asked for them", async () => {
  const lines = '{"a":1,"b":true}\n{"a":2,"kind":"x","c":"2026-01-31"}\n';
  const source = await opening("p.jsonl", lines, { labelColumn: "kind" });
  assert.deepEqual(
    [await cells(source, 0), await cells(source, 1)],
    [
      { a: 1, b: 1 },
      { a: 2, c: "2026-01-31" },
    ],
  );
  assert.deepEqual([...(source.labels ?? [])], [-1, 0]);
  await assert.rejects(
    opening("p.jsonl", lines, { labelColumn: "none" }),
    says(/no column "none"; there are: a, b, kind, c/),
  );
});

test("a column that only late lines of a long JSON file have is read, and a last line without an end", async () => {
  const lines = Array.from({ length: 9000 }, (_, at) => JSON.stringify({ a: at, b: `kind ${at % 3}` }));
  const source = await opening("p.jsonl", [...lines, '{"a":1,"late":7,"label":"x"}'].join("\n"));
  assert.deepEqual(await cells(source, 9000), { a: 1, late: 7 });
  assert.deepEqual([await cells(source, 0), source.classes], [{ a: 0, b: "kind 0" }, ["x"]]);
  assert.deepEqual(await cells(await opening("one.json", '{"a":1,"b":2}'), 0), { a: 1, b: 2 });
});

test("each column is a number, a category, a date, or left out with the reason", async () => {
  const names = "id,code,age,job,since,note,same,empty,key";
  const rows = Array.from({ length: 40 }, (_, at) =>
    [
      ...[
        `c${at}`,
        at % 2 ? 90210 : 10001,
        (at * 7) % 60,
        at % 3 ? "nurse" : "clerk",
        `2024-0${1 + (at % 9)}-11 1${at % 10}:00`,
      ],
      ...[`a remark of several words, number ${at}`, "x", "", at + 500].map((cell) => `"${cell}"`),
    ].join(","),
  );
  const { learned, notes } = await learning([names, ...rows].join("\n"), { categories: ["code"] });
  const types = learned.columns.map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(types, ["code category", "age number", "job category", "since date"]);
  const why = Object.fromEntries(learned.leftOut.map((one) => [one.name, one.why]));
  assert.match(why.id ?? "", /^identifiers/);
  assert.match(why.key ?? "", /^identifiers: whole numbers/);
  assert.deepEqual([why.note, why.same, why.empty], ["free text", "always the same", "no value"]);
  assert.match(
    notes,
    /columns that are read: 1 of numbers \(age\), 2 of categories \(code, job\), 1 of dates \(since\)/,
  );
  assert.match(notes, /left out: .*note \(free text\), same \(always the same\)/);
  const age = learned.columns[1];
  assert.ok(age?.type === "number");
  const values = rows.map((_, at) => (at * 7) % 60);
  const mean = values.reduce((sum, value) => sum + value, 0) / 40;
  assert.ok(Math.abs(age.mean - mean) < 1e-9);
  assert.deepEqual([age.quantiles[0], age.quantiles.at(-1)], [Math.min(...values), Math.max(...values)]);
  assert.equal(
    age.median,
    [...values]
      .sort((a, b) => a - b)
      .slice(19, 21)
      .reduce((sum, value) => sum + value / 2, 0),
  );
});

test("what is wrong with a table is one clear line", async () => {
  await assert.rejects(opening("e.csv", ""), says(/e\.csv: no rows/));
  await assert.rejects(opening("h.csv", "a,b\n"), says(/h\.csv: no rows below the names of the columns/));
  await assert.rejects(opening("d.csv", "a,b,a\n1,2,3\n"), says(/columns 1 and 3 are both called "a"; rename one/));
  await assert.rejects(
    opening("r.csv", "a,b\n1,2\n1,2,3\n"),
    says(/r\.csv: line 3 has 3 fields, the first 2: a value with/),
  );
  await assert.rejects(opening("x.txt", "a,b\n"), says(/x\.txt: not a table; rows are read from one CSV/));
  await assert.rejects(opening("x.csv", "a,b\n1,2\n", { labelColumn: "c" }), says(/no column "c"; there are: a, b/));
  await assert.rejects(
    learning("a\n1\n2\n"),
    says(/t\.csv:2: one column \(a\) to learn from, and at least two are needed/),
  );
  await assert.rejects(learning("a,b\n,\n?,NA\n"), says(/no row has a value in any column/));
  await assert.rejects(
    learning("a,b\n1,x\n1,x\n"),
    says(/no column to learn from.*left out: a, b \(always the same\)/),
  );
  await assert.rejects(
    learning("a,b\n1,x\n2,y\n", { leaveOut: ["c"] }),
    says(/--leave-out c: no such column in t\.csv; there are: a, b/),
  );
  const long = "n".repeat(5000);
  await assert.rejects(learning(`${long},b\n1,2\n1,2\n`), says(/^.{1,200}$/));
  assert.match((await learning(`${long},b\n1,x\n2,y\n`)).notes, /^.{1,200}$/);
  await inFolder(async (folder) =>
    assert.rejects(openTable(folder), says(/not a table \(it is a folder\); rows are read from one/)),
  );
  const source = await opening("b.csv", "a,b\n,\n1,2\n");
  await assert.rejects(source.read(0), BrokenSample);
  assert.deepEqual(await cells(source, 1), { a: 1, b: 2 });
});

test("short rows have gaps; a text among numbers is missing and said; the first row may be no header", async () => {
  const rows = Array.from(
    { length: 30 },
    (_, at) => `${(at * 7) % 13},${at % 2 ? "x" : "y"},${at === 4 ? "oops" : at % 5}`,
  );
  const { learned, notes, source } = await learning(["a,b,c", "5", ...rows].join("\n"));
  assert.deepEqual(
    learned.columns.map(({ type }) => type),
    ["number", "category", "number"],
  );
  assert.match(notes, /column "c": 1 of its values is no number and taken as missing; the first is "oops"/);
  assert.deepEqual(await cells(source, 0), { a: 5 });
  const headless = await learning(["39,nurse", "40,clerk", "41,nurse"].join("\n"));
  assert.match(headless.notes, /first row is taken for the names of the columns, and some are numbers \(39\)/);
});

test("of 10,000 categories the most frequent are read, the others are unknown", async () => {
  const rows = Array.from({ length: 30_000 }, (_, at) => `k${at % 10_000},${at % 7}`);
  const { learned, notes, source, files } = await learning(["kind,b", ...rows, "k7,1"].join("\n"), {
    mostCategories: 50,
  });
  assert.match(notes, /column "kind": 10,000 categories; the 50 most frequent are read/);
  const [kind] = learned.columns;
  assert.ok(kind?.type === "category" && kind.categories.length === 50);
  assert.deepEqual(kind.categories[0], { value: "k7", count: 4 });
  const built = table.build(table.options.parse({}), files);
  const codes = await Promise.all([7, 9999].map(async (at) => built.tensors(await source.read(at)).codes!.data[0]));
  assert.deepEqual(codes, [2, 1]);
});

test("no value of a row lies beside those of its row in the run", async () => {
  const rows = Array.from({ length: 500 }, (_, at) => `${at / 7},${at / 7}`);
  const { learned } = await learning(["a,b", ...rows].join("\n"));
  const [a, b] = learned.columns.map(({ marginal }) => marginal);
  assert.equal(a?.length, 500);
  const same = a!.filter((value, at) => value === b![at]).length;
  assert.ok(same < 25, `${same} of 500`);
});

test("a table is told from texts and series", () =>
  inFolder(async (folder) => {
    const kindOf = async (name: string, content: string): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, content);
      return (await modalityFor(path)).name;
    };
    const numbers = Array.from({ length: 30 }, (_, at) => `${(at * 7) % 13},${at % 5}`);
    assert.equal(await kindOf("customers.csv", customers(40)), "table");
    assert.equal(
      await kindOf("sensor.csv", ["time,a", ...numbers.map((row, at) => `${at},${row.split(",")[0]}`)].join("\n")),
      "series",
    );
    const texts = Array.from({ length: 30 }, (_, at) => `"a text of some words, the ${at}th",${at % 2 ? "x" : "y"}`);
    assert.equal(await kindOf("reviews.csv", ["text,label", ...texts].join("\n")), "text");
    // Rows of numbers may be samples, or steps of time.
    await assert.rejects(
      kindOf("numbers.csv", ["a,b", ...numbers].join("\n")),
      says(/several kinds; name one: --modality series or table/),
    );
  }));

test("a row is sent as a JSON object", async () => {
  const of = (text: string) => table.accepts.bytes!(Buffer.from(text), "the body", "application/json");
  const row = await of('{"age": 39, "job": "nurse", "smokes": true, "weight": null}').read(0);
  assert.deepEqual(Object.fromEntries("cells" in row ? row.cells : []), {
    age: 39,
    job: "nurse",
    smokes: 1,
    weight: undefined,
  });
  for (const wrong of ["[1]", "{", '{"a": [1]}'])
    await assert.rejects(of(wrong).read(0), (error) => error instanceof BrokenSample && /^[^\n]+$/.test(error.message));
});

test("another run's columns are read as they are, and what the data lack is said", () =>
  inFolder(async (folder) => {
    const { files, learned } = await learning(customers(40));
    const path = join(folder, FILE);
    await writeFile(path, files[FILE]!);
    const few = ["age,job,spent,other", "31,pilot,7,1", "44,nurse,,2"].join("\n");
    const again = await learning(few, { columnsFrom: path });
    assert.deepEqual(again.learned, learned);
    assert.match(again.notes, /columns that the run reads and this data lack, or have no value in: visits, since/);
    await assert.rejects(
      learning("a,b\n1,2\n3,4\n", { columnsFrom: path }),
      says(/has none of the columns .* names: .*; it has: a, b/),
    );
    await assert.rejects(learning(few, { columnsFrom: path, leaveOut: ["age"] }), says(/says what the columns are/));
    await writeFile(path, '{"rows":3}');
    await assert.rejects(learning(few, { columnsFrom: path }), says(/not the columns\.json of a run \(columns: /));
    await assert.rejects(learning(few, { columnsFrom: join(folder, "none") }), says(/none: could not be read/));
  }));

test("the run's file is refused when it is none", () => {
  assert.throws(() => table.build(table.options.parse({})), /columns\.json/);
  assert.throws(() => table.build(table.options.parse({}), { [FILE]: '{"rows":0}' }));
});
