import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { zipSync } from "fflate";
import { modalities, NO_PART } from "../../../src/data/index.ts";
import { subset } from "../../../src/data/parts/split.ts";
import { fromText, inWords, toText } from "../../../src/data/paths/in-words.ts";
import { joined } from "../../../src/data/paths/joined.ts";
import { openPaths } from "../../../src/data/paths/open.ts";
import { pathsIn, placesOf } from "../../../src/data/paths/paths.ts";
import { nameAt } from "../../../src/data/paths/place.ts";
import type { Source } from "../../../src/data/source.ts";
import { openData, readerOf } from "../../../src/training/run/open-data.ts";
import { readConfig } from "../../../src/training/run/run.ts";
import { autodidact, inFolder, TINY, writeImages } from "../../support/cli.ts";

const says = (message: RegExp) => ({ name: "UserError", message });
const namesOf = (source: Source<unknown>) => Array.from({ length: source.length }, (_, at) => source.name(at));
const labelsOf = ({ classes, labels }: Source<unknown>) => labels && Array.from(labels, (label) => classes?.[label]);

test("several folders, archives and lists of them are one source, with labels by name and the path before each name", () =>
  inFolder(async (folder) => {
    const at = (...names: string[]) => join(folder, ...names);
    await writeImages(at("2023"), 2);
    await writeImages(at("old", "2023"), 1, 3);
    const png = await readFile(at("2023", "class0", "0.png"));
    await writeFile(
      at("more.zip"),
      zipSync({ "class1/9.png": png, "new/1.png": png, "new/bad.png": Buffer.from("x") }),
    );
    await writeFile(at("list.txt"), `\ufeffold/2023\r\n\n  more.zip  \n`);
    const image = await modalities.load("image");
    const source = await openPaths(image, [at("2023"), `@${at("list.txt")}`]);
    const root = folder.split("/").at(-1);
    assert.deepEqual(namesOf(source), [
      ...["class0/0.png", "class0/1.png", "class1/0.png", "class1/1.png"].map((name) => `${root}/2023/${name}`),
      ...["class0/0.png", "class1/0.png", "class2/0.png"].map((name) => `old/2023/${name}`),
      ...["class1/9.png", "new/1.png", "new/bad.png"].map((name) => `more.zip/${name}`),
    ]);
    assert.deepEqual(source.classes, ["class0", "class1", "class2", "new"]);
    assert.deepEqual(labelsOf(source)!.join(), "class0,class0,class1,class1,class0,class1,class2,class1,new,new");
    await assert.rejects(source.read(9), { name: "BrokenSample" });
    const labels = at("2023", "labels.csv");
    await writeFile(labels, `path,label\nmore.zip/new/1.png,day\nold/2023/class2/0.png,night\n`);
    const labelled = await openPaths(image, [at("2023"), at("old", "2023"), at("more.zip")], { labels });
    assert.deepEqual(
      [labelled.classes, [...labelled.labels!].filter((one) => one >= 0)],
      [
        ["day", "night"],
        [1, 0],
      ],
    );
    // The table lies among the images and is none of what is left out.
    assert.deepEqual(labelled.leftOut, []);
    // Contents change with any path's.
    const before = await labelled.contents!();
    await cp(at("2023", "class0", "0.png"), at("old", "2023", "class2", "0.png"));
    assert.notEqual(await labelled.contents!(), before);
    for (const one of [source, labelled]) await one.close();
  }));

test("rows of tables keep the table's name; groups and columns are those of each table", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeFile(at("a.csv"), "x,y,label,patient,split\n1,2,no,p1,train\n3,4,yes,p2,test\n");
    await writeFile(at("b.csv"), "x,y,label,patient,split\n5,6,yes,p2,train\n7,8,maybe,,validation\n");
    const reader = readerOf(await modalities.load("table"), {});
    const paths = [at("a.csv"), at("b.csv")];
    const source = await openData(reader, paths, { group: "patient" });
    assert.deepEqual(namesOf(source), ["a.csv:2", "a.csv:3", "b.csv:2", "b.csv:3"]);
    assert.deepEqual(labelsOf(source), ["no", "yes", "yes", "maybe"]);
    assert.deepEqual(
      Array.from({ length: 4 }, (_, entry) => source.group?.(entry)),
      ["p1", "p2", "p2", "b.csv:3"],
    );
    const splitFile = at("split.csv");
    await writeFile(splitFile, "path,split\na.csv:2,train\nb.csv:2,test\n");
    const split = await openData(reader, paths, { splitFile });
    assert.deepEqual([...split.parts!], [0, NO_PART, 2, NO_PART]);
    assert.deepEqual(namesOf(subset(split, Int32Array.of(2, 0))), ["b.csv:2", "a.csv:2"]);
    await assert.rejects(openData(reader, paths, { group: "ward" }), says(/no column "ward"/));
  }));

test("what cannot be one source is said in a line", () =>
  inFolder(async (folder) => {
    const at = (...names: string[]) => join(folder, ...names);
    await mkdir(at("a", "b"), { recursive: true });
    await mkdir(at("ab"));
    await symlink(at("a"), at("link"));
    await writeFile(at("empty.txt"), "\n \n");
    await writeFile(at("list.txt"), "a\n./a/\n");
    await writeFile(at("picture.txt"), Buffer.of(0xff, 0xd8, 0));
    await assert.rejects(pathsIn([]), says(/no path of data is given/));
    await assert.rejects(pathsIn([at("a"), " "]), says(/a path of data is empty/));
    await assert.rejects(pathsIn(`@${at("empty.txt")}`), says(/empty\.txt: a list without a path/));
    await assert.rejects(pathsIn(`@${at("picture.txt")}`), says(/picture\.txt: no list of paths/));
    await assert.rejects(pathsIn(`@${at("none.txt")}`), says(/none\.txt: could not be read/));
    await assert.rejects(pathsIn(`@${at("list.txt")}`), says(/named twice/));
    await writeFile(at("gone.txt"), "a\n\ngone\n");
    await assert.rejects(pathsIn(`@${at("gone.txt")}`), says(/gone\.txt:3: .*\/gone: could not be read/));
    await assert.rejects(pathsIn([at("a"), at("link")]), says(/link: named twice, as .*\/a too; leave out one/));
    await assert.rejects(pathsIn([at("a", "b"), at("a")]), says(/a\/b: lies in .*\/a, which is named too/));
    await assert.rejects(pathsIn([at("a"), at("gone")]), says(/gone: could not be read/));
    await assert.rejects(
      pathsIn(Array.from({ length: 257 }, (_, n) => at(`${n}`))),
      says(/257 paths, and 256 at most/),
    );
    assert.deepEqual(await pathsIn([at("a"), at("ab")]), [at("a"), at("ab")]);
    const image = await modalities.load("image");
    await writeImages(at("a"), 1);
    await assert.rejects(openPaths(image, [at("a"), at("ab")]), says(/ab: no images in this folder/));
  }));

test("a run keeps its paths, is resumed with them, and with those that have moved; other kinds are refused", () =>
  inFolder(async (folder) => {
    const at = (...names: string[]) => join(folder, ...names);
    await writeImages(at("a"), 6);
    await writeImages(at("b"), 6, 3);
    const ran = (code: number, ...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, code, ended.stderr);
      return ended.stdout + ended.stderr;
    };
    ran(0, "pretrain", at("a"), at("b"), ...TINY, "--out", at("run"));
    const { data } = await readConfig(at("run"));
    assert.deepEqual([data.path, data.entries], [[at("a"), at("b")], 30]);
    assert.match(ran(0, "info", at("a"), at("b")), /class2 +6|class2 6/);
    ran(0, "embed", at("run"), at("a"), at("b"), "--out", at("v.parquet"));
    assert.match(ran(0, "search", at("run"), at("b", "class2", "0.png"), "--in", at("v.parquet")), /b\/class2\/0\.png/);
    const evaluated = ["--split", "random", "--no-scratch", "--no-forest", "--draws", "1"];
    ran(0, "evaluate", at("run"), "--train", at("a"), at("b"), ...evaluated);
    const report = await readdir(at("run"));
    assert.ok(report.includes("split.csv"));
    assert.match(await readFile(at("run", "split.csv"), "utf8"), /^b\/class2\/\d\.png,/m);

    await mkdir(at("moved"));
    for (const name of ["a", "b"]) await rename(at(name), at("moved", name));
    assert.match(ran(2, "pretrain", "--resume", at("run")), /a: could not be read/);
    ran(0, "pretrain", at("moved", "a"), at("moved", "b"), "--resume", at("run"));
    assert.match(ran(2, "pretrain", at("moved", "b"), at("moved", "a"), "--resume", at("run")), /not the data of/);
    await writeFile(at("moved", "t.csv"), "text\nhello\nthere\n");
    assert.match(
      ran(2, "pretrain", at("moved", "a"), at("moved", "t.csv"), "--out", at("other")),
      /moved\/a has image data, and .*t\.csv text data; several paths must be of one kind/,
    );
    await rm(at("run"), { recursive: true });
  }));

const part = fc.stringMatching(/^[a-c]{1,2}$/);
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const lies = (one: string, other: string) => one === other || other.startsWith(`${one}/`);

test("no two entries of several paths have one name, wherever the paths are", () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 8 }),
      fc.array(path, { maxLength: 8 }),
      async (some, entries) => {
        const paths = some.filter((one) => !some.some((other) => other !== one && lies(other, one)));
        const places = await placesOf(paths);
        const names = places.flatMap((place) => [...new Set(entries)].map((entry) => nameAt(place, entry.slice(1))));
        assert.equal(new Set(names).size, names.length);
        for (const [at, { name }] of places.entries()) assert.ok(paths[at]!.endsWith(name));
      },
    ),
  ));

test("joined sources are read as one list: entries, labels, wholes, columns", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.record({ value: fc.nat(), label: fc.option(fc.constantFrom("x", "y", "z")) }))),
      async (parts) => {
        const sources = parts.map((rows): Source<number> => {
          const classes = [...new Set(rows.flatMap(({ label }) => label ?? []))].sort();
          return {
            length: rows.length,
            ...(classes.length > 0
              ? { classes, labels: Int32Array.from(rows, ({ label }) => (label ? classes.indexOf(label) : -1)) }
              : {}),
            name: (index) => `${index}`,
            read: async (index) => rows[index]!.value,
            column: () => rows.map(({ label }) => label ?? undefined),
            keys: Int32Array.from(rows, (_, index) => index),
            manifest: undefined,
            close: async () => undefined,
          };
        });
        const places = parts.map((_, at) => ({ name: `p${at}` }));
        const source = joined(sources, { places, wholes: parts.map(({ length }) => length) });
        const all = parts.flat();
        const read = await Promise.all(all.map((_, index) => source.read(index)));
        assert.deepEqual(
          read,
          all.map(({ value }) => value),
        );
        assert.deepEqual(
          labelsOf(source) ?? all.map(() => undefined),
          all.map(({ label }) => label ?? undefined),
        );
        assert.deepEqual(
          namesOf(source),
          parts.flatMap((rows, at) => rows.map((_, index) => `p${at}/${index}`)),
        );
        assert.deepEqual(
          source.column?.("any") ?? [],
          all.map(({ label }) => label ?? undefined),
        );
        assert.equal(new Set(source.keys).size, all.length);
      },
    ),
  ));

test("paths as texts come back", () => {
  for (const paths of ["/a", ["/a", '/b"[']]) assert.deepEqual(fromText(toText(paths)), paths);
  assert.equal(fromText("[no json"), "[no json");
  assert.equal(inWords(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
});
