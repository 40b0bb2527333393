import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { customers } from "../fixtures/table.ts";
import { autodidact, inFolder } from "../support/cli.ts";

const SMALL = "--width 16 --depth 2 --epochs 1 --batch-size 16 --workers 0".split(" ");

test("rows of a table, from a CSV without a flag to a model that is exported", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    const ran = (...args: string[]) => {
      const { code, stdout, stderr } = autodidact(...args);
      assert.equal(code, 0, stderr);
      return stdout + stderr;
    };
    await writeFile(at("all.csv"), customers(80));
    await writeFile(at("test.csv"), customers(60, 2));
    assert.match(ran("info", at("all.csv")), /kind +table\nentries +80\nsizes +5 values to 6 values/);
    const said = ran("pretrain", at("all.csv"), "--preset", "scarf", ...SMALL, "--out", at("run"));
    assert.match(said, /read: 3 of numbers \(age, spent, visits\), 1 of categories \(job\), 1 of dates \(since\)/);
    assert.match(said, /left out: customer \(identifiers: nearly all different\)/);
    // A few labelled rows, in which every customer is a nurse: the columns are still the run's.
    const few = customers(200)
      .split("\n")
      .filter((line, row) => row === 0 || line.includes("nurse"))
      .slice(0, 31);
    await writeFile(at("few.csv"), few.map((line) => line.replace(/label$/, "stays")).join("\n"));
    const evaluated = ran("evaluate", at("run"), "--train", at("all.csv"), "--test", at("test.csv"), "--no-scratch");
    assert.match(evaluated, /ROC-AUC\npretrained .*\n.*untrained.*\nstandardised columns +/);
    // Of test rows of one class there is no ROC curve.
    const ofOne = customers(60, 2)
      .split("\n")
      .filter((line) => !line.endsWith(",no"));
    await writeFile(at("one.csv"), ofOne.join("\n"));
    const without = ran("evaluate", at("run"), "--train", at("all.csv"), "--test", at("one.csv"), "--no-scratch");
    assert.match(without, /ROC-AUC\npretrained .* –\n.*untrained.* –\nstandardised columns .* –\n/);
    ran("finetune", at("run"), "--train", at("all.csv"), "--steps", "4", "--out", at("tuned"));
    const [one, other] = await Promise.all(
      ["run", "tuned"].map(async (name) => JSON.parse(await readFile(at(`${name}/columns.json`), "utf8"))),
    );
    assert.deepEqual(one, other);
    ran(
      "pretrain",
      at("few.csv"),
      "--modality",
      "table",
      "--from",
      at("run"),
      "--label-column",
      "stays",
      "--epochs",
      "1",
      "--batch-size",
      "16",
      "--out",
      at("more"),
    );
    assert.deepEqual(JSON.parse(await readFile(at("more/columns.json"), "utf8")), one);
    // Its name ends as those of options for a side of pairs do.
    const read = ["--preset", "scarf", ...SMALL, "--modality", "table", "--columns-from", at("run/columns.json")];
    ran("pretrain", at("few.csv"), ...read, "--out", at("as-read"));
    assert.deepEqual(JSON.parse(await readFile(at("as-read/columns.json"), "utf8")), one);
    await writeFile(at("row.json"), '{"age": 30, "job": "pilot"}');
    ran("embed", at("run"), at("all.csv"), "--out", at("all.parquet"));
    assert.match(ran("search", at("run"), at("row.json"), "--in", at("all.parquet"), "--top", "2"), /all\.csv:\d+/);
    ran("export", at("tuned"), "--out", at("model"));
    assert.ok((await readdir(at("model"))).includes("columns.json"));
    const exported = JSON.parse(await readFile(at("model/columns.json"), "utf8"));
    assert.ok(one.columns.every((column: { marginal: unknown[] }) => column.marginal.length === 80));
    assert.ok(exported.columns.every((column: { marginal: unknown[] }) => column.marginal.length === 0));
  }));

test("what is wrong with a table ends with code 2 and one line, and no run is begun", () =>
  inFolder(async (folder) => {
    const refused = async (content: string, pattern: RegExp, ...flags: string[]) => {
      const path = join(folder, "bad.csv");
      await writeFile(path, content);
      const out = join(folder, "run");
      const { code, stderr } = autodidact("pretrain", path, "--modality", "table", ...SMALL, ...flags, "--out", out);
      assert.equal(code, 2, stderr);
      const lines = stderr.split("\n").filter((line) => line.startsWith("autodidact: "));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0]!, pattern);
      assert.doesNotMatch(stderr, /\n {4}at /);
      assert.deepEqual(await readdir(folder), ["bad.csv"]);
    };
    await refused("", /bad\.csv: no rows/);
    await refused("a,b,a\n1,2,3\n", /the columns 1 and 3 are both called "a"/);
    await refused("a,b\n1,2\n1,2,3\n", /line 3 has 3 fields, the first 2/);
    await refused("a\n1\n2\n", /one column \(a\) to learn from/);
    await refused("a,b\n?,\n,NA\n", /no row has a value in any column/);
    await refused("a,b\n1,x\n2,y\n", /--leave-out c: no such column in bad\.csv/, "--leave-out", "c");
  }));
