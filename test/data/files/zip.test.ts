import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { zipSync } from "fflate";
import { listZips } from "../../../src/data/files/zip.ts";
import { inFolder } from "../../support/cli.ts";

test("kinds of data that list an archive at the same time find what each takes, and a later listing what is new", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.zip");
    const write = (...names: string[]) =>
      writeFile(path, zipSync(Object.fromEntries(names.map((name) => [`in/${name}`, Buffer.from(name)]))));
    const listed = async (ending: string) =>
      (await listZips([path], (name) => name.endsWith(ending))).manifest.entries.map((entry) => [
        entry.name,
        entry.path,
      ]);
    await write("a.txt", "b.png");
    assert.deepEqual(await Promise.all([listed(".txt"), listed(".png")]), [
      [["a.txt", "in/a.txt"]],
      [["b.png", "in/b.png"]],
    ]);
    await write("a.txt", "c.png");
    assert.deepEqual(await listed(".png"), [["c.png", "in/c.png"]]);
    await writeFile(path, "no archive");
    const both = await Promise.allSettled([listed(".txt"), listed(".png")]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["rejected", "rejected"],
    );
  }));
