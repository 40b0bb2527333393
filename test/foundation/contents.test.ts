import assert from "node:assert/strict";
import { cp, mkdir, rename, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { digestOfFiles } from "../../src/foundation/contents.ts";
import { inFolder } from "../support/cli.ts";

test("two files of one size that are swapped change the digest; a copy with other times does not", () =>
  inFolder(async (folder) => {
    const pool = join(folder, "pool");
    await mkdir(pool);
    const names = Array.from({ length: 100 }, (_, index) => `${index}.bin`);
    for (const [index, name] of names.entries()) await writeFile(join(pool, name), Buffer.alloc(5000, index));
    const digest = (of: string) => digestOfFiles(names.map((name) => join(of, name)));
    const before = await digest(pool);
    assert.match(before, /^[0-9a-f]{16}$/);
    const copy = join(folder, "copy");
    await cp(pool, copy, { recursive: true });
    await utimes(join(copy, "3.bin"), 1, 1);
    assert.equal(await digest(copy), before);
    await rename(join(pool, "3.bin"), join(pool, "x"));
    await rename(join(pool, "4.bin"), join(pool, "3.bin"));
    await rename(join(pool, "x"), join(pool, "4.bin"));
    assert.notEqual(await digest(pool), before);
  }));

test("of more than 1 GiB, sizes and blocks of every file are read", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    // A hole takes no room on the disk.
    await writeFile(at("large"), "");
    await truncate(at("large"), 2 ** 30 + 1);
    await writeFile(at("a"), Buffer.concat([Buffer.alloc(50_000), Buffer.from("a"), Buffer.alloc(49_999)]));
    await writeFile(at("b"), Buffer.concat([Buffer.alloc(99_999), Buffer.from("b")]));
    const one = await digestOfFiles(["large", "a", "b"].map(at));
    assert.equal(await digestOfFiles(["large", "a", "b"].map(at)), one);
    assert.notEqual(await digestOfFiles(["large", "b", "a"].map(at)), one);
    await writeFile(at("a"), Buffer.alloc(100_000));
    assert.notEqual(await digestOfFiles(["large", "a", "b"].map(at)), one);
  }));

test("a file that is missing counts as such; one that a disk does not give is an error", () =>
  inFolder(async (folder) => {
    const missing = join(folder, "missing");
    const without = await digestOfFiles([missing]);
    await writeFile(missing, "");
    assert.notEqual(await digestOfFiles([missing]), without);
    if (process.platform !== "linux") return;
    // Address 0 of a process is not there to be read: EIO.
    await symlink("/proc/self/mem", join(folder, "bad"));
    await assert.rejects(digestOfFiles([join(folder, "bad")]), {
      name: "UserError",
      message: /bad: could not be read \(.*EIO.*\), 7 times in three seconds/,
    });
  }));
