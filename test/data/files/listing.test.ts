import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { describeLeftOut } from "../../../src/data/files/left-out.ts";
import { filesBelow, listFiles, type Takes } from "../../../src/data/files/listing.ts";
import { isRubbishPath } from "../../../src/data/files/rubbish.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { claimFolder, writeOutput } from "../../../src/foundation/outputs.ts";
import { inFolder } from "../../support/cli.ts";

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
    const { names } = await filesBelow(pool);
    assert.deepEqual(names, ["cats/c.png", "dogs/a.png", "gone.png", "tigers/c.png"]);
    await assert.rejects(filesBelow(join(folder, "nothing")), UserError);
  }));

test("what a kind of data does not take is counted: by its reasons, and by extension", () =>
  inFolder(async (folder) => {
    for (const name of ["a.wav", "b.wav", "c.aiff", "d.md", "e.md", "f.CSV.gz", "README", "g.wav\u001b[2J", ".h.wav"])
      await writeFile(join(folder, name), "");
    const takes: Takes = (name) =>
      name.endsWith(".wav") || (name.endsWith(".aiff") && { what: "AIFF", advice: "convert to WAV" });
    const { names, leftOut, unfit, isFolder, root } = await listFiles(folder, takes);
    assert.deepEqual([names, isFolder, root], [["a.wav", "b.wav"], true, folder]);
    assert.deepEqual(unfit, [{ what: "AIFF", advice: "convert to WAV", count: 1, example: "c.aiff" }]);
    assert.equal(describeLeftOut(leftOut), "1 AIFF (convert to WAV), 2 .md, 2 without an extension, 1 .csv.gz");
    const one = await listFiles(join(folder, "a.wav"), takes);
    assert.deepEqual([one.names, one.isFolder, one.root], [["a.wav"], false, folder]);
  }));

test("kinds of data that look at the same time share one walk, later ones walk again", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "a.wav"), "");
    const [first, second] = [filesBelow(folder), filesBelow(folder)];
    assert.equal(first, second);
    await first;
    await writeFile(join(folder, "b.wav"), "");
    assert.deepEqual((await filesBelow(folder)).names, ["a.wav", "b.wav"]);
  }));

test("what systems leave in folders and archives is no data", () =>
  inFolder(async (folder) => {
    const rubbish = [
      "@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg",
      "$RECYCLE.BIN/$R1.png",
      "__MACOSX/cats/._0.png",
      "System Volume Information/x.png",
      "lost+found/x.png",
      ".git/x.png",
      "cats/.DS_Store",
      "cats/Thumbs.db",
      "cats/desktop.ini",
      "#recycle/1.png",
    ];
    for (const path of [...rubbish, "cats/0.png", "recycle/1.png"]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), "");
    }
    assert.deepEqual(await filesBelow(folder), { names: ["cats/0.png", "recycle/1.png"], leftOut: [] });
    for (const path of rubbish) assert.ok(isRubbishPath(path), path);
    assert.ok(!isRubbishPath("./cats/0.png"));
  }));

test("what commands of ours have written is left out, wherever it lies", () =>
  inFolder(async (folder) => {
    const pool = join(folder, "pool");
    await claimFolder(join(pool, "dogs", "run"), "run");
    await claimFolder(join(pool, "model"), "model");
    for (const name of ["a.png", "dogs/b.png", "dogs/run/look.png", "model/README.md"])
      await writeFile(join(pool, name), "");
    await mkdir(join(pool, "copied"));
    await writeFile(join(pool, "copied", "config.json"), '{"autodidact": {}}');
    await writeFile(join(pool, "copied", "README.md"), "");
    await writeOutput(join(pool, "look.png"), ["picture"]);
    const { names, leftOut } = await filesBelow(pool);
    assert.deepEqual(names, ["a.png", "dogs/b.png"]);
    assert.deepEqual(leftOut, [{ what: "outputs of autodidact", count: 4, example: "copied" }]);
    await writeFile(join(pool, "look.png"), "another picture");
    assert.deepEqual((await filesBelow(pool)).names, ["a.png", "dogs/b.png", "look.png"]);
    // Whoever names one of them as the data means it.
    assert.deepEqual((await filesBelow(join(pool, "dogs", "run"))).names, ["look.png"]);
  }));

test("names that are not UTF-8 are counted, and the rest is read", { skip: process.platform !== "linux" }, () =>
  inFolder(async (folder) => {
    const named = (bytes: number[]) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes)]);
    await mkdir(named([0x63, 0xe9]));
    await writeFile(named([0xff, 0x2e, 0x70, 0x6e, 0x67]), "");
    await writeFile(join(folder, "a\ufffd.png"), "");
    const { names, leftOut } = await filesBelow(folder);
    assert.deepEqual(names, ["a\ufffd.png"]);
    assert.match(describeLeftOut(leftOut), /^2 with a name that is not UTF-8 \(rename them, or use convmv\)$/);
  }),
);
