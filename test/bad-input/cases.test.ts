/** Every file of `../shared/cases/tables` and `names`, with what is right for it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { UserError } from "../../src/foundation/errors.ts";
import { inspect, type OpenOptions } from "../../src/index.ts";

const cases = fileURLToPath(new URL("../../../shared/cases", import.meta.url));
const absent = existsSync(cases) ? false : `no ${cases}`;

/** Entries, classes with their counts, entries without label; or the error. */
type Right = readonly [entries: number, classes: Readonly<Record<string, number>>, unlabelled?: number] | RegExp;

const HALVES = { neg: 30, pos: 30 };
const half = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 60 / names.length]));
const NO_LABELS = (entries: number): Right => [entries, {}, entries];
const PROTOTYPES = half("__proto__x", "constructor", "hasOwnProperty", "toString");

const tables: Readonly<Record<string, Right>> = {
  "array.json": [60, HALVES],
  "array.jsonl": [60, HALVES],
  "b64_200k.txt": NO_LABELS(61),
  "b64_20k.txt": NO_LABELS(61),
  "bad_quote.csv": [60, HALVES],
  "blank_bom.jsonl": [60, HALVES],
  "bom_crlf.csv": [60, HALVES],
  "bom_quoted_header.csv": [60, HALVES],
  "capital_header.csv": [60, HALVES],
  "chinese.txt": NO_LABELS(60),
  "comma_decimal.csv": [60, half("0,5", "1,5")],
  "const_values.csv": [60, { 5: 60 }],
  "cr_only.csv": [60, HALVES],
  "cr_only.txt": NO_LABELS(60),
  "cr_only_unquoted.csv": [60, HALVES],
  "dna_mixed.txt": NO_LABELS(200),
  "dup_header.csv": /the columns 2 and 3 are both called "label"; rename one/,
  "emoji.txt": NO_LABELS(60),
  "extra_test_class.csv": [31, { neg: 15, pos: 15, third: 1 }],
  "first_lacks.jsonl": [60, HALVES],
  "first_lacks_label.jsonl": NO_LABELS(61),
  "label_blank.csv": [62, { NA: 1, ...HALVES }, 1],
  "label_float.csv": [60, half("0.0", "1.0")],
  "label_int.csv": [60, half("0", "1")],
  "latin1.csv": /not UTF-8: byte 1054 is 0xe8; convert it with iconv -f LATIN1 -t UTF-8/,
  "mixed_types.jsonl": [60, half("0", "1")],
  "multi.csv.gz": [60, HALVES],
  "nan.jsonl": /line 1: not JSON .*write null/,
  "nested.jsonl": /line 1: column "text" holds an object, and not a text/,
  "notgz.csv.gz": /notgz\.csv\.gz: /,
  "nul.txt": NO_LABELS(31),
  "one_class.csv": [60, { pos: 60 }],
  "one_sample_class.csv": [61, { ...HALVES, rare: 1 }],
  "open_quote.csv": /the quotation mark that opens a field on line 2 is never closed/,
  "padded.csv.gz": [60, HALVES],
  "plain.csv": [60, HALVES],
  "plain.jsonl": [60, HALVES],
  "proteins.txt": NO_LABELS(200),
  "proto_classes.csv": [60, PROTOTYPES],
  "proto_test.csv": [60, PROTOTYPES],
  "quoted_newlines.csv": [60, HALVES],
  "ragged_less.csv": [61, HALVES, 1],
  "ragged_more.csv": /line 2 has 3 fields, the first 2: .* quotation marks/,
  "rtl.txt": NO_LABELS(60),
  "semicolon.csv": [60, HALVES],
  "semicolon_bom_excel.csv": [60, HALVES],
  "sep_line.csv": [60, HALVES],
  "space_header.csv": [60, HALVES],
  "special.txt": NO_LABELS(60),
  "surrogate.jsonl": [30, { a: 30 }],
  "test.csv": [30, { neg: 15, pos: 15 }],
  "thai.txt": NO_LABELS(60),
  "trailing_comma.jsonl": /line 1: not JSON/,
  "trunc.csv.gz": /not a complete gzip file/,
  "utf16.csv": /not UTF-8 but UTF-16; convert it with iconv/,
  "utf16.tsv": /not UTF-8 but UTF-16; convert it with iconv/,
  "zero_tokens.txt": NO_LABELS(65),
};

const SEASONS = { hiver: 12, "\u00e9t\u00e9": 12 };
const names: Readonly<Record<string, Right>> = {
  "classes-nfc": [24, SEASONS],
  "classes-nfd": [24, SEASONS],
  "classes-swapped": [24, SEASONS],
  docs: NO_LABELS(2),
  nfd: NO_LABELS(12),
  "nfd-labels.csv": /no column "text"; there are: path, label/,
  phone: NO_LABELS(8),
  rubbish: [12, { cats: 6, dogs: 6 }],
};

async function hold(path: string, right: Right, options?: OpenOptions): Promise<void> {
  if (right instanceof RegExp)
    return assert.rejects(inspect(path, options), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, right);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  const report = await inspect(path, options);
  assert.ok(report.kind === "data");
  // `__proto__` is no key of a literal.
  const counts = report.classes.map(({ name, count }) => [name === "__proto__" ? "__proto__x" : name, count] as const);
  const [entries, classes, unlabelled = 0] = right;
  const found = { entries: report.entries, classes: Object.fromEntries(counts), unlabelled: report.unlabelled };
  assert.deepEqual(found, { entries, classes, unlabelled });
}

for (const [folder, right] of Object.entries({ tables, names }))
  test(`${folder}: each case is read as what it is, or refused in one clear line`, {
    skip: absent,
  }, async (context) => {
    const at = join(cases, folder);
    assert.deepEqual(Object.keys(right).sort(), readdirSync(at).sort(), "every case has its line here");
    for (const [name, wanted] of Object.entries(right)) await context.test(name, () => hold(join(at, name), wanted));
  });

test("cases with the options that they need", { skip: absent }, async () => {
  const labels = join(cases, "names/nfd-labels.csv");
  await hold(join(cases, "names/nfd"), [12, { rouge: 6, vert: 6 }], { labels });
  await hold(join(cases, "tables/first_lacks_label.jsonl"), [61, HALVES, 1], { labelColumn: "cls" });
  await hold(join(cases, "tables/dup_header.csv"), [60, { x: 60 }], { labelColumn: "3" });
  const unheaded: OpenOptions = { column: "1", labelColumn: "2" };
  await hold(join(cases, "tables/semicolon.csv"), [61, { ...HALVES, label: 1 }], unheaded);
});
