import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { tree } from "../../../src/array/index.ts";
import { filesOf } from "../../../src/data/files/collection.ts";
import { modalityFor } from "../../../src/data/recognise.ts";
import { collectShards } from "../../../src/data/tables/shards.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { trustCode } from "../../../src/foundation/user-file.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { isImage } from "../../../src/pixels/decode/formats.ts";
import { createLoader } from "../../../src/training/data/loader.ts";
import { type ImageRow, shardOf } from "../../fixtures/shards.ts";
import { mutants } from "../../support/mutants.ts";

trustCode();
const root = await mkdtemp(join(tmpdir(), "autodidact-shards-"));
after(() => rm(root, { recursive: true }));

/** An image of one grey. */
const png = async (grey: number): Promise<Uint8Array> => {
  const raw = { width: 9, height: 7, channels: 1 } as const;
  return new Uint8Array(await sharp(new Uint8Array(63).fill(grey), { raw }).png().toBuffer());
};
const rows: ImageRow[] = [];
for (let at = 0; at < 10; at++) rows.push({ bytes: await png(at * 20), label: at === 9 ? -1 : at % 2 });
const names = ["zebra", "ant"];

function write(name: string, bytes: Uint8Array): string {
  const path = join(root, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** What is read of each entry: its grey, or why it is broken. */
async function read(path: string, options = {}) {
  const source = await image.open(path, options);
  try {
    const greys: unknown[] = [];
    for (let at = 0; at < source.length; at++)
      greys.push(
        await source.read(at).then(
          ({ data }) => data[0],
          (error: unknown) => {
            assert.ok(error instanceof BrokenSample, String(error));
            return error.message;
          },
        ),
      );
    const classes = source.labels && [...source.labels].map((label) => source.classes?.[label]);
    return { greys, classes, first: source.name(0), last: source.name(source.length - 1), notes: source.notes ?? [] };
  } finally {
    await source.close();
  }
}

const grey = rows.map((_, at) => at * 20);

test("every row is an image, bytes beside a path or by themselves, in row groups of any size, packed or not", async () => {
  for (const variant of [
    { isPlain: true, rowGroupSize: 100 },
    { isPlain: true, rowGroupSize: 3, codec: "UNCOMPRESSED" },
    { rowGroupSize: 1 },
    { rowGroupSize: 4, codec: "UNCOMPRESSED" },
  ] as const) {
    const path = write("x.parquet", shardOf(rows, variant));
    const { greys, classes, first, last } = await read(path);
    assert.deepEqual([greys, first, last], [grey, "x.parquet:1", "x.parquet:10"]);
    assert.deepEqual(classes, ["0", "1", "0", "1", "0", "1", "0", "1", "0", "-1"], "a file without names");
  }
  assert.equal(await modalityFor(join(root, "x.parquet")), image);
});

test("classes are called as the Hub's metadata say, −1 is none, and a class beyond them is refused", async () => {
  const path = write("named.parquet", shardOf(rows, { names }));
  const expected = rows.map(({ label }) => names[label ?? -1]);
  assert.deepEqual((await read(path)).classes, expected);
  assert.deepEqual((await read(path, { column: "image", labelColumn: "label" })).classes, expected);
  const beyond = write("beyond.parquet", shardOf([...rows, { bytes: await png(9), label: 2 }], { names }));
  await assert.rejects(image.open(beyond), /beyond\.parquet: row 11: class 2, where the file names 2 classes/);
  await assert.rejects(image.open(path, { labelColumn: "kind" }), /no column "kind"; there are: image, label/);
  await assert.rejects(image.open(path, { column: "label" }), /no images in a column "label"/);
});

test("rows without an image, and broken ones, are named by file and row; the others are read", async () => {
  const damaged = rows.map((row, at) => (at === 3 ? { ...row, bytes: null } : row));
  damaged[5] = { bytes: new Uint8Array([1, 2, 3]), label: 0 };
  const { greys, classes } = await read(write("damaged.parquet", shardOf(damaged, { names })));
  assert.equal(greys[3], 'nothing in the column "image"');
  assert.match(String(greys[5]), /unsupported image format/);
  assert.deepEqual(
    greys.filter((one) => typeof one === "number"),
    grey.filter((_, at) => at !== 3 && at !== 5),
  );
  assert.equal(classes?.length, 10);
});

test("shards of a folder are one set; names are as short as they can be; one that differs is named", async () => {
  const shard = (from: number, to: number) => shardOf(rows.slice(from, to), { names });
  write("hub/data/train-00000-of-00002.parquet", shard(0, 6));
  write("hub/data/train-00001-of-00002.parquet", shard(6, 10));
  write("hub/README.md", Buffer.from("# a data set"));
  const path = join(root, "hub");
  assert.equal(await modalityFor(path), image);
  const { greys, classes, last, notes } = await read(path);
  assert.deepEqual([greys, last], [grey, "train-00001-of-00002.parquet:4"]);
  assert.deepEqual(
    classes,
    rows.map(({ label }) => names[label ?? -1]),
  );
  assert.match(notes.join(), /2 Parquet files: 10 rows, images from the column image/);
  write("twice/a/0.parquet", shard(0, 6));
  write("twice/b/0.parquet", shard(6, 10));
  assert.equal((await read(join(root, "twice"))).last, "b/0.parquet:4");
  const bare = { name: "image", data: rows.map(({ bytes }) => bytes), type: "BYTE_ARRAY" } as const;
  for (const [name, labelled, unlabelled] of [
    ["first", 0, 1],
    ["last", 1, 0],
  ] as const) {
    write(`${name}/${labelled}.parquet`, shard(0, 6));
    write(`${name}/${unlabelled}.parquet`, Buffer.from(parquetWriteBuffer({ columnData: [bare] })));
    const refusal = new RegExp(`${unlabelled}\\.parquet: no column of labels, as .*${labelled}\\.parquet has`);
    await assert.rejects(image.open(join(root, name)), refusal);
  }
  write("mixed/0.parquet", shard(0, 6));
  write("mixed/1.parquet", Buffer.from("no Parquet"));
  await assert.rejects(image.open(join(root, "mixed")), /1\.parquet: not a readable Parquet file/);
});

test("more shards than are open at a time are read in any order, and one that was changed meanwhile is named", async () => {
  for (let at = 0; at < 6; at++) write(`six/${at}.parquet`, shardOf(rows.slice(at, at + 2), { names }));
  const source = await image.open(join(root, "six"));
  const again = await image.open(join(root, "six"));
  const digest = await source.contents?.();
  assert.equal(await again.contents?.(), digest, "the fingerprint is that of the data");
  const order = [0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11];
  const read = await Promise.all(order.map((at) => source.read(at)));
  assert.deepEqual(
    read.map(({ data }) => data[0]),
    order.map((at) => 20 * (Math.floor(at / 2) + (at % 2))),
  );
  await source.close();
  await again.close();
  write("six/5.parquet", shardOf(rows.slice(0, 2), { names: ["other", "names"] }));
  const changed = await image.open(join(root, "six"));
  assert.notEqual(await changed.contents?.(), digest);
  await changed.close();

  const found = await collectShards(join(root, "six"), isImage, "images", {});
  assert.ok(found);
  write("six/3.parquet", shardOf(rows.slice(0, 5), { names }));
  const entries = filesOf(found.manifest);
  await assert.rejects(entries.bytes(6), /3\.parquet: has changed since it was opened; start again/);
  assert.equal((await entries.bytes(0)).length, rows[0]?.bytes?.length, "the others are still read");
  await entries.close();
  found.remove();
  assert.equal(existsSync(found.manifest.files.path), false);
});

test("a row group is decoded once, whoever reads it, and again where it could not be", async () => {
  const path = write("once.parquet", shardOf(rows, { names }));
  const found = await collectShards(path, isImage, "images", {});
  assert.ok(found);
  const [one, other] = [filesOf(found.manifest), filesOf(structuredClone(found.manifest))];
  const both = await Promise.all([one.bytes(0), other.bytes(1), one.bytes(2), other.bytes(0)]);
  assert.deepEqual(
    both.map((bytes) => Buffer.compare(bytes, rows[both.indexOf(bytes) % 3]?.bytes ?? bytes)),
    [0, 0, 0, 0],
  );
  // The file may go: its first group is in the cache, and the second is not.
  await rm(path);
  const late = filesOf(structuredClone(found.manifest));
  assert.deepEqual(Buffer.from(await late.bytes(3)), Buffer.from(rows[3]?.bytes ?? []));
  await assert.rejects(late.bytes(4), (error) => error instanceof UserError && /no such file/.test(error.message));
  write("once.parquet", shardOf(rows, { names }));
  assert.deepEqual(Buffer.from(await late.bytes(4)), Buffer.from(rows[4]?.bytes ?? []), "it can be tried again");
  for (const entries of [one, other, late]) await entries.close();
  found.remove();
});

test("workers give the batches that one thread does, from any step on", async () => {
  const path = write("worked.parquet", shardOf(rows, { names, rowGroupSize: 2 }));
  const source = await image.open(path);
  const task = {
    modality: { name: "image", options: { imageSize: 8, channels: 1 } },
    encoder: { name: "vit", options: { width: 8, depth: 1, heads: 1, patchSize: 4 } },
    method: { name: fileURLToPath(new URL("../../fixtures/tiny-method.ts", import.meta.url)), options: {} },
    manifest: source.manifest,
    indices: Int32Array.from(rows, (_, at) => at),
    batchSize: 3,
    seed: 7,
  };
  const take = async (workers: number, from: number, steps: number) => {
    const loader = createLoader(task, workers, from);
    const batches: unknown[] = [];
    for (let step = 0; step < steps; step++)
      batches.push(tree.entries((await loader.next()).batch).map(([name, { data }]) => [name, [...data]]));
    await loader.close();
    return batches;
  };
  const alone = await take(0, 0, 5);
  assert.deepEqual(await take(2, 0, 5), alone);
  assert.deepEqual(await take(2, 3, 2), alone.slice(3));
  await source.close();
});

test("a damaged Parquet file is read, or refused in one line", async () => {
  const whole = shardOf(rows.slice(0, 4), { names });
  let refused = 0;
  for (const [at, mutant] of mutants(whole, 8, 5).entries()) {
    const path = write(`mutant${at}.parquet`, mutant);
    try {
      await read(path);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, new RegExp(`mutant${at}\\.parquet: [^\\n]+$`));
      refused++;
    }
  }
  assert.ok(refused > 0 && refused < 8, `${refused} of 8`);
});
