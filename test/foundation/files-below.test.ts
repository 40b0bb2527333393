import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/foundation/errors.ts";
import { filesBelow } from "../../src/foundation/files.ts";
import { inFolder } from "../support/cli.ts";

test("links to folders are followed, cycles and hidden names are not", () =>
  inFolder(async (folder) => {
    const [pool, away] = [join(folder, "pool"), join(folder, "away")];
    for (const path of [
      join(pool, "dogs", "a.png"),
      join(pool, "dogs", ".cache", "b.png"),
      join(pool, ".hidden.png"),
      join(away, "cats", "c.png"),
    ]) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "");
    }
    await symlink(join(away, "cats"), join(pool, "cats"));
    await symlink(join(away, "cats"), join(pool, "tigers"));
    await symlink(pool, join(pool, "dogs", "round"));
    await symlink(join(folder, "nowhere"), join(pool, "gone.png"));
    assert.deepEqual(await filesBelow(pool), ["cats/c.png", "dogs/a.png", "gone.png", "tigers/c.png"]);
    await assert.rejects(filesBelow(join(folder, "nothing")), UserError);
  }));
