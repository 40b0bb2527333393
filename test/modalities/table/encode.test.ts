import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { ranked, rowEncoder } from "../../../src/modalities/table/columns/encode.ts";
import type { LearnedColumn } from "../../../src/modalities/table/columns/learned.ts";
import { table } from "../../../src/modalities/table/index.ts";

const quantiles = [0, 0, 0, 1, 3];
const columns: LearnedColumn[] = [
  { type: "number", name: "n", missing: 0, marginal: [1, null, 3], mean: 1, std: 2, median: 0, quantiles },
  {
    type: "category",
    name: "c",
    missing: 0,
    marginal: ["x", "y"],
    categories: [
      { value: "x", count: 2 },
      { value: "y", count: 1 },
    ],
  },
  {
    type: "date",
    name: "d",
    missing: 0,
    marginal: ["2026-11-30T12:00:00Z"],
    mean: 0,
    std: 1e9,
    median: 0,
    quantiles: [0, 2e9],
    hours: true,
  },
];
const row = (cells: Record<string, string | number>) => ({ cells: new Map(Object.entries(cells)) });

test("a value's rank is of mean 0 and deviation 1; repeated values share the middle of theirs", () => {
  const edge = Math.sqrt(3);
  assert.ok(Math.abs(ranked(3, quantiles) - edge) < 1e-12 && Math.abs(ranked(99, quantiles) - edge) < 1e-12);
  assert.ok(Math.abs(ranked(-1, quantiles) + edge) < 1e-12);
  // Zeros fill the lower half: their middle is at a quarter.
  assert.ok(Math.abs(ranked(0, quantiles) - Math.sqrt(12) * (0.25 - 0.5)) < 1e-12);
  assert.ok(Math.abs(ranked(2, quantiles) - Math.sqrt(12) * (0.875 - 0.5)) < 1e-12);
  const even = Array.from({ length: 101 }, (_, at) => at);
  const values = even.map((value) => ranked(value, even));
  const squares = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  assert.ok(Math.abs(squares - 1) < 0.03, String(squares));
});

test("numbers, categories and the parts of dates; missing is 0, unknown is 1, an outlier is no farther than 10", () => {
  const { encode, places } = rowEncoder({ columns }, "standard");
  assert.deepEqual(
    places.map(({ name, size }) => `${name} ${size}`),
    ["n 2", "c 4", "d 2", "d: month 14", "d: weekday 9", "d: hour 26"],
  );
  // A Monday.
  const one = encode(row({ n: 5, c: "y", d: "2026-11-30 23:59" }));
  assert.deepEqual([...one.codes], [1, 3, 1, 12, 3, 25]);
  assert.deepEqual([one.values[0], one.values[1]], [2, 0]);
  assert.ok(Math.abs(one.values[2]! - 1.7960831) < 1e-4);
  assert.deepEqual([...encode(row({ n: "text", c: "new" })).codes], [0, 1, 0, 0, 0, 0]);
  assert.equal(encode(row({ n: 1e9 })).values[0], 10);
  assert.ok([...encode(row({})).values].every((value) => value === 0));
});

test("corruption draws from the marginals, and what comes of one date changes together", () => {
  const { corrupt } = rowEncoder({ columns }, "standard");
  const sample = row({ n: -7, c: "z", d: "2020-05-05 05:05" });
  const unchanged = corrupt(sample, new Rng(0), 0);
  const all = corrupt(sample, new Rng(0), 1);
  assert.deepEqual([...all.codes].slice(2), [1, 12, 3, 14]);
  assert.ok([0, 1].includes(all.codes[0]!) && [2, 3].includes(all.codes[1]!));
  let replaced = 0;
  const count = 2000;
  for (let at = 0; at < count; at++) {
    const view = corrupt(sample, new Rng(1).split(at), 0.6);
    const dates = [2, 3, 4, 5].map((place) => view.codes[place] === unchanged.codes[place]);
    // The weekday may be the same by chance: the month tells.
    assert.equal(dates[1], dates[3]);
    replaced += Number(!dates[1]);
  }
  assert.ok(Math.abs(replaced / count - 0.6) < 0.04, String(replaced / count));
});

test("by default the first view is corrupted and the second is the row itself; a row is shown in a line", () => {
  const files = { "columns.json": JSON.stringify({ rows: 3, columns, leftOut: [] }) };
  const built = table.build(table.options.parse({}), files);
  const sample = row({ n: 2, c: "x", d: "2026-01-01 00:00", note: `${"word ".repeat(200)}\nend` });
  assert.deepEqual(built.tensors(built.augment(sample, new Rng(3), 1)), built.tensors(sample));
  assert.equal(built.specs.codes?.below?.join(), "2,4,2,14,9,26");
  const { text } = built.show(sample);
  assert.match(text, /^n 2, c x, d 2026-01-01 00:00, note word word .*…$/);
  assert.match(
    built.unseen(built.tensors(row({ other: 1 }))) ?? "",
    /no value in the columns that the encoder reads: n, c, d/,
  );
  assert.equal(built.unseen(built.tensors(sample)), undefined);
  const vector = built.columns.standardised(sample);
  assert.deepEqual([...vector.slice(0, 6)], [0.5, 1, 0, 0, 1, 0]);
});
