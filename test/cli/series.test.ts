import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { csvOf, wavesOf } from "../fixtures/series.ts";
import { autodidact, inFolder } from "../support/cli.ts";

test("a table of several machines: --by, --time and --group are kept by the run and given to what reads other data", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    const rows = Array.from({ length: 20 }, (_, machine) =>
      wavesOf(machine, 24).map((row, step) => [
        step,
        `m${machine}`,
        ...row,
        machine % 2 ? "fast" : "slow",
        `s${machine % 5}`,
      ]),
    ).flat();
    await writeFile(at("all.csv"), csvOf(["t", "machine", "a", "b", "kind", "site"], rows));
    const table = ["--by", "machine", "--time", "t"];
    const ran = (...args: string[]) => {
      const { code, stdout, stderr } = autodidact(...args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(
      ran("info", at("all.csv"), "--modality", "series", ...table),
      /kind +series\nentries +20\nsizes +24 steps of 2 channels/,
    );
    const small = [
      "--width",
      "16",
      "--depth",
      "1",
      "--heads",
      "2",
      "--patch-size",
      "4",
      "--epochs",
      "1",
      "--batch-size",
      "8",
    ];
    ran(
      "pretrain",
      at("all.csv"),
      "--modality",
      "series",
      ...table,
      "--window",
      "24",
      ...small,
      "--workers",
      "0",
      "--out",
      at("run"),
    );
    const { data } = JSON.parse(await readFile(at("run/config.json"), "utf8"));
    assert.deepEqual([data.by, data.time, data.entries], ["machine", "t", 20]);
    // The run's own data are read as it read them.
    assert.match(ran("look", at("run"), "--samples", "2", "--out", at("look.png")), /look\.png: 2 rows/);
    ran("embed", at("run"), at("all.csv"), ...table, "--out", at("all.parquet"));
    await writeFile(
      at("one.csv"),
      csvOf(
        ["t", "a", "b"],
        wavesOf(3, 24).map((row, step) => [step, ...row]),
      ),
    );
    assert.match(ran("search", at("run"), at("one.csv"), "--in", at("all.parquet"), "--top", "2"), /1\.0000 +m3/);
    const labelled = [...table, "--label-column", "kind", "--group", "site"];
    ran("finetune", at("run"), "--train", at("all.csv"), ...labelled, "--steps", "2", "--out", at("tuned"));
    const tuned = JSON.parse(await readFile(at("tuned/config.json"), "utf8"));
    assert.deepEqual([tuned.data.group, tuned.data.labelColumn], ["site", "kind"]);
    const { code, stderr } = autodidact("embed", at("run"), at("all.csv"), "--out", at("no.parquet"), "--time", "t");
    assert.equal(code, 2);
    assert.match(stderr, /same time and other values; .*--by\n$/);
  }));
