import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/foundation/errors.ts";
import { makeFolder } from "../../src/foundation/files.ts";
import { inFolder } from "../support/cli.ts";

const refused = (path: string, reason: RegExp) =>
  assert.rejects(
    makeFolder(path),
    (error) => error instanceof UserError && error.message.startsWith(`${path}: `) && reason.test(error.message),
  );

test("a folder is made with all that are above it, and may be there", () =>
  inFolder(async (folder) => {
    const deep = join(folder, "a", "b", "c");
    for (let round = 0; round < 2; round++) await makeFolder(deep);
    await Promise.all([1, 2, 3].map(() => makeFolder(join(folder, "x", "y", "z"))));
    assert.ok((await stat(deep)).isDirectory() && (await stat(join(folder, "x", "y", "z"))).isDirectory());
    await makeFolder(`${join(folder, "d", "e")}/`);
    assert.ok(existsSync(join(folder, "d", "e")));
  }));

test("where no folder can be made, the reason is said", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await refused(file, /could not be made/);
    await refused(join(file, "below"), /a part of the path is a file/);
    await symlink(join(folder, "nowhere"), join(folder, "link"));
    await assert.rejects(makeFolder(join(folder, "link", "below")), UserError);
  }));

const noProc = existsSync("/proc/self") ? false : "this system has no /proc";
test("a folder in which none can be made ends in an error, not in an endless loop", { skip: noProc }, async () => {
  await refused("/proc/x", /could not be made/);
  await assert.rejects(makeFolder("/proc/x/y/z"), UserError);
});
