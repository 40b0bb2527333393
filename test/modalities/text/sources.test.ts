import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parquetWriteFile } from "hyparquet-writer";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { openTexts, recognisesTexts } from "../../../src/modalities/text/sources/open.ts";
import { isRecordIndex, recordSource } from "../../../src/modalities/text/sources/records.ts";
import { isTokenized, type Text } from "../../../src/modalities/text/text.ts";
import { inFolder } from "../../support/cli.ts";

const textOf = (sample: Text) => (isTokenized(sample) ? "" : sample.text);

async function all(source: Source<Text>): Promise<string[]> {
  const texts = await Promise.all(Array.from({ length: source.length }, (_, index) => source.read(index)));
  return texts.map(textOf);
}

const names = (source: Source<Text>) => Array.from({ length: source.length }, (_, index) => source.name(index));
const labelsOf = ({ classes, labels }: Source<Text>) => [...(labels ?? [])].map((label) => classes?.[label] ?? null);

/** Writes a file, opens it, hands the source over and closes it. */
async function opened(
  path: string,
  content: string | Uint8Array,
  use: (source: Source<Text>) => Promise<void>,
  options: OpenOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const source = await openTexts(path, options);
  try {
    await use(source);
  } finally {
    await source.close();
  }
}

const refused = (path: string, expected: RegExp, options: OpenOptions = {}) =>
  assert.rejects(openTexts(path, options), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, expected);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });

test("a text file has a text on each line; blank lines, line ends and the byte-order mark are no text", () =>
  inFolder(async (folder) => {
    const content = "\ufefffirst\r\n\n \t \nse\u0301cond\n\u3000\nlast ";
    await opened(join(folder, "a.txt"), content, async (source) => {
      assert.deepEqual(await all(source), ["first", "s\u00e9cond", "last "]);
      assert.deepEqual(names(source), ["a.txt:1", "a.txt:4", "a.txt:6"]);
      assert.equal(source.labels, undefined);
      const { manifest } = source;
      assert.ok(isRecordIndex(manifest));
      const again = recordSource(structuredClone(manifest));
      assert.deepEqual(await all(again), await all(source));
      await again.close();
    });
    await opened(join(folder, "a.txt.gz"), gzipSync(content), async (source) =>
      assert.deepEqual(await all(source), ["first", "s\u00e9cond", "last "]),
    );
  }));

test("characters and lines may lie across the chunks that a file is read in", () =>
  inFolder(async (folder) => {
    // 3 bytes each, so that 1 MiB ends inside of one; one line of 2 MiB and many short ones.
    const lines = ["€".repeat(700_000), ...Array.from({ length: 90_000 }, (_, at) => `€ line ${at}`)];
    await opened(join(folder, "long.txt"), lines.join("\n"), async (source) => {
      assert.equal(source.length, lines.length);
      for (const at of [0, 1, 2, 40_000, 69_999, 89_999, 90_000])
        assert.equal(textOf(await source.read(at)), lines[at]);
    });
  }));

test("tables: CSV with a header, CSV and TSV without, JSON lines, Parquet, packed or not", () =>
  inFolder(async (folder) => {
    const texts = ['a "quoted", text', "two\nlines", "Ærø"];
    const csv = 'label,text,more\n1,"a ""quoted"", text",x\n\n0,"two\nlines",y\n,Ærø,z\n9," ",z\n';
    for (const [name, content] of [
      ["a.csv", csv],
      ["a.csv.gz", gzipSync(csv)],
    ] as const)
      await opened(join(folder, name), content, async (source) => {
        assert.deepEqual(await all(source), texts);
        assert.deepEqual(labelsOf(source), ["1", "0", null]);
        assert.deepEqual(source.classes, ["0", "1"]);
      });
    await opened(
      join(folder, "b.csv"),
      '3,"Title","Body, long"\n4,T,B\n',
      async (source) => {
        assert.deepEqual(await all(source), ["Title Body, long", "T B"]);
        assert.deepEqual(labelsOf(source), ["3", "4"]);
      },
      { column: "2,3", labelColumn: "1" },
    );
    await opened(
      join(folder, "c.tsv"),
      'a "stray quote\t1\nsecond\t0\n',
      async (source) => {
        assert.deepEqual(await all(source), ['a "stray quote', "second"]);
        assert.deepEqual(labelsOf(source), ["1", "0"]);
        assert.deepEqual(names(source), ["c.tsv:1", "c.tsv:2"]);
      },
      { column: "1", labelColumn: "2" },
    );
    await opened(
      join(folder, "d.jsonl"),
      '{"body":"eins","kind":true}\n{"body":"zwei","kind":null}\n',
      async (source) => {
        assert.deepEqual(await all(source), ["eins", "zwei"]);
        assert.deepEqual(labelsOf(source), ["true", null]);
      },
      { column: "body", labelColumn: "kind" },
    );
    await opened(join(folder, "e.jsonl"), '{"text":"eins"}\n{"texts":"zwei"}\n{"text":" "}\n', async (source) => {
      assert.deepEqual(await all(source), ["eins"]);
      assert.deepEqual(
        source.leftOut?.map(({ what, count }) => [what, count]),
        [["empty rows", 2]],
      );
    });
    for (const codec of ["UNCOMPRESSED", "SNAPPY"] as const) {
      const path = join(folder, `${codec}.parquet`);
      parquetWriteFile({
        filename: path,
        codec,
        rowGroupSize: 2,
        columnData: [
          { name: "text", data: texts, type: "STRING" },
          { name: "label", data: [2, 7, 2], type: "INT32" },
        ],
      });
      const source = await openTexts(path);
      assert.deepEqual(await all(source), texts);
      assert.deepEqual(labelsOf(source), ["2", "7", "2"]);
      await source.close();
    }
  }));

test("line endings may be mixed, and unquoted fields are read literally", () =>
  inFolder(async (folder) => {
    const mixed = "text,label\r\nhello one,x\nhello two,y\r\nhello three,x\n";
    await opened(join(folder, "mixed.csv"), mixed, async (source) => {
      assert.deepEqual(await all(source), ["hello one", "hello two", "hello three"]);
      assert.deepEqual(labelsOf(source), ["x", "y", "x"]);
    });
    const path = join(folder, "commas.csv");
    await writeFile(path, "text,label\nhello, world,pos\ngood day,neg\n");
    await assert.rejects(openTexts(path), (error: Error) => error instanceof UserError && /line 2/.test(error.message));
    await opened(join(folder, "short.csv"), "text,label\nhello\ngood day,neg\n", async (source) => {
      assert.deepEqual(await all(source), ["hello", "good day"]);
      assert.deepEqual(labelsOf(source), [null, "neg"]);
    });
  }));

test("what was unpacked goes away with the source", () =>
  inFolder(async (folder) => {
    let path = "";
    await opened(join(folder, "a.csv"), "text\none\n", async ({ manifest }) => {
      assert.ok(isRecordIndex(manifest));
      path = manifest.files[0]!.path;
      await access(path);
    });
    await assert.rejects(access(path), /ENOENT/);
  }));

test("a folder: each plain file is a text, tables have rows, sub-folders are classes", () =>
  inFolder(async (folder) => {
    for (const [name, content] of [
      ["pos/1.txt", "good\n\nfilm"],
      ["neg/2.txt", "bad film"],
      ["neg/3.txt", Buffer.of(0x61, 0xe9, 0x62)],
      ["neg/empty.txt", ""],
      ["notes.pdf", "not looked at"],
    ] as const) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    assert.ok(await recognisesTexts(folder));
    const source = await openTexts(folder);
    assert.deepEqual(names(source), ["neg/2.txt", "neg/3.txt", "pos/1.txt"]);
    assert.deepEqual(labelsOf(source), ["neg", "neg", "pos"]);
    assert.equal(textOf(await source.read(2)), "good\n\nfilm");
    await assert.rejects(
      source.read(1),
      (error) => error instanceof BrokenSample && /byte 1 is 0xe9/.test(error.message),
    );
    await source.close();
  }));

test("one clear line for what cannot be read", () =>
  inFolder(async (folder) => {
    const write = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const latin1 = Buffer.concat([Buffer.from("€ ".repeat(600_000)), Buffer.of(0xe9), Buffer.from("t\u00e9")]);
    await refused(await write("latin1.txt", latin1), /latin1\.txt: not UTF-8: byte 2400000 is 0xe9/);
    await refused(await write("cut.txt", Buffer.of(0x61, 0xe2, 0x82)), /byte 1 is 0xe2/);
    await refused(await write("overlong.csv", Buffer.from("text\n\xc0\x80\n", "latin1")), /byte 5 is 0xc0/);
    await refused(
      await write("utf16.txt", Buffer.from("\ufeffhello", "utf16le")),
      /not UTF-8 but UTF-16; convert it with iconv -f UTF-16/,
    );
    await refused(await write("packed.txt.gz", "not packed"), /packed\.txt\.gz: not a complete gzip file/);
    await refused(await write("torn.txt.gz", gzipSync("x".repeat(9999)).subarray(0, 20)), /not a complete gzip file/);
    await refused(await write("blank.txt", "\n \n\t\n\r\n"), /blank\.txt: no text, only empty lines/);
    await refused(await write("empty.txt", ""), /no text/);
    await refused(
      await write("endless.txt", Buffer.alloc(17 << 20, "x")),
      /line 1, from byte 0, does not end within 16 MiB/,
    );
    await refused(await write("quote.csv", `text\n"${"x".repeat(100)}`), /quote\.csv: not CSV/);
    const table = await write("table.csv", "title,body\na,b\n");
    await refused(table, /no column "text"; there are: title, body/);
    await refused(table, /no column "label"; there are: title, body.*--label-column/, {
      column: "body",
      labelColumn: "label",
    });
    await refused(table, /no column 3; --column counts from 1, up to 2/, { column: "3" });
    const lines = await write("lines.jsonl", '{"text": 1}\n{"text"\n');
    await refused(lines, /line 2: not JSON/);
    await refused(await write("whole.jsonl", '{"text": 1}\n'), /no column "body"; there are: text/, { column: "body" });
    await refused(await write("list.jsonl", "[1]\n"), /entry 1 is not a JSON object or a text/);
    await refused(await write("lists.jsonl", "[1]\n[2]\n"), /line 1 is not a JSON object/);
    const nested = await write("nested.jsonl", '{"text": "a"}\n{"text": {"en": "b"}}\n');
    await refused(nested, /nested\.jsonl: line 2: column "text" holds an object, and not a text/);
    await refused(await write("l.jsonl", '{"text": ["a"]}\n'), /line 1: column "text" holds a list/);
    await refused(await write("x.parquet", "PAR1"), /x\.parquet: not a readable Parquet file/);
    await refused(join(folder, "nowhere.txt"), /nowhere\.txt/);
    await mkdir(join(folder, "none"));
    await refused(join(folder, "none"), /no texts in this folder/);
  }));

test("text is recognised by its name or its first bytes", () =>
  inFolder(async (folder) => {
    const looks = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return recognisesTexts(join(folder, name));
    };
    assert.equal(await looks("corpus", "plain words\n"), "possible");
    assert.equal(await looks("words.md.gz", gzipSync("words")), "certain");
    assert.ok(await looks("corpus.tokens", "€".repeat(3000)));
    assert.equal(await looks("rows.jsonl.gz", gzipSync("{}")), "possible", "a table may be of anything");
    assert.ok(!(await looks("binary", Buffer.of(1, 0, 2))));
    assert.ok(!(await looks("latin1", Buffer.of(0x61, 0xe9, 0x62))));
    assert.ok(!(await looks("empty", "")));
    await assert.rejects(recognisesTexts(join(folder, "nowhere")), /nowhere: .*no such file/);
  }));

const DATA = process.env.AUTODIDACT_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

test("published sets are read as they are", async (context) => {
  const sets = [
    { path: "sst-2/train.tsv", column: "1", labelColumn: "2", entries: 6920, classes: { 0: 3310, 1: 3610 } },
    { path: "cola/in_domain_train.tsv", column: "4", labelColumn: "2", entries: 8551, classes: { 0: 2528, 1: 6023 } },
    {
      path: "ag-news/test.csv",
      column: "2,3",
      labelColumn: "1",
      entries: 7600,
      classes: { 1: 1900, 2: 1900, 3: 1900, 4: 1900 },
    },
  ];
  for (const { path, entries, classes, ...columns } of sets) {
    const file = join(DATA, path);
    if (!existsSync(file)) {
      context.skip(`no data at ${DATA}; set AUTODIDACT_DATA`);
      return;
    }
    const source = await openTexts(file, columns);
    const counts: Record<string, number> = {};
    for (const label of labelsOf(source)) counts[label ?? "none"] = (counts[label ?? "none"] ?? 0) + 1;
    assert.deepEqual([source.length, counts], [entries, classes]);
    await source.close();
  }
});

test("empty files in a folder of texts are counted", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "empty.txt"), "");
    await writeFile(join(folder, "empty.txt.gz"), gzipSync(""));
    await writeFile(join(folder, "words.txt"), "words");
    const source = await openTexts(folder);
    assert.deepEqual(await all(source), ["words"]);
    assert.deepEqual(source.leftOut, [{ what: "empty files", count: 2, example: "empty.txt" }]);
    await source.close();
  }));
