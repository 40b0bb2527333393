import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { autodidact, inFolder, TINY } from "../support/cli.ts";

test("--max-pixels says what decoding may take, in every command and in the threads that load data", () =>
  inFolder(async (folder) => {
    const photos = join(folder, "photos");
    await mkdir(photos);
    const grey = (side: number) =>
      sharp({ create: { width: side, height: side, channels: 3, background: "#808080" } })
        .png({ progressive: true })
        .toBuffer();
    for (let index = 0; index < 8; index++) await writeFile(join(photos, `${index}.png`), await grey(16));
    await writeFile(join(photos, "large.png"), await grey(900));
    const info = autodidact("info", photos, "--max-pixels", "500000");
    assert.equal(info.code, 0, info.stderr);
    assert.match(info.stdout + info.stderr, /large\.png/);
    const all = autodidact("info", photos);
    assert.doesNotMatch(all.stdout + all.stderr, /large\.png/);

    const wrong = autodidact("info", photos, "--max-pixels=many");
    assert.equal(wrong.code, 2);
    assert.equal(
      wrong.stderr,
      "autodidact: --max-pixels many: must be a number of pixels such as 64m, for 64 million\n",
    );
    const missing = autodidact("info", photos, "--max-pixels");
    assert.equal(missing.code, 2);

    const run = join(folder, "run");
    const trained = autodidact("pretrain", photos, "--out", run, ...TINY, "--max-pixels", "500000");
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(
      trained.stdout + trained.stderr,
      /large\.png: not a decodable image \(900 × 900 pixels of PNG, which take .* are allowed \(--max-pixels \d+m would do\)\)/,
    );
  }));
