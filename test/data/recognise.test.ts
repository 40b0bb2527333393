/** Which kind of data a path is taken as, and what is said of the rest of it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { describeLeftOut } from "../../src/data/files/left-out.ts";
import { modalityFor } from "../../src/data/recognise.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { inspect } from "../../src/index.ts";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

const says = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, pattern);
  assert.match(error.message, /^[^\n]+$/);
  return true;
};

async function dataOf(path: string) {
  const report = await inspect(path);
  assert.ok(report.kind === "data");
  return report;
}

test("images beside notes and phone pictures: the rest is counted, the other kind and how to take it named", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 6);
    for (const name of ["a.HEIC", "b.heic", "c.bmp", "d.md", "e.md", "f.md", "g.docx"])
      await writeFile(join(data, name), "some words");
    const { leftOut, notes, modality, entries } = await dataOf(data);
    assert.deepEqual([modality, entries], ["image", 12]);
    assert.match(describeLeftOut(leftOut), /^2 HEIC \(not decodable here: .+\), 1 BMP \(.+\), 3 \.md, 1 \.docx$/);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /taken as image data; to take its other files instead: --modality text/);

    const table = autodidact("info", data).stdout;
    assert.match(table, /^left out +2 HEIC/m);
    assert.match(table, /^note +.*--modality text/m);
    const { code, stderr } = autodidact("pretrain", data, "--out", join(folder, "run"), ...TINY);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /taken as image data/);
    assert.match(stderr, /left out: 2 HEIC \(not decodable here/);
    const embedded = autodidact("embed", join(folder, "run"), data, "--out", join(folder, "a.parquet"));
    assert.match(embedded.stdout, /^left out: 2 HEIC/m);
    assert.equal((await dataOf(join(data, "class0"))).notes.length, 0);
  }));

test("where no kind fits, each reason is given", () =>
  inFolder(async (folder) => {
    const at = async (name: string, content: Uint8Array | string) => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, name), content);
      return join(folder, name);
    };
    await assert.rejects(
      modalityFor(await at("p.heic", Uint8Array.of(0, 0, 0, 24))),
      says(/no images in this folder .* 1 HEIC \(not decodable/),
    );
    await assert.rejects(
      modalityFor(join(folder, "p.heic", "p.heic")),
      says(/p\.heic: HEIC, not decodable here: convert/),
    );
    await assert.rejects(
      modalityFor(await at("t.zip", zipSync({ "a.png": new Uint8Array(99) }).subarray(0, 80))),
      says(/t\.zip: not a readable zip archive \(its end is missing/),
    );
    await assert.rejects(
      modalityFor(await at("d.docx", "x")),
      says(/kind of data not recognised \(it has 1 \.docx\); name it: --modality .*image or text/),
    );
    const tar = Buffer.alloc(1024);
    tar.write("ustar", 257);
    await assert.rejects(
      modalityFor(join(await at("photos.tar", tar), "photos.tar")),
      says(/photos\.tar: not a readable tar archive \(no header\)/),
    );
    const gz = join(await at("photos.tar.gz", gzipSync(tar)), "photos.tar.gz");
    await assert.rejects(modalityFor(gz), says(/photos\.tar\.gz: not a readable tar archive \(no header\)/));
    await assert.rejects(
      inspect(gz, { modality: "text" }),
      says(/packed with gzip: .*; texts are not read from archives/),
    );
    await assert.rejects(modalityFor(join(await at("none", ""), "none")), says(/not recognised \(it is empty\)/));
    const notes = join(await at("notes.zip", zipSync({ "a.txt": Buffer.from("words") })), "notes.zip");
    await assert.rejects(modalityFor(notes), says(/kind of data not recognised \(it has 1 \.txt\); name it/));
    await assert.rejects(modalityFor(join(folder, "nothing")), says(/nothing: .*no such file/));
  }));

test("a folder that may not be read is the reason, and nothing else", { skip: process.platform === "win32" }, () =>
  inFolder(async (folder) => {
    const closed = join(folder, "data", "closed");
    await mkdir(closed, { recursive: true });
    await writeFile(join(folder, "data", "a.txt"), "words");
    await chmod(folder, 0o755);
    await chmod(closed, 0);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await assert.rejects(modalityFor(join(folder, "data")), says(/closed: could not be read \(permission denied\)$/));
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(closed, 0o755);
    }
  }),
);

const cases = fileURLToPath(new URL("../../../shared/cases", import.meta.url));

test("the world's folders and archives", { skip: existsSync(cases) ? false : `no ${cases}` }, async () => {
  const whatOf = async (path: string) => {
    const { modality, entries, leftOut, broken } = await dataOf(join(cases, path));
    return [modality, entries, broken.length, ...leftOut.map(({ what, count }) => `${count} ${what}`)];
  };
  assert.deepEqual(await whatOf("names/phone"), ["image", 8, 0, "30 BMP", "30 HEIC"]);
  assert.deepEqual(await whatOf("names/docs"), ["image", 2, 0, "40 .md"]);
  assert.deepEqual(await whatOf("zips/half-encrypted.zip"), ["image", 16, 0, "16 encrypted"]);
  assert.deepEqual(await whatOf("zips/bz2mix.zip"), ["image", 8, 0, "8 packed with bzip2"]);
  assert.deepEqual(await whatOf("zips/dup-names.zip"), ["image", 16, 0, "1 with the name of a later entry"]);
  for (const name of ["normal", "zip64", "backslash"])
    assert.deepEqual(await whatOf(`zips/${name}.zip`), ["image", 16, 0]);
  const refused: Readonly<Record<string, RegExp>> = {
    encrypted: /no images in this archive .* 16 encrypted \(unpack the archive with its password\)/,
    lzma: /no images in this archive .* 16 packed with LZMA/,
    truncated: /not a readable zip archive \(its end is missing/,
    prefixed: /not a readable zip archive \(its directory is not where it should be/,
    slip: /invalid relative path: \.\.\/\.\.\/evil\.png/,
    absolute: /absolute path: \/etc\/evil\.png/,
  };
  for (const [name, reason] of Object.entries(refused))
    await assert.rejects(modalityFor(join(cases, "zips", `${name}.zip`)), says(reason), name);
});
