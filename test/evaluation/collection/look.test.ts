import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { look } from "../../../src/evaluation/collection/look.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { openRun } from "../../../src/training/run/run.ts";
import { autodidact, inFolder, writeImages } from "../../support/cli.ts";
import { fixture, vectorRun } from "../../support/vectors.ts";

/** A short run on small images. */
async function imageRun(folder: string, method: string) {
  const images = join(folder, "images");
  await writeImages(images, 8);
  return pretrain({
    data: images,
    out: join(folder, "run"),
    method,
    encoder: "resnet",
    encoderOptions: { layers: "8", width: 4, stem: "stride2" },
    // Grey with deviation 1 and mean 0.5: a negative in pixels is one in bytes.
    modalityOptions: { imageSize: 16, mean: [0.5, 0.5, 0.5], std: [1, 1, 1], cropScale: [1, 1], flip: 0 },
    training: { epochs: 1, batchSize: 8, workers: 0 },
  });
}

/** The mean colour of a cell of the sheet. */
async function cell(png: Buffer, row: number, column: number): Promise<number[]> {
  const region = { left: 8 + column * 104, top: 52 + row * 104, width: 96, height: 96 };
  const { channels } = await sharp(await sharp(png).extract(region).png().toBuffer()).stats();
  return channels.slice(0, 3).map(({ mean }) => mean);
}

test("the method's pictures are next to the original, and prototypes' members below", () =>
  inFolder(async (folder) => {
    const run = await imageRun(folder, fixture("drawing-method.ts"));
    const { png, columns, rows } = await look({ run, samples: 3 });
    assert.deepEqual(columns, ["original", "view", "negative"]);
    assert.ok(rows > 3 && rows <= 6, `three samples and up to three prototypes, ${rows} rows`);
    const { width = 0, height = 0 } = await sharp(png).metadata();
    assert.equal(height, 52 + rows * 104);
    // Eight members of a prototype.
    assert.ok(width >= 8 + 4 * 104);
    for (let row = 0; row < 3; row++) {
      const [original, view, negative] = await Promise.all([0, 1, 2].map((column) => cell(png, row, column)));
      for (let color = 0; color < 3; color++) {
        assert.ok(Math.abs(original![color]! - view![color]!) < 1, "an unchanged view is the original");
        assert.ok(Math.abs(original![color]! + negative![color]! - 255) < 2, "and its negative the negative");
      }
    }
  }));

test("methods without pictures show views and nearest neighbours, also from the command line", () =>
  inFolder(async (folder) => {
    await imageRun(folder, "simclr");
    const file = join(folder, "sheet.png");
    const { code, stdout, stderr } = autodidact("look", join(folder, "run"), "--out", file, "--samples", "2", "--json");
    assert.equal(code, 0, stderr);
    const neighbours = ["nearest", "nearest 2", "nearest 3", "nearest 4", "nearest 5"];
    assert.deepEqual(JSON.parse(stdout), { file, columns: ["original", "first", "second", ...neighbours], rows: 2 });
    assert.equal((await sharp(await readFile(file)).metadata()).height, 52 + 2 * 104);
  }));

test("data without pictures are refused in one line", () =>
  inFolder(async (folder) => {
    const options = await vectorRun(folder);
    await pretrain({ ...options, method: fixture("preset-method.ts"), training: { ...options.training, epochs: 1 } });
    await assert.rejects(look({ run: await openRun(options.out) }), {
      name: "UserError",
      message: /look needs data that can be drawn; vectors data cannot/,
    });
  }));
