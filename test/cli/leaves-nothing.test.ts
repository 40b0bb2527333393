import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inFolder, TINY, writeImages } from "../support/cli.ts";

const bin = fileURLToPath(new URL("../../bin/autodidact.js", import.meta.url));

test("no command leaves a file at home or in the temporary folder", () =>
  inFolder(async (folder) => {
    const photos = join(folder, "photos");
    await writeImages(photos, 8);
    const [home, temporary, run] = [join(folder, "home"), join(folder, "tmp"), join(folder, "run")];
    await Promise.all([mkdir(home), mkdir(temporary)]);
    const { NODE_COMPILE_CACHE: _, ORT_DISABLE_TELEMETRY: __, ...rest } = process.env;
    for (const command of [
      ["methods"],
      ["info", photos],
      ["pretrain", photos, "--out", run, ...TINY],
      ["embed", run, photos, "--out", join(folder, "photos.parquet")],
      ["duplicates", run, photos, "--out", join(folder, "duplicates.csv")],
      ["export", run, "--out", join(folder, "model")],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, [bin, ...command], {
        encoding: "utf8",
        env: { ...rest, HOME: home, TMPDIR: temporary },
      });
      assert.equal(status, 0, stderr);
      assert.deepEqual(await readdir(home), [], command[0]);
      assert.deepEqual(await readdir(temporary), [], command[0]);
    }
  }));
