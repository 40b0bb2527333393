import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { OpenOptions } from "../../../src/data/source.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { pair } from "../../../src/modalities/pair/index.ts";
import { captionsOf } from "../../../src/modalities/pair/sources/captions.ts";
import { isPairIndex } from "../../../src/modalities/pair/sources/source.ts";
import { drawnSquare, parquetOf, writePairs } from "../../fixtures/pairs.ts";
import { inFolder } from "../../support/cli.ts";

const png = async (at: number) => (await drawnSquare(at)).png;

/** Opens pairs and reads all of them. */
async function opened(path: string, options?: OpenOptions) {
  const source = await pair.open(path, options);
  const { manifest } = source;
  assert.ok(isPairIndex(manifest));
  const entries = Array.from({ length: source.length }, (_, at) => at);
  const read = await Promise.all(entries.map((entry) => source.read(entry)));
  for (const [at, { captions }] of read.entries())
    assert.equal(captions.length, captionsOf(manifest.captions, at).length);
  const sizes = read.map(({ image }) => pair.size({ image, captions: [""] }).text);
  await source.close();
  return {
    names: entries.map((entry) => source.name(entry)),
    captions: entries.map((entry) => captionsOf(manifest.captions, entry)),
    keys: [...(source.keys ?? [])],
    leftOut: (source.leftOut ?? []).map(({ what, count }) => `${count} ${what}`),
    ...{ sizes, source, notes: source.notes ?? [] },
  };
}

/** Writes a table beside the first squares, `images/0.png` …, and says what it is written to. */
async function tableOf(folder: string, name: string, text: string, images = 4): Promise<string> {
  await mkdir(join(folder, "images"), { recursive: true });
  for (let at = 0; at < images; at++) await writeFile(join(folder, "images", `${at}.png`), await png(at));
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const kindOf = async (path: string) => (await modalityFor(path)).name;

test("a table beside a folder: rows of one image are one entry, columns are captions, and a column says what is shown", () =>
  inFolder(async (folder) => {
    const rows = [
      "path,set,name,keywords,key,split",
      "images/0.png,a,red,fire; rose,r,train",
      "./images/1.png,a,green,,g,test",
      "images/0.png,a,crimson,,r,train",
      "images/2.png,b,Red,blood,r,test",
    ];
    const path = await tableOf(folder, "pairs.csv", rows.join("\n"));
    assert.equal(await kindOf(path), "pair");
    const { names, captions, keys, notes, source, sizes } = await opened(path);
    assert.deepEqual(names, ["images/0.png", "images/1.png", "images/2.png"]);
    assert.deepEqual(captions, [["red", "fire; rose", "crimson"], ["green"], ["Red", "blood"]]);
    assert.deepEqual(keys, [0, 1, 0]);
    assert.deepEqual(source.column?.("split"), ["train", "test", "test"]);
    assert.equal(source.column?.("path"), undefined);
    assert.deepEqual(notes, [
      "pairs.csv: captions from name,keywords; images of the same key show the same",
      "3 images of 2 different things, by their keys",
    ]);
    assert.deepEqual(sizes, Array(3).fill("24 × 24"));
    const joined = await opened(path, { column: "name+keywords,name", by: "set" });
    assert.deepEqual(joined.captions[0], ["red fire; rose", "red", "crimson"]);
    assert.deepEqual(joined.keys, [0, 0, 1]);
  }));

test("without a key, images with an equal caption show the same", () =>
  inFolder(async (folder) => {
    const rows = ["path,caption,caption2", "images/0.png,A  dog,x", "images/1.png,a cat,y"];
    rows.push("images/2.png,a dog,z", "images/3.png,Z,w");
    const { keys, source } = await opened(await tableOf(folder, "pairs.csv", rows.join("\n")));
    // The third shares one caption with the first and another with the fourth.
    assert.deepEqual(keys, [0, 1, 0, 0]);
    assert.equal(source.labels, undefined);
  }));

test("a table beside a zip archive is read without unpacking it, by the archive's own paths or below its name", () =>
  inFolder(async (folder) => {
    const images = Object.fromEntries(await Promise.all([0, 1, 2].map(async (at) => [`${at}.png`, await png(at)])));
    await writeFile(join(folder, "images.zip"), zipSync({ images, "notes.md": new Uint8Array(3) }));
    const table = (prefix: string) => [0, 2, 1].map((at) => `${prefix}${at}.png,caption ${at}`).join("\n");
    for (const [name, prefix] of [
      ["inside.csv", "images/"],
      ["windows.csv", ".\\images\\"],
    ] as const) {
      await writeFile(join(folder, name), `path,caption\n${table(prefix)}\n`);
      assert.equal(await kindOf(join(folder, name)), "pair", name);
      const { captions, names, sizes } = await opened(join(folder, name));
      assert.deepEqual(captions, [["caption 0"], ["caption 2"], ["caption 1"]], name);
      assert.deepEqual(names, ["0.png", "2.png", "1.png"], name);
      assert.equal(sizes.length, 3);
    }
    await writeFile(join(folder, "flat.zip"), zipSync({ "7.png": await png(7) }));
    await rm(join(folder, "images.zip"));
    await writeFile(join(folder, "below.tsv"), "file_name\tcaption\nflat/7.png\tseven\nflat/8.png\teight\n");
    const { captions, leftOut } = await opened(join(folder, "below.tsv"));
    assert.deepEqual([captions, leftOut], [[["seven"]], ["1 images that are not there"]]);
  }));

test("a folder and an archive of images with captions beside them", () =>
  inFolder(async (folder) => {
    const files = {
      "a/0.png": await png(0),
      "a/0.txt": Buffer.from("one red square\n\nanother line\r\n"),
      "a/1.png": await png(1),
      "a/1.json": Buffer.from(JSON.stringify({ caption: "green", captions: ["verde"], key: 5, width: 24 })),
      "b/2.png": await png(2),
      "b/2.png.txt": Buffer.from("\ufeffblue"),
      "b/3.png": await png(3),
      "b/lonely.txt": Buffer.from("nothing to see"),
    };
    await mkdir(join(folder, "data", "a"), { recursive: true });
    await mkdir(join(folder, "data", "b"));
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, "data", name), bytes);
    await writeFile(join(folder, "data.zip"), zipSync(files));
    for (const path of [join(folder, "data"), join(folder, "data.zip")]) {
      assert.equal(await kindOf(path), "pair", path);
      const { names, captions, leftOut, source } = await opened(path);
      assert.deepEqual(names, ["a/0.png", "a/1.png", "b/2.png"]);
      assert.deepEqual(captions, [["one red square", "another line"], ["green", "verde"], ["blue"]]);
      assert.deepEqual(leftOut, ["1 captions without an image", "1 images without a caption"]);
      assert.deepEqual(source.classes, ["a", "b"]);
    }
  }));

test("boxes beside images are no captions, and few captions make no folder of pairs", () =>
  inFolder(async (folder) => {
    for (let at = 0; at < 4; at++) await writeFile(join(folder, `${at}.png`), await png(at));
    for (let at = 0; at < 4; at++) await writeFile(join(folder, `${at}.txt`), "0 0.5 0.5 0.2 0.3\n");
    assert.equal(await kindOf(folder), "image");
    for (let at = 0; at < 4; at++) await writeFile(join(folder, `${at}.txt`), "a square\n");
    assert.equal(await kindOf(folder), "pair");
    for (let at = 1; at < 4; at++) await rm(join(folder, `${at}.txt`));
    assert.equal(await kindOf(folder), "image");
  }));

test("a folder of images with a table of captions is of images, and of pairs if that is said", () =>
  inFolder(async (folder) => {
    await writePairs(folder, 8);
    const notes: string[] = [];
    const kind = await modalityFor(folder, undefined, (note) => notes.push(note));
    assert.equal(kind.name, "image");
    assert.match(notes.join(), /--modality .*pair/);
    assert.equal((await opened(folder)).captions[1]?.[0], "a small green square, number 1");
    await writeFile(join(folder, "others.csv"), "path,caption\nimages/0.png,x\n");
    await assert.rejects(
      pair.open(folder),
      /several tables of images with captions; name one: .*others.csv, pairs.csv/,
    );
  }));

test("Parquet with the bytes of images, in one file or in the parts of a folder", () =>
  inFolder(async (folder) => {
    const path = join(folder, "train-00000-of-00002.parquet");
    await writeFile(path, await parquetOf(0, 3, [["red", "rot"], ["green"], [" "]]));
    assert.equal(await kindOf(path), "pair");
    const one = await opened(path, { by: "image_id" });
    assert.deepEqual(one.captions, [["red", "rot"], ["green"]]);
    assert.deepEqual(one.leftOut, ["1 images without a caption"]);
    assert.deepEqual(one.names, ["train-00000-of-00002.parquet:1", "train-00000-of-00002.parquet:2"]);
    assert.deepEqual(one.sizes, ["24 × 24", "24 × 24"]);
    await writeFile(join(folder, "train-00001-of-00002.parquet"), await parquetOf(3, 2, [["yellow"], ["red"]]));
    assert.equal(await kindOf(folder), "pair");
    const both = await opened(folder);
    assert.deepEqual(both.captions, [["red", "rot"], ["green"], ["yellow"], ["red"]]);
    assert.deepEqual(both.keys, [0, 1, 2, 0]);
    // The pixels are those of the row, not of another: of the second part, the first is yellow.
    const source = await pair.open(folder);
    const options = pair.options.parse({ ...(await pair.infer(source)), tokenizerKind: "bpe" });
    const modality = pair.build(options, await pair.learn?.(source, options));
    const { picture } = await modality.show(await source.read(2));
    const colours = new Set(
      Array.from({ length: 24 * 24 }, (_, at) => [...(picture?.rgb.subarray(3 * at, 3 * at + 3) ?? [])].join()),
    );
    assert.deepEqual([...colours].sort(), ["230,210,40", "250,250,250"]);
    await source.close();
  }));

test("Parquet with the bytes of images in a plain column, and texts that the file does not call so", () =>
  inFolder(async (folder) => {
    const path = join(folder, "pairs.parquet");
    const rows = await Promise.all([0, 1].map(async (at) => new Uint8Array(await png(at))));
    const columnData = [
      { name: "picture", data: rows, type: "BYTE_ARRAY" as const },
      {
        name: "text",
        data: ["rot", "grün"].map((text) => new Uint8Array(Buffer.from(text))),
        type: "BYTE_ARRAY" as const,
      },
    ];
    await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData })));
    assert.equal(await kindOf(path), "pair");
    assert.deepEqual((await opened(path)).captions, [["rot"], ["grün"]]);
  }));

test("JSON lines, with a list of captions", () =>
  inFolder(async (folder) => {
    const lines = [
      { path: "images/0.png", captions: ["red", "rot"], boxes: [1, 2] },
      { path: "images/1.png", captions: "[sic] green" },
      { path: "images/2.png", sentence: "blue", label: "b" },
    ];
    const path = await tableOf(folder, "pairs.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    assert.equal(await kindOf(path), "pair");
    const { captions, source } = await opened(path);
    assert.deepEqual(captions, [["red", "rot"], ["[sic] green"], ["blue"]]);
    assert.deepEqual([source.classes, [...(source.labels ?? [])]], [["b"], [-1, -1, 0]]);
  }));

test("tables that are of other kinds stay so", () =>
  inFolder(async (folder) => {
    const labels = await tableOf(folder, "labels.csv", "path,label\nimages/0.png,red\nimages/1.png,green\n");
    assert.notEqual(await pair.recognises(labels), "proven");
    const gone = await tableOf(folder, "gone.csv", "path,caption\nnowhere/0.png,red\nnowhere/1.png,green\n");
    assert.equal(await pair.recognises(gone), undefined);
    const texts = await tableOf(folder, "texts.csv", "text,label\na text,x\nanother,y\n");
    assert.equal(await pair.recognises(texts), undefined);
    assert.equal(await kindOf(join(folder, "images")), "image");
  }));

const refusal = (path: string, options?: OpenOptions) =>
  pair.open(path, options).then(
    () => assert.fail(`${path} is opened`),
    (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, /^[^\n]+$/);
      return error.message;
    },
  );

test("what is wrong with a table is said in one line", () =>
  inFolder(async (folder) => {
    const message = async (text: string, options?: OpenOptions) =>
      refusal(await tableOf(folder, "pairs.csv", text), options);
    assert.match(
      await message("path,caption,caption\nimages/0.png,a,b\n"),
      /columns 2 and 3 are both called "caption"/,
    );
    assert.match(
      await message("path,size\nimages/0.png,3\n"),
      /no column "caption"; there are: path, size; .*--column/,
    );
    assert.match(await message("url,caption\nimages/0.png,a\n"), /no column "path"/);
    assert.match(await message("path,caption\nimages/0.png,a\n", { column: "title" }), /no column "title"/);
    assert.match(await message("path,caption\nimages/0.png,a\n", { by: "thing" }), /no column "thing".*--by/);
    assert.match(await message("path,caption\ngone/0.png,a\n"), /none of its 1 images is there.*gone\/0.png/);
    assert.match(await message("path,caption\nimages/0.png,\n"), /no row has an image and a caption/);
    assert.match(await message("path,caption\n"), /no rows/);
    assert.match(
      await message("path,caption,key\nimages/0.png,a,1\nimages/0.png,b,2\n"),
      /row 3 gives images\/0.png the key "2", and an earlier one "1"/,
    );
    assert.match(await refusal(join(folder, "images")), /no image with a caption; they are read from a table/);
    assert.match(await refusal(join(folder, "images", "0.png")), /no images with captions/);
    assert.match(await refusal(join(folder, "nowhere.csv")), /no such file/);
  }));

test("rows that say nothing of an image are counted and passed over", () =>
  inFolder(async (folder) => {
    const rows = [
      "path,caption",
      "images/0.png,  ",
      "images/gone.png,not there",
      ",no image",
      "images/1.png,ok",
      "images/2.pdf,a document",
      "images/3.heic,a photo",
      "../outside.png,a path that leads out of the folder",
      "../../../etc/passwd,no image",
    ];
    const path = await tableOf(folder, "pairs.csv", rows.join("\n"));
    const { captions, leftOut } = await opened(path);
    assert.deepEqual(captions, [["ok"]]);
    assert.deepEqual(leftOut.sort(), [
      "1 HEIC",
      "1 captions without an image",
      "1 images without a caption",
      "2 images that are not there",
      "2 paths of other files than images",
    ]);
    // Elsewhere on the disk, as tables in a folder of their own name images.
    await mkdir(join(folder, "tables"));
    const inside = join(folder, "tables", "train.csv");
    await writeFile(inside, "path,caption\n../images/1.png,up\n../images/9.png,gone\n");
    assert.deepEqual((await opened(inside)).names, ["../images/1.png"]);
    await writeFile(join(folder, "evil.zip"), zipSync({ "x.png": await png(0) }));
  }));

test("images that all show the same, by their captions or by a key, are nothing to learn from", () =>
  inFolder(async (folder) => {
    for (const text of [
      "path,caption\nimages/0.png,A  photo\nimages/1.png,a photo\n",
      "path,caption,key\nimages/0.png,a,1\nimages/1.png,b,1\n",
    ]) {
      const source = await pair.open(await tableOf(folder, "pairs.csv", text));
      const options = pair.options.parse({ ...(await pair.infer(source)), tokenizerKind: "bpe" });
      await assert.rejects(
        async () => pair.learn?.(source, options),
        /all 2 images show the same, by their keys or their/,
      );
      await source.close();
    }
  }));

test("captions of any script and length, and a broken image", () =>
  inFolder(async (folder) => {
    const captions = ["สี่เหลี่ยมสีแดง", "مربع أحمر", "🟥 😀", Array(10_000).fill("word").join(" ")];
    const rows = ["path,caption", ...captions.map((caption, at) => `images/${at}.png,"${caption}"`)];
    const path = await tableOf(folder, "pairs.csv", rows.join("\n"));
    const source = await pair.open(path);
    const notes: string[] = [];
    const inferred = await pair.infer(source);
    assert.equal(inferred.maxLength, 64);
    // Each letter is there once or twice, which is too seldom for a vocabulary of pieces of words.
    await assert.rejects(async () => pair.learn?.(source, pair.options.parse(inferred)), /unknown to it.*bpe/);
    const options = pair.options.parse({ ...inferred, tokenizerKind: "bpe" });
    const files = await pair.learn?.(source, options, (note) => notes.push(note));
    assert.match(notes.join("\n"), /1 of 4 captions looked at have more than 64 tokens.*--max-length/);
    const modality = pair.build(options, files);
    for (const [at, caption] of captions.entries()) {
      const sample = await source.read(at);
      const tensors = modality.tensors(sample);
      assert.equal(tensors.ids?.data.length, 64);
      assert.ok(new Set(tensors.ids?.data).size > 3, caption.slice(0, 30));
      const { text } = await modality.show(sample);
      assert.ok(text.startsWith(caption.slice(0, 10)) && text.length <= 300);
    }
    await source.close();
    const bytes = await readFile(join(folder, "images", "1.png"));
    await writeFile(join(folder, "images", "1.png"), bytes.subarray(0, 60));
    const broken = await pair.open(path);
    await assert.rejects(broken.read(1), { name: "BrokenSample" });
    await broken.read(2);
    await broken.close();
  }));

test("one caption for all is refused where it would be learned from", () =>
  inFolder(async (folder) => {
    const rows = ["path,caption", ...[0, 1, 2].map((at) => `images/${at}.png,a photo`)];
    const source = await pair.open(await tableOf(folder, "pairs.csv", rows.join("\n")));
    await assert.rejects(
      async () => pair.learn?.(source, pair.options.parse({})),
      /all 3 images show the same.*"a photo"/,
    );
    await source.close();
  }));

test("groups and labels come from columns, or from a table of labels", () =>
  inFolder(async (folder) => {
    const rows = [0, 1, 2].map((at) => `images/${at}.png,"square ${at}",artist ${at % 2},${["x", "y"][at % 2]}`);
    const path = await tableOf(folder, "pairs.csv", `path,caption,artist,kind\n${rows.join("\n")}\n`);
    const source = await pair.open(path, { group: "artist", labelColumn: "kind" });
    assert.deepEqual([source.groupedBy, source.group?.(0), source.group?.(1)], ["artist", "artist 0", "artist 1"]);
    assert.deepEqual(
      [source.classes, [...(source.labels ?? [])]],
      [
        ["x", "y"],
        [0, 1, 0],
      ],
    );
    await source.close();
    await writeFile(join(folder, "labels.csv"), "path,label\nimages/2.png,b\nimages/0.png,a\n");
    const labelled = await pair.open(path, { labels: join(folder, "labels.csv") });
    assert.deepEqual(
      [labelled.classes, [...(labelled.labels ?? [])]],
      [
        ["a", "b"],
        [0, -1, 1],
      ],
    );
    await labelled.close();
  }));

test("paths are found in composed and decomposed characters, and packed tables are read", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "cafe\u0301 1.png"), await png(1));
    await writeFile(join(folder, "pairs.csv.gz"), gzipSync("path,caption\ncaf\u00e9 1.png,tasse\n"));
    assert.equal(await kindOf(join(folder, "pairs.csv.gz")), "pair");
    const { captions } = await opened(join(folder, "pairs.csv.gz"));
    assert.deepEqual(captions, [["tasse"]]);
  }));
