/** Tables as spreadsheets, scripts and instruments write them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { rowsOf, type TableFormat } from "../../../src/data/tables/rows.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { inFolder } from "../../support/cli.ts";

interface Wanted {
  readonly column?: string;
  readonly labelColumn?: string;
}

/** Texts and labels of a table with these contents. */
async function read(name: string, content: string | Uint8Array, { column = "text", labelColumn }: Wanted = {}) {
  const rows: (readonly [string, string | undefined])[] = [];
  await inFolder(async (folder) => {
    const file = join(folder, name);
    await writeFile(file, content);
    const format = name.slice(name.lastIndexOf(".") + 1) as TableFormat;
    for await (const batch of rowsOf(file, format, { column, ...(labelColumn === undefined ? {} : { labelColumn }) }))
      for (const { text, label } of batch) rows.push([text, label]);
  });
  return rows;
}

async function refused(name: string, content: string | Uint8Array, expected: RegExp, wanted: Wanted = {}) {
  await assert.rejects(read(name, content, wanted), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, expected);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

const TWO = [
  ["one, two", "a"],
  ["three", "b"],
] as const;

test("semicolons, tabs, bars and Excel's line sep= separate fields", async () => {
  for (const content of [
    'text,label\n"one, two",a\nthree,b\n',
    "text;label\none, two;a\nthree;b\n",
    "\ufefftext;label\r\none, two;a\r\nthree;b\r\n",
    '"text";"label"\n"one, two";"a"\nthree;b\n',
    "text\tlabel\none, two\ta\nthree\tb\n",
    "text|label\none, two|a\nthree|b\n",
    'sep=,\ntext,label\n"one, two",a\nthree,b\n',
    "sep=;\r\ntext;label\r\none, two;a\r\nthree;b\r\n",
    "sep=\t\ntext\tlabel\none, two\ta\nthree\tb\n",
    "more;text;label\nx;one, two;a\ny;three;b\n",
  ])
    assert.deepEqual(await read("t.csv", content), TWO, JSON.stringify(content));
  assert.deepEqual(await read("t.tsv", 'text,label\n"one, two",a\nthree,b\n'), TWO);
});

test("without a header, what separates fields is what every row has as often", async () => {
  const wanted = { column: "1", labelColumn: "2" };
  assert.deepEqual(await read("t.csv", '"one, two",a\nthree,b\n', wanted), TWO);
  assert.deepEqual(await read("t.csv", "one, two;a\nthree;b\n", wanted), TWO);
  // Each text has one comma, and a space after it.
  assert.deepEqual(await read("t.csv", "one, two;a\nthree, four;b\n", wanted), [TWO[0], ["three, four", "b"]]);
  assert.deepEqual(await read("t.csv", "one;x,a\ntwo;y,b\n", wanted), [
    ["one;x", "a"],
    ["two;y", "b"],
  ]);
});

test("lines may end in a carriage return alone", async () => {
  assert.deepEqual(await read("t.csv", 'text,label\r"one, two",a\rthree,b\r'), TWO);
  for (const end of ["", "\r\r", "\n"])
    assert.deepEqual(await read("t.csv", `text,label\r"one, two",a\rthree,b${end}`), TWO);
  assert.deepEqual(await read("t.json", '{"text":"one, two","label":"a"}\r{"text":"three","label":"b"}\r'), TWO);
  // A line feed somewhere: a return inside a field is part of it.
  assert.deepEqual(await read("t.csv", 'text,label\n"one\rtwo",a\nthree,b\n'), [["one\rtwo", "a"], TWO[1]]);
});

test("a column is found in other case, with blanks around it and in other characters; two of a name are refused", async () => {
  for (const header of ["Text,Label", " text , LABEL ", "TEXT,label"])
    assert.deepEqual(await read("t.csv", `${header}\n"one, two",a\nthree,b\n`), TWO, header);
  assert.deepEqual(await read("t.json", '{"Text":"one, two"," label ":"a"}\n{"text":"three","LABEL":"b"}\n'), TWO);
  const accented = "e\u0301tat,label\nun,a\n";
  assert.deepEqual(await read("t.csv", accented, { column: "\u00e9tat" }), [["un", "a"]]);
  // The exact name is meant, whatever looks like it.
  assert.deepEqual(await read("t.csv", "Text,text,label\nno,yes,a\n"), [["yes", "a"]]);
  await refused("t.csv", "text,label,label\none,a,x\n", /the columns 2 and 3 are both called "label"; rename one/);
  await refused("t.csv", "text,Label,LABEL\none,a,x\n", /the columns 2 and 3/);
  assert.deepEqual(await read("t.csv", "text,label,label\none,a,x\n", { labelColumn: "3" }), [["one", "x"]]);
  const many = Array.from({ length: 12 }, (_, at) => `c${at}`);
  await refused("t.csv", `${[...many, "my text"].join()}\n`, /no column "text"; there are: my text, c0/);
});

test("the columns of JSON lines are those of all of them", async () => {
  const lines = '{"id":1}\n{"text":"one, two","label":"a"}\n{"label":"b","text":"three"}\n';
  assert.deepEqual(await read("t.json", lines), [["", undefined], ...TWO]);
  const late = '{"text":"none yet"}\n{"text":"three","cls":"b"}\n';
  assert.deepEqual(await read("t.json", late, { labelColumn: "cls" }), [["none yet", undefined], TWO[1]]);
  await refused("t.json", '{"id":1}\n{"body":"x"}\n', /no column "text"; there are: id, body/);
  await refused("t.json", late, /no column "class"; there are: text, cls/, { labelColumn: "class" });
  await refused("t.json", '{"text":"x","label":NaN}\n', /line 1: not JSON .*NaN and Infinity are not JSON: write null/);
});

test("a JSON array is a table, or texts; an object is neither", async () => {
  const objects = TWO.map(([text, label]) => ({ text, label }));
  for (const content of [JSON.stringify(objects), ` \n${JSON.stringify(objects, null, 2)}\n`])
    assert.deepEqual(await read("t.json", content), TWO);
  assert.deepEqual(await read("t.json", '["one", "two\\nthree"]'), [
    ["one", undefined],
    ["two\nthree", undefined],
  ]);
  await refused("t.json", "[1, 2]", /entry 1 is not a JSON object or a text/);
  await refused("t.json", '[{"text": "a"},', /t\.json: not JSON/);
  await refused("t.json", '{\n"rows": [{"text": "a"}]\n}', /one JSON object, .*"rows"/);
  await refused("t.json", '[{"body": "a"}]', /no column "text"; there are: body/);
});

test("rows may be short and have blank fields too many, but no text too many", async () => {
  assert.deepEqual(await read("t.csv", "text,label\none\nthree,b,,\n"), [["one", undefined], TWO[1]]);
  await refused("t.csv", "text,label\na,b\none, two,a\n", /line 3 has 3 fields, the first 2: .* quotation marks/);
  assert.deepEqual(await read("t.csv", 'text,label\n"x", \n y ,  b \n'), [
    ["x", undefined],
    [" y ", "b"],
  ]);
});

test("quotation marks: inside an unquoted field they are text; left open or closed too early they are refused", async () => {
  assert.deepEqual(await read("t.csv", 'text,label\n5" wide,a\nsaid "so",b\n'), [
    ['5" wide', "a"],
    ['said "so"', "b"],
  ]);
  assert.deepEqual(await read("t.csv", 'text,label\n"""so"" it\nis",a\n'), [['"so" it\nis', "a"]]);
  await refused(
    "t.csv",
    'text,label\nx,a\n"never closed,b\ny,a\n',
    /mark that opens a field on line 3 is never closed/,
  );
  // The mark on line 4 would otherwise close that of line 2, and the rows between would be one text.
  await refused("t.csv", 'text,label\n"open,a\nx,b\n"quoted",a\n', /must be written twice/);
});

test("an apostrophe that keeps a spreadsheet from taking a label for a formula is no part of it", async () => {
  assert.deepEqual(await read("t.csv", "text,label\nx,'=1+1\ny,'quoted\nz,-1\n"), [
    ["x", "=1+1"],
    ["y", "'quoted"],
    ["z", "-1"],
  ]);
});

test("other encodings are named, with the command that converts them", async () => {
  const wide = (text: string) => Buffer.from(text, "utf16le");
  await refused("t.csv", wide("\ufefftext,label\none,a\n"), /not UTF-8 but UTF-16; .*iconv -f UTF-16 -t UTF-8/);
  await refused("t.csv", wide("text,label\none,a\n"), /looks like UTF-16LE; .*iconv -f UTF-16LE -t UTF-8/);
  await refused("t.csv", wide("text,label\none,a\n").swap16(), /looks like UTF-16BE/);
  await refused("t.csv", Buffer.from("text,label\ncaf\u00e9,a\n", "latin1"), /byte 14 is 0xe9; .*LATIN1/);
  assert.deepEqual(await read("t.csv", "text,label\na \0 zero,a\n"), [["a \0 zero", "a"]]);
});
