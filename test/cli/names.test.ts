import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

/** Names of classes, and what they are as labels. */
const folders: Readonly<Record<string, string>> = {
  "=cmd|' C calc'!A0": "=cmd|' C calc'!A0",
  "'quoted": "'quoted",
  " blank ": "blank",
  "back\\slash, comma": "back\\slash, comma",
  "esc\u001b[31m": "esc\u001b[31m",
  "e\u0301te\u0301": "\u00e9t\u00e9",
  'line\nbreak "x"': 'line\nbreak "x"',
};

test("what embed and duplicates write names the same samples and classes to info, whatever their names are", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 3, Object.keys(folders).length);
    for (const [at, name] of Object.keys(folders).entries()) await rename(join(data, `class${at}`), join(data, name));
    const run = join(folder, "run");
    const trained = autodidact("pretrain", data, "--out", run, ...TINY);
    assert.equal(trained.code, 0, trained.stderr);
    const right = Object.values(folders).sort();
    for (const [command, out, ...more] of [
      ["embed", join(folder, "vectors.parquet")],
      ["duplicates", join(folder, "near.csv"), "--outliers", "100"],
    ] as const) {
      const written = autodidact(command, run, data, "--out", out, ...more);
      assert.equal(written.code, 0, written.stderr);
      assert.doesNotMatch(written.stdout.replaceAll("\n", ""), /\p{Control}/u);
      const info = autodidact("info", data, "--labels", out, "--json");
      assert.equal(info.code, 0, info.stderr);
      const { classes, unlabelled } = JSON.parse(info.stdout);
      assert.equal(unlabelled, 0);
      assert.deepEqual(
        classes.map(({ name }: { name: string }) => name),
        right,
      );
    }
  }));
