import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFile, cp, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { autodidact, type Ended, inFolder, TINY, writeImages } from "../support/cli.ts";

/** The user's mistake: code 2 and one readable line, no stack trace. */
function refused({ code, stderr }: Ended, expected: RegExp): void {
  const lines = stderr.trim().split("\n");
  const said = lines.filter((line) => line.startsWith("autodidact: "));
  assert.equal(code, 2, stderr);
  assert.equal(said.length, 1, stderr);
  assert.match(said[0]!, expected);
  assert.doesNotMatch(stderr, /\n {4}at /);
}

test("broken pictures are counted, named and skipped, and the others learned from", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 12);
    const jpeg = join(images, "class0", "torn.jpg");
    const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer();
    await writeFile(jpeg, whole.subarray(0, whole.length / 2));
    await writeFile(join(images, "class1", "note.png"), "this is text");
    const { code, stderr } = autodidact("pretrain", images, "--out", join(folder, "run"), ...TINY, "--epochs", "4");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /note\.png.*skipped/);
    const info = JSON.parse(autodidact("info", images, "--json").stdout);
    assert.deepEqual(info.broken.map(({ name }: { name: string }) => name).sort(), [
      "class0/torn.jpg",
      "class1/note.png",
    ]);
    assert.equal(info.entries, 26);
  }));

test("what cannot be learned from is refused", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const empty = join(folder, "empty");
    await mkdir(empty);
    refused(autodidact("pretrain", empty, "--out", out, ...TINY), /empty/);
    refused(autodidact("pretrain", join(folder, "nowhere"), "--out", out, ...TINY), /nowhere/);
    const one = join(folder, "one");
    await writeImages(one, 1, 1);
    refused(autodidact("pretrain", one, "--out", out, ...TINY), /too few/);
  }));

test("wrong options are refused before anything is read or written", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 6);
    const out = join(folder, "run");
    refused(autodidact("pretrain", images, "--out", out, "--method", "simclear"), /unknown method "simclear".*simclr/);
    refused(autodidact("pretrain", images, "--out", out, "--epochs", "-3"), /epochs.*-3/);
    refused(
      autodidact("pretrain", images, "--out", out, "--method", "simclr", "--temperature", "warm"),
      /temperature.*warm/,
    );
    refused(autodidact("pretrain", images, "--out", out, "--no-such-flag"), /no-such-flag/);
    refused(
      autodidact("pretrain", images, "--out", out, "--method", "mae", "--image-size", "16", "--patch-size", "5"),
      /patch size of 5 does not divide/,
    );
    refused(
      autodidact("pretrain", images, "--out", out, "--method", "mae", "--encoder", "resnet"),
      /cuts its input into a grid of patches, and resnet does not; try --encoder vit/,
    );
    await assert.rejects(readFile(join(out, "config.json")), /ENOENT/);
  }));

test("runs that cannot be used are refused, and nothing in them is lost", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 8);
    const run = join(folder, "run");
    assert.equal(autodidact("pretrain", images, "--out", run, ...TINY).code, 0);
    const checkpoint = join(run, "checkpoints", "last.safetensors");
    const config = join(run, "config.json");
    const [weights, settings] = [await readFile(checkpoint), await readFile(config, "utf8")];

    refused(autodidact("pretrain", images, "--out", run, ...TINY), /there is a run already/);
    refused(autodidact("evaluate", folder, "--train", images, "--test", images), /not a run/);

    await rm(join(run, "checkpoints", "best.safetensors"));
    await truncate(checkpoint, 1000);
    refused(autodidact("embed", run, images, "--out", join(folder, "a.parquet")), /not a complete safetensors file/);
    refused(autodidact("pretrain", images, "--resume", run), /not a complete safetensors file/);
    await writeFile(checkpoint, weights);

    await writeFile(config, settings.replace(/"version": \d+/, '"version": 7'));
    refused(autodidact("export", run, "--out", join(folder, "model")), /version 7/);
    await writeFile(config, '{"model_type": "bert"}');
    refused(
      autodidact("export", run, "--out", join(folder, "model")),
      /not a run \(its config\.json is none of a run\)/,
    );
    await writeFile(config, settings);
    const model = join(folder, "model");
    assert.equal(autodidact("export", run, "--out", model).code, 0);
    // Whatever needs no more than an encoder takes an exported model, too.
    assert.equal(autodidact("embed", model, images, "--out", join(folder, "a.parquet")).code, 0);
    refused(
      autodidact("look", model, images, "--out", join(folder, "look")),
      /a published model, which has no method; start from it/,
    );
    const notes = join(folder, "notes");
    await mkdir(notes);
    await writeFile(join(notes, "a.txt"), "some words");
    refused(
      autodidact("pretrain", notes, "--from", run, "--out", join(folder, "other")),
      /learned from image data, and .*notes has text data/,
    );

    const others = join(folder, "others");
    await writeImages(others, 9);
    refused(autodidact("pretrain", others, "--resume", run), /not the data of/);
    refused(autodidact("pretrain"), /name the training data/);
    assert.deepEqual(await readFile(checkpoint), weights);
  }));

test("labels and tables that do not fit are refused", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    const paths = await writeImages(images, 8);
    const run = join(folder, "run");
    assert.equal(autodidact("pretrain", images, "--out", run, ...TINY).code, 0);
    const flat = join(folder, "flat");
    await mkdir(flat);
    for (const [index, path] of paths.slice(0, 4).entries()) await copyFile(path, join(flat, `${index}.png`));
    refused(autodidact("evaluate", run, "--train", images, "--test", flat), /no labels.*sub-folder/);
    const csv = join(folder, "labels.csv");
    await writeFile(csv, "file,class\n0.png,cat\n");
    refused(
      autodidact("evaluate", run, "--train", images, "--test", flat, "--test-labels", csv),
      /no column "label".* columns path and label/,
    );
    await writeFile(csv, "path,label\nmissing.png,cat\n");
    refused(autodidact("evaluate", run, "--train", images, "--test", flat, "--test-labels", csv), /missing\.png/);
    const unseen = join(folder, "unseen");
    await writeImages(unseen, 4);
    refused(autodidact("evaluate", run, "--train", images, "--test", unseen, "--label-count", "9999"), /9999/);
    const copied = join(folder, "copied");
    await cp(images, copied, { recursive: true });
    for (const command of ["evaluate", "report"])
      refused(autodidact(command, run, "--train", images, "--test", copied), /copied: the same samples as .*images; /);
    const parquet = join(folder, "x.parquet");
    await writeFile(parquet, "PAR1 not really");
    refused(autodidact("search", run, paths[0]!, "--in", parquet), /not a readable Parquet file/);
  }));

test("a full disk and a read-only folder cost nothing that was learned before", async (context) => {
  await inFolder(async (folder) => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]).status !== 0) {
      context.skip("needs the right to mount a small file system");
      return;
    }
    try {
      const images = join(folder, "images");
      await writeImages(images, 8);
      const run = join(disk, "run");
      // Room for one checkpoint of this size, but not for the next beside it.
      const small = ["--width", "6", "--checkpoint-every", "1", "--epochs", "30"];
      const full = autodidact("pretrain", images, "--out", run, ...TINY, ...small);
      refused(full, /the disk is full/);
      assert.equal(spawnSync("mount", ["-o", "remount,ro", disk]).status, 0);
      refused(autodidact("pretrain", images, "--out", join(disk, "other"), ...TINY), /read-only/);
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});
