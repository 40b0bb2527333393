/** Packed data that unpack to far more than they are, lie about it, or are damaged. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import {
  collectFiles,
  type Entries,
  filesOf,
  recognisesFiles,
  type Wanted,
} from "../../../src/data/files/collection.ts";
import { bytesOf } from "../../../src/data/files/gunzip.ts";
import { describeLeftOut } from "../../../src/data/files/left-out.ts";
import { linesOf } from "../../../src/data/tables/lines.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { openImages } from "../../../src/modalities/image/open.ts";
import { inFolder } from "../../support/cli.ts";
import { mutants } from "../../support/mutants.ts";

const wanted: Wanted = { takes: (name) => name.endsWith(".wav"), what: "recordings", formats: "WAV" };
const bytes = (text: string) => new TextEncoder().encode(text);
const fill = (count: number, value = 0) => new Uint8Array(count).fill(value);

/** Reads everything; broken entries are counted. */
async function readAll(entries: Entries): Promise<{ read: number; broken: number }> {
  let [read, broken] = [0, 0];
  for (let index = 0; index < entries.names.length; index++)
    await entries.bytes(index).then(
      () => read++,
      (error: unknown) => {
        assert.ok(error instanceof BrokenSample, String(error));
        broken++;
      },
    );
  await entries.close();
  return { read, broken };
}

/** A central directory entry and the rest of an archive, taken apart. */
function partsOf(zip: Uint8Array) {
  const all = Buffer.from(zip);
  const [directory, end] = [all.indexOf("PK\x01\x02"), all.indexOf("PK\x05\x06")];
  return {
    local: all.subarray(0, directory),
    entry: all.subarray(directory, end),
    end: Buffer.from(all.subarray(end)),
  };
}

test("an archive whose entries share their bytes is refused at once", () =>
  inFolder(async (folder) => {
    const { local, entry, end } = partsOf(zipSync({ "0000.wav": [fill(1 << 20), { level: 9 }] }));
    const count = 20_000;
    const directory = Array.from({ length: count }, (_, at) => {
      const copy = Buffer.from(entry);
      copy.write(String(at).padStart(4, "0").slice(-4), 46);
      return copy;
    });
    end.writeUInt16LE(count, 8);
    end.writeUInt16LE(count, 10);
    end.writeUInt32LE(count * entry.length, 12);
    const path = join(folder, "bomb.zip");
    await writeFile(path, Buffer.concat([local, ...directory, end]));
    const start = performance.now();
    await assert.rejects(collectFiles(path, wanted), /bomb\.zip: entries overlap, such as "0001\.wav"; refused/);
    assert.ok(performance.now() - start < 5000);

    // The overlap of two entries that are far apart in the directory.
    const three = partsOf(zipSync({ "a.wav": fill(99, 1), "b.wav": fill(99, 2), "c.wav": fill(99, 3) }));
    const third = three.entry.lastIndexOf("PK\x01\x02");
    three.entry.writeUInt32LE(10, third + 42);
    await writeFile(path, Buffer.concat([three.local, three.entry, three.end]));
    await assert.rejects(collectFiles(path, wanted), /entries overlap/);
  }));

test("an archive that unpacks to far more than its size is refused, by its directory", () =>
  inFolder(async (folder) => {
    const path = join(folder, "blank.zip");
    const { local, entry, end } = partsOf(zipSync({ "a.wav": [fill(1 << 20), { level: 9 }] }));
    entry.writeUInt32LE(80 << 20, 24);
    await writeFile(path, Buffer.concat([local, entry, end]));
    await assert.rejects(collectFiles(path, wanted), /blank\.zip: unpacks to 83886080 bytes, more than 200 times/);
    // Less than 64 MiB are read whatever they were packed to.
    await writeFile(path, zipSync({ "a.wav": [fill(8 << 20), { level: 9 }] }));
    assert.deepEqual(await readAll(filesOf((await collectFiles(path, wanted)).manifest)), { read: 1, broken: 0 });
  }));

test("what is left out of an archive is counted by reason, and is the error when nothing is left", () =>
  inFolder(async (folder) => {
    const path = join(folder, "set.zip");
    const zip = Buffer.from(
      zipSync({
        ...{ "d/a.wav": bytes("a"), "d/b.wav": bytes("b"), "d/c.wav": bytes("c"), "d/notes.txt": bytes("n") },
        ...{ "__MACOSX/d/._a.wav": bytes("m"), "d/.hidden.wav": bytes("h"), "d/empty/": fill(0) },
      }),
    );
    const entryOf = (name: string) => zip.indexOf(name, zip.indexOf("PK\x01\x02")) - 46;
    zip.writeUInt16LE(1, entryOf("d/b.wav") + 8);
    zip.writeUInt16LE(14, entryOf("d/c.wav") + 10);
    await writeFile(path, zip);
    const { manifest, leftOut } = await collectFiles(path, wanted);
    assert.deepEqual(filesOf(manifest).names, ["a.wav"]);
    assert.equal(
      describeLeftOut(leftOut),
      "1 encrypted (unpack the archive with its password), 1 packed with LZMA (unpack the archive, or pack it with Deflate), 1 .txt",
    );
    zip.writeUInt16LE(1, entryOf("d/a.wav") + 8);
    await writeFile(path, zip);
    const refused = /set\.zip: no recordings in this archive \(WAV\); it has 2 encrypted .*1 \.txt/;
    await assert.rejects(collectFiles(path, wanted), refused);
    await assert.rejects(recognisesFiles(path, wanted), refused);
    await writeFile(path, zipSync({ "notes.txt": bytes("n") }));
    assert.equal(await recognisesFiles(path, wanted), false, "nothing of this kind");
    await writeFile(path, zip.subarray(0, 150));
    await assert.rejects(recognisesFiles(path, wanted), /not a readable zip archive \(its end is missing/);
  }));

test("gzip that unpacks to far more than its size is refused before it fills the disk", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lines.txt.gz");
    await writeFile(path, gzipSync(Buffer.alloc(80 << 20, `${"the same words ".repeat(4000)}\n`)));
    await assert.rejects(
      async () => {
        for await (const lines of linesOf(path)) assert.ok(lines.length >= 0);
      },
      (error) => error instanceof UserError && /lines\.txt\.gz: unpacks to more than 200 times/.test(error.message),
    );
    // Whoever stops early has read no further.
    for await (const chunk of bytesOf(path, true)) {
      assert.ok(chunk.length > 0);
      break;
    }
    await writeFile(path, Buffer.concat([gzipSync("two members, "), gzipSync("one text")]));
    let text = "";
    for await (const chunk of bytesOf(path, true)) text += chunk;
    assert.equal(text, "two members, one text");
  }));

const idx = (extents: readonly number[], data: Uint8Array) => {
  const head = Buffer.alloc(4 + 4 * extents.length);
  head.set([0, 0, 8, extents.length]);
  for (const [axis, extent] of extents.entries()) head.writeUInt32BE(extent, 4 + 4 * axis);
  return Buffer.concat([head, data]);
};

test("IDX is read to the length in its header, which is believed where the file can have it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "train-images-idx3-ubyte.gz");
    const refused = async (content: Uint8Array, reason: RegExp) => {
      await writeFile(path, content);
      const start = performance.now();
      await assert.rejects(openImages(path), reason);
      assert.ok(performance.now() - start < 5000);
    };
    await refused(gzipSync(idx([10, 28, 28], fill(9 << 20))), /the IDX header says 7840 bytes .*, the file has more/);
    await refused(
      gzipSync(idx([1000, 1000, 4000], fill(0))),
      /says 4000000000 bytes .* has \d+, which cannot unpack to that/,
    );
    await refused(gzipSync(idx([80, 1024, 1024], fill(80 << 20))), /unpacks to more than 200 times its size/);
    await refused(idx([2, 2, 2], fill(9)), /says 8 bytes \(2 × 2 × 2\), the file has 9/);
    await refused(idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], fill(9)), /the IDX header says/);
    await refused(gzipSync(Buffer.of(0, 0, 8)), /header is cut short/);
    await refused(Buffer.of(0, 0, 8, 255), /255 axes; images have 3 or 4/);
  }));

test("damaged archives, gzip, IDX and CIFAR files are read, or refused in one line", () =>
  inFolder(async (folder) => {
    const noise = Uint8Array.from({ length: 2 * 3073 }, (_, at) => (at * 7919) % 251);
    const wholes: Readonly<Record<string, Uint8Array>> = {
      "a.zip": zipSync({ "a/1.png": noise.subarray(0, 300), "b/2.png": fill(400), "c.txt": bytes("words") }),
      "t-images-idx3-ubyte": idx([4, 8, 8], noise.subarray(0, 256)),
      "u-images-idx3-ubyte.gz": gzipSync(idx([4, 8, 8], noise.subarray(0, 256))),
      "data_batch_1.bin": noise,
    };
    for (const [name, whole] of Object.entries(wholes)) {
      let [read, refused] = [0, 0];
      for (const damaged of mutants(whole, 50, 5)) {
        await writeFile(join(folder, name), damaged);
        try {
          const source = await openImages(join(folder, name));
          for (let index = 0; index < source.length; index++)
            await source.read(index).catch((error: unknown) => {
              assert.ok(error instanceof BrokenSample, `${name}: ${error}`);
            });
          await source.close();
          read++;
        } catch (error) {
          assert.ok(error instanceof UserError, `${name}: ${error}`);
          assert.match(error.message, /^[^\n]+$/);
          assert.ok(error.message.includes(name), error.message);
          refused++;
        }
      }
      assert.ok(refused > 5, `${name}: ${refused} of 50 refused, ${read} read`);
    }
  }));

test("archives with the same names and other contents keep their files apart", () =>
  inFolder(async (folder) => {
    const write = (name: string, files: Record<string, string>) =>
      writeFile(
        join(folder, name),
        zipSync(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, bytes(text)]))),
      );
    const names = async () => filesOf((await collectFiles(folder, wanted)).manifest).names;
    await write("a.zip", { "set/cat/1.wav": "one", "set/cat/2.wav": "two" });
    await write("b.zip", { "set/dog/3.wav": "three" });
    assert.deepEqual(await names(), ["1.wav", "2.wav", "3.wav"]);
    await write("b.zip", { "set/dog/1.wav": "other" });
    assert.deepEqual(await names(), ["cat/1.wav", "cat/2.wav", "dog/1.wav"]);
    await write("b.zip", { "set/cat/1.wav": "other" });
    assert.deepEqual(await names(), ["a/1.wav", "a/2.wav", "b/1.wav"]);
    await write("b.zip", { "set/cat/1.wav": "one" });
    assert.deepEqual(await names(), ["1.wav", "2.wav"]);
  }));
