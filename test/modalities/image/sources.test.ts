import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { parquetWriteFile } from "hyparquet-writer";
import sharp from "sharp";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { image } from "../../../src/modalities/image/index.ts";

const root = await mkdtemp(join(tmpdir(), "autodidact-images-"));
after(() => rm(root, { recursive: true }));
const shared = process.env.AUTODIDACT_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

const png = (grey: number, side = 6) =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .png()
    .toBuffer();

async function folder(name: string, files: Record<string, Uint8Array | string>): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return path;
}
const says = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

test("a folder's sub-folders are its classes, whole paths where they nest", async () => {
  const bytes = await png(9);
  const flat = await image.open(
    await folder("flat", { "b/1.png": bytes, "a/2.png": bytes, "a/.x.png": bytes, "a/n.txt": "" }),
  );
  assert.deepEqual([flat.length, flat.classes, flat.name(0)], [2, ["a", "b"], "a/2.png"]);
  assert.deepEqual([...(flat.labels ?? [])], [0, 1]);
  const deep = await image.open(await folder("deep", { "x/p/1.png": bytes, "x/q/1.png": bytes, "y/p/1.png": bytes }));
  assert.deepEqual(deep.classes, ["x/p", "x/q", "y/p"]);
  const mixed = await image.open(await folder("mixed", { "1.png": bytes, "a/1.png": bytes, "b/1.png": bytes }));
  assert.equal(mixed.labels, undefined, "not every image lies in a sub-folder");
  const single = await image.open(await folder("single", { "a/1.png": bytes, "a/2.png": bytes }));
  assert.equal(single.labels, undefined, "one folder tells nothing apart");
});

test("labels from a CSV file, and what can be wrong with it", async () => {
  const bytes = await png(9);
  const path = await folder("csv", { "1.png": bytes, "2.png": bytes, "3.png": bytes });
  const write = async (name: string, text: string) => {
    await writeFile(join(root, name), text);
    return join(root, name);
  };
  const good = await write("good.csv", '\ufeffpath,label\n./1.png,"dog, big"\n2.png,cat\n');
  const source = await image.open(path, { labels: good });
  assert.deepEqual(
    [source.classes, [...(source.labels ?? [])]],
    [
      ["cat", "dog, big"],
      [1, 0, -1],
    ],
  );
  const unknown = await write("unknown.csv", "path,label\n7.png,a\n8.png,b\n1.png,c\n");
  await assert.rejects(image.open(path, { labels: unknown }), says(/unknown\.csv: 2 paths .* 7\.png/));
  const columns = await write("columns.csv", "file,label\n1.png,a\n");
  await assert.rejects(
    image.open(path, { labels: columns }),
    says(/no column "path"; there are: file, label; .* columns path and label/),
  );
  await assert.rejects(image.open(path, { labels: join(root, "none.csv") }), says(/none\.csv/));
  const twice = await write("twice.csv", "path,label\n1.png,a\n2.png,b\n1.png,c\n");
  await assert.rejects(image.open(path, { labels: twice }), says(/row 4 labels 1\.png "c", an earlier row "a"/));
  const empty = await write("empty.csv", "path,label\n1.png,\n");
  await assert.rejects(image.open(path, { labels: empty }), says(/empty\.csv: contains no labels/));
});

test("labels from other tables; several of a sample may be a list", async () => {
  const bytes = await png(9);
  const path = await folder("tables", { "1.png": bytes, "2.png": bytes, "3.png": bytes });
  const labelled = async (name: string) => {
    const { classes, labels = [] } = await image.open(path, { labels: join(root, name) });
    return [...labels].map((label) => classes?.[label]);
  };
  const rows = [
    { path: "./1.png", label: "cat|dog" },
    { path: "3.png", label: "0.5" },
  ];
  const expected = ["cat|dog", undefined, "0.5"];
  await writeFile(join(root, "l.tsv"), ["path\tlabel", ...rows.map((row) => `${row.path}\t${row.label}`)].join("\n"));
  await writeFile(
    join(root, "l.jsonl"),
    '{"label": ["cat", "dog"], "path": "1.png"}\n{"path": "3.png", "label": 0.5}\n',
  );
  const columns = [
    { name: "path", data: rows.map((row) => row.path), type: "STRING" as const },
    { name: "label", data: rows.map((row) => row.label), type: "STRING" as const },
  ];
  parquetWriteFile({ filename: join(root, "l.parquet"), columnData: columns });
  for (const name of ["l.tsv", "l.jsonl", "l.parquet"]) assert.deepEqual(await labelled(name), expected, name);
  await writeFile(join(root, "bytes.bin"), Uint8Array.of(0xff, 0xfe, 0, 1));
  await assert.rejects(labelled("bytes.bin"), says(/bytes\.bin: not UTF-8/));
});

test("nothing to read is said in one line", async () => {
  await assert.rejects(image.open(await folder("empty", {})), says(/no images in this folder/));
  await assert.rejects(image.open(join(root, "absent")), says(/absent/));
  const text = await folder("text", { "notes.txt": "hello" });
  await assert.rejects(image.open(join(text, "notes.txt")), says(/notes\.txt: no images \(JPEG, .*zip archives/));
  assert.equal(await image.recognises(text), undefined);
});

test("a broken file is a broken sample, the others are read", async () => {
  const source = await image.open(await folder("broken", { "1.png": "no picture", "2.png": await png(77) }));
  await assert.rejects(source.read(0), BrokenSample);
  assert.equal((await source.read(1)).data[0], 77);
});

test("one image is a source of one", async () => {
  const source = await image.open(join(await folder("one", { "1.png": await png(5) }), "1.png"));
  assert.deepEqual([source.length, source.name(0), source.labels], [1, "1.png", undefined]);
});

test("bytes that were sent are read as the file that holds them", async () => {
  const bytes = await png(5);
  const opened = await image.open(join(await folder("sent", { "1.png": bytes }), "1.png"));
  const sent = image.accepts.bytes!(bytes, "upload", "image/png");
  assert.deepEqual([sent.length, sent.name(0)], [1, "upload"]);
  assert.deepEqual(await sent.read(0), await opened.read(0));
  await assert.rejects(image.accepts.bytes!(Buffer.from("hello"), "upload", "").read(0), BrokenSample);
});

test("zip archives: shared folders left out, stored and deflated, damage found, several as one", async () => {
  const [black, white] = [await png(0), await png(255)];
  const damaged = zipSync({ "d/a/1.png": [black, { level: 0 }], "d/b/2.png": [white, { level: 6 }] });
  const path = join(await folder("zips", {}), "one.zip");
  await writeFile(path, damaged);
  assert.equal(await image.recognises(path), "certain");
  const source = await image.open(path);
  assert.deepEqual([source.name(0), source.name(1), source.classes], ["a/1.png", "b/2.png", ["a", "b"]]);
  assert.deepEqual([(await source.read(0)).data[0], (await source.read(1)).data[0]], [0, 255]);
  const again = await image.reopen(structuredClone(source.manifest));
  assert.equal((await again.read(1)).data[0], 255);
  await Promise.all([source.close(), again.close()]);

  await writeFile(join(root, "zips", "two.zip"), zipSync({ "other/a/1.png": black, "other/c/3.png": white }));
  const both = await image.open(join(root, "zips"));
  assert.deepEqual([both.length, both.classes], [3, ["a", "b", "c"]], "the file that both hold is there once");
  await both.close();

  const spoilt = Buffer.from(damaged);
  spoilt[spoilt.indexOf("IDAT") + 8]! ^= 0xff;
  await writeFile(path, spoilt);
  const torn = await image.open(path);
  await assert.rejects(
    torn.read(0),
    (error: unknown) => error instanceof BrokenSample && /checksum/.test(error.message),
  );
  await torn.close();
  await writeFile(path, damaged.subarray(0, 60));
  await assert.rejects(image.open(path), says(/not a readable zip/));
});

test("an entry that unpacks to more than it declares is broken", async () => {
  const bytes = Buffer.from(zipSync({ "a/1.png": [new Uint8Array(100_000), { level: 9 }], "a/2.png": await png(1) }));
  const central = bytes.indexOf("PK\x01\x02");
  bytes.writeUInt32LE(10, central + 24);
  const path = join(root, "bomb.zip");
  await writeFile(path, bytes);
  const source = await image.open(path);
  await assert.rejects(source.read(0), BrokenSample);
  await source.close();
});

const idx = (extents: number[], data: Uint8Array) => {
  const head = Buffer.alloc(4 + 4 * extents.length);
  head.set([0, 0, 8, extents.length]);
  extents.forEach((extent, axis) => {
    head.writeUInt32BE(extent, 4 + 4 * axis);
  });
  return Buffer.concat([head, data]);
};

test("IDX, raw and gzipped, with labels next to it; a wrong header is detected", async () => {
  const pixels = Uint8Array.from({ length: 3 * 4 * 5 }, (_, at) => at);
  const path = await folder("idx", {
    "train-images-idx3-ubyte.gz": gzipSync(idx([3, 4, 5], pixels)),
    "train-labels-idx1-ubyte.gz": gzipSync(idx([3], Uint8Array.of(7, 2, 7))),
    "t10k-images-idx3-ubyte": idx([1, 4, 5], pixels.subarray(0, 20)),
  });
  const source = await image.open(path);
  assert.deepEqual([source.length, source.classes, [...(source.labels ?? [])]], [3, ["2", "7"], [1, 0, 1]]);
  const second = await source.read(1);
  assert.deepEqual([second.width, second.height, second.channels, second.data[0]], [5, 4, 1, 20]);
  assert.deepEqual(
    source.leftOut?.map(({ what, count }) => [what, count]),
    [["other IDX or CIFAR files", 1]],
  );
  const plain = await image.open(join(path, "t10k-images-idx3-ubyte"));
  assert.deepEqual([plain.length, plain.labels], [1, undefined]);
  const lies = join(await folder("idx-lies", { "x-images-idx3-ubyte": idx([9, 4, 5], pixels) }), "x-images-idx3-ubyte");
  await assert.rejects(image.open(lies), says(/header/));
  const axes = await folder("idx-axes", { "x-images-idx3-ubyte": idx(Array(200).fill(2), pixels) });
  await assert.rejects(image.open(join(axes, "x-images-idx3-ubyte")), says(/200 axes; images have 3 or 4/));
});

test("CIFAR-10's binary files", async () => {
  const row = new Uint8Array(3073);
  row[0] = 2;
  row.fill(10, 1, 1025);
  row.fill(20, 1025, 2049);
  row.fill(30, 2049);
  const other = row.slice();
  other[0] = 0;
  const path = await folder("cifar-10-batches-bin", {
    "data_batch_1.bin": Buffer.concat([row, other]),
    "data_batch_2.bin": other,
    "test_batch.bin": row,
    "batches.meta.txt": "airplane\nautomobile\nbird\n\n",
  });
  const source = await image.open(path);
  assert.deepEqual([source.length, source.classes], [3, ["airplane", "automobile", "bird"]]);
  assert.deepEqual([...(source.labels ?? [])], [2, 0, 0]);
  assert.deepEqual([...(await source.read(0)).data.subarray(0, 6)], [10, 20, 30, 10, 20, 30]);
  const left = source.leftOut?.map(({ what, example }) => [what, example]);
  assert.deepEqual(left, [["other IDX or CIFAR files", "test_batch.bin"]]);
  assert.equal((await image.open(join(path, "test_batch.bin"))).length, 1);
});

test("what is read does not depend on who read it before", async () => {
  const picture = await sharp(Buffer.from(Uint8Array.from({ length: 40 * 40 }, (_, at) => (at * 7919) % 251)), {
    raw: { width: 40, height: 40, channels: 1 },
  })
    .png()
    .toBuffer();
  const path = await folder("cache", { "1.png": picture });
  const options = image.options.parse({ imageSize: 8, channels: 1 });
  const fresh = await (await image.reopen((await image.open(path)).manifest, options)).read(0);
  const source = await image.open(path);
  assert.equal((await source.read(0)).width, 40);
  const later = await (await image.reopen(source.manifest, options)).read(0);
  assert.equal(fresh.width, 16);
  assert.deepEqual(later, fresh);
  assert.deepEqual(await (await image.reopen(source.manifest, options)).read(0), fresh);
});

test("published sets", { skip: existsSync(shared) ? false : `no data at ${shared}` }, async () => {
  const fashion = await image.open(join(shared, "fashion-mnist/t10k-images-idx3-ubyte.gz"));
  assert.deepEqual([fashion.length, fashion.classes?.length], [10_000, 10]);
  const { channels, imageSize, augmentation } = await image.infer(fashion);
  assert.deepEqual([channels, imageSize, augmentation], [1, 28, "photo"]);
  const cifar = await image.open(join(shared, "cifar10/test-5k.zip"));
  assert.deepEqual([cifar.length, cifar.classes?.length, cifar.name(0)], [5000, 10, "airplane/0000.jpg"]);
  const colour = await image.infer(cifar);
  assert.deepEqual([colour.channels, colour.imageSize, colour.augmentation], [3, 32, "photo"]);
  await cifar.close();
  const omniglot = await image.open(join(shared, "omniglot/images_background_small1.zip"));
  assert.equal(omniglot.length, 2720);
  const inferred = await image.infer(omniglot);
  assert.deepEqual([inferred.channels, inferred.augmentation], [1, "drawing"]);
  await omniglot.close();
});
