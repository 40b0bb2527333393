import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { collectFiles, filesOf } from "../../../src/data/files/collection.ts";
import { indexOfTar } from "../../../src/data/files/tar.ts";
import { listTars, tarEntries } from "../../../src/data/files/tars.ts";
import { modalities } from "../../../src/data/index.ts";
import { modalityFor } from "../../../src/data/recognise.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { inFolder, writeImages } from "../../support/cli.ts";
import { tarHeader, tarOf } from "../../support/tar.ts";

const takes = (name: string) => name.endsWith(".png");
const says = (message: RegExp) => ({ name: "UserError", message });

test("shards as WebDataset has them: labels from .cls and .json, captions from .txt, packed or not, in one source", () =>
  inFolder(async (folder) => {
    const at = (...names: string[]) => join(folder, ...names);
    const [red, blue] = await Promise.all((await writeImages(at("in"), 1)).map((path) => readFile(path)));
    await mkdir(at("set"));
    await writeFile(
      at("set", "s-0.tar"),
      await tarOf({ "./0001.png": red!, "0001.cls": "7\n", "0002.png": blue!, "0002.json": '{"label":"cat","x":1}' }),
    );
    await writeFile(
      at("set", "s-1.tar.gz"),
      gzipSync(await tarOf({ "0003.png": blue!, "0003.cls": "7", "0004.png": "no image", "0001.md": "" })),
    );
    assert.equal((await modalityFor(at("set"))).name, "image");
    const image = await modalities.load("image");
    const source = await image.open(at("set"));
    const names = Array.from({ length: source.length }, (_, index) => source.name(index));
    assert.deepEqual(names, ["0001.png", "0002.png", "0003.png", "0004.png"]);
    assert.deepEqual(
      [source.classes, [...source.labels!]],
      [
        ["7", "cat"],
        [0, 1, 0, -1],
      ],
    );
    assert.deepEqual(
      source.leftOut?.map(({ what, count }) => `${count} ${what}`),
      ["1 .json", "1 .md"],
    );
    const again = await image.reopen(structuredClone(source.manifest));
    assert.deepEqual(await again.read(2), await source.read(2));
    await assert.rejects(again.read(3), { name: "BrokenSample" });
    const before = await source.contents!();
    const byField = await image.open(at("set"), { labelColumn: "x" });
    assert.deepEqual([byField.classes, [...byField.labels!]], [["1"], [-1, 0, -1, -1]]);
    await assert.rejects(image.open(at("set"), { labelColumn: "y" }), says(/no \.json .* the field "y"/));
    for (const one of [source, again, byField]) await one.close();

    // Both shards have an entry of one name; one lies in folders, which are labels.
    await writeFile(at("set", "s-1.tar.gz"), gzipSync(await tarOf({ "0001.png": blue! })));
    const twice = await image.open(at("set"));
    assert.deepEqual([twice.name(0), twice.name(1)], ["s-0/0001.png", "s-0/0002.png"]);
    assert.notEqual(await twice.contents!(), before);
    await writeFile(at("folders.tar"), await tarOf({ "all/cat/1.png": red!, "all/dog/1.png": blue! }));
    const folders = await image.open(at("folders.tar"));
    assert.deepEqual([folders.name(1), folders.classes, [...folders.labels!]], ["dog/1.png", ["cat", "dog"], [0, 1]]);
    for (const one of [twice, folders]) await one.close();

    await writeFile(
      at("pairs.tar"),
      await tarOf({ "1.png": red!, "1.txt": "a red square", "2.png": blue!, "2.json": '{"caption":"a blue one"}' }),
    );
    assert.equal((await modalityFor(at("pairs.tar"))).name, "pair");
    const pairs = await (await modalities.load("pair")).open(at("pairs.tar"));
    assert.deepEqual([pairs.length, pairs.name(1)], [2, "2.png"]);
    await pairs.read(1);
    await pairs.close();
    await assert.rejects(image.open(at("in", "class0", "..", "..", "empty.tar")), says(/no such file/));
    await writeFile(at("empty.tar"), Buffer.alloc(10_240));
    await assert.rejects(image.open(at("empty.tar")), says(/no images in this archive/));
  }));

test("what system programs write is read: long names, sparse files, links", () =>
  inFolder(async (folder) => {
    const long = `${"a".repeat(60)}/${"b".repeat(70)}/${"c".repeat(80)}.png`;
    await mkdir(join(folder, "in", long, ".."), { recursive: true });
    await writeFile(join(folder, "in", long), "long");
    await writeFile(join(folder, "in", "é.png"), "short");
    execFileSync("sh", ["-c", "truncate -s 1M hole.png; ln -s é.png link.png; mkfifo pipe.png"], {
      cwd: join(folder, "in"),
    });
    for (const format of ["gnu", "pax"]) {
      const path = join(folder, `${format}.tar`);
      execFileSync("tar", ["-S", `--format=${format}`, "-cf", path, "-C", join(folder, "in"), "."], {
        stdio: "ignore",
      });
      const { manifest, leftOut } = await listTars([path], takes);
      const entries = tarEntries(manifest);
      const read = await Promise.all(
        entries.names.map(async (_, at) => Buffer.from(await entries.bytes(at)).toString()),
      );
      const found = new Map(entries.names.map((name, at) => [name, read[at]!.slice(0, 9)]));
      assert.deepEqual([found.get(long), found.get("é.png")], ["long", "short"], format);
      const counts = Object.fromEntries(leftOut.map(({ what, count }) => [what, count]));
      assert.equal(counts["links in archives"], 1, format);
      assert.equal(counts["pipes, sockets or devices"], 1, format);
      assert.equal(counts["sparse files in archives"], 1, format);
      await entries.close();
    }
  }));

test("no length, path or record of a header is believed that cannot be", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.tar");
    const good = [tarHeader({ name: "a.png", size: "00000000003\0" }), Buffer.from("abc".padEnd(512, "\0"))];
    const indexed = async (...parts: Uint8Array[]) => {
      await writeFile(path, Buffer.concat(parts));
      const { members, others } = indexOfTar(path);
      return [members.map(({ name }) => name).join(), others.map(({ reason }) => reason.what).join()];
    };
    const end = Buffer.alloc(1024);
    const damaged = "damaged ends of archives";
    const negative = Buffer.alloc(12, 0xff);
    const huge = Buffer.concat([Buffer.of(0x80, 0x7f), Buffer.alloc(10, 0xff)]);
    assert.deepEqual(await indexed(...good, end), ["a.png", ""]);
    assert.deepEqual(await indexed(...good), ["a.png", ""]);
    for (const size of [negative, huge, "99999999999\0", "-0000000001\0", "0x000000001\0"])
      assert.deepEqual(await indexed(...good, tarHeader({ size })), ["a.png", damaged]);
    // As large as a header in octal can say: listed, and broken when it is read.
    assert.deepEqual(await indexed(tarHeader({ name: "b.png", size: "77777777777\0" }), end), ["b.png", damaged]);
    const far = filesOf((await collectFiles(path, { takes, what: "images", formats: "PNG" })).manifest);
    await assert.rejects(far.bytes(0), { name: "BrokenSample", message: /8589934591 bytes, more than/ });
    await indexed(tarHeader({ name: "b.png", size: "00000002000\0" }), end);
    const cut = tarEntries((await listTars([path], takes)).manifest);
    await assert.doesNotReject(cut.bytes(0));
    await cut.close();
    await indexed(tarHeader({ name: "b.png", size: "00000003000\0" }), end);
    const short = tarEntries((await listTars([path], takes)).manifest);
    await assert.rejects(short.bytes(0), { name: "BrokenSample", message: /ends early/ });
    await short.close();
    // The last entry is cut off, and of a kind that is left out: what is missing is said all the same.
    const ended = tarHeader({ name: "a.json", size: "00000000030\0" });
    assert.deepEqual(await indexed(...good, ended, Buffer.from("{")), ["a.png,a.json", damaged]);
    const { leftOut } = await listTars([path], takes);
    assert.match(
      leftOut.map(({ advice }) => advice).join(),
      /x\.tar: it ends within a\.json, whose header is at byte 1024/,
    );
    for (const name of ["/etc/passwd.png", "../x.png", "a/../../x.png", "C:\\x.png"])
      assert.deepEqual(await indexed(...good, tarHeader({ name }), end), [
        "a.png",
        "with a path that leads out of the archive",
      ]);
    const records = (text: string) => [
      tarHeader({ name: "p", type: "x", size: `${text.length.toString(8).padStart(11, "0")}\0` }),
      Buffer.from(text.padEnd(512, "\0")),
    ];
    assert.deepEqual(await indexed(...records("15 path=l/n.png\n".replace("15", "16")), ...good, end), ["l/n.png", ""]);
    for (const text of ["99 path=l/n.png\n", "0 path=x\n", "x\n", "-5 path=x\n", "10 size=ab\n", "12 size=-12\n"])
      assert.deepEqual((await indexed(...good, ...records(text), ...good, end))[1], damaged, text);
    assert.deepEqual(await indexed(...good, end, ...good), ["a.png", "archives behind the end of another"]);
    assert.deepEqual(await indexed(...good, Buffer.from("rest".repeat(200))), ["a.png", damaged]);
    const longer = tarHeader({ type: "L", size: "77777777777\0" });
    assert.deepEqual(await indexed(...good, longer), ["a.png", damaged]);
    await assert.rejects(
      indexed(Buffer.from("no archive ".repeat(100))),
      says(/x\.tar: not a readable tar archive \(no header\)/),
    );
    await assert.rejects(indexed(Buffer.alloc(100)), says(/ends within a header/));
    await writeFile(join(folder, "y.tgz"), gzipSync(Buffer.concat(good)).subarray(0, 40));
    await assert.rejects(listTars([join(folder, "y.tgz")], takes), says(/y\.tgz: not a complete gzip file/));
  }));

const name = fc
  .array(fc.stringMatching(/^[a-zé]{1,60}$/), { minLength: 1, maxLength: 5 })
  .map((parts) => `${parts.join("/")}.png`);

test("what tar-stream packs is found where it is", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.tar");
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.uint8Array({ maxLength: 2000 }), { noNullPrototype: true }),
        async (files) => {
          await writeFile(path, await tarOf(files));
          const { members, others } = indexOfTar(path);
          assert.deepEqual(others, []);
          const whole = await readFile(path);
          const found = Object.fromEntries(
            members.map((one) => [one.name, whole.subarray(one.offset, one.offset + one.size)]),
          );
          assert.deepEqual(Object.keys(found).sort(), Object.keys(files).sort());
          for (const [at, bytes] of Object.entries(files))
            assert.deepEqual(Buffer.from(bytes), Buffer.from(found[at]!));
        },
      ),
      { numRuns: 60 },
    );
  }));

test("a damaged archive is a list of fewer files, or one line", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.tar");
    const whole = await tarOf({ "a.png": "one", [`${"d".repeat(120)}/b.png`]: "two", "c.png": Buffer.alloc(3000, 1) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        async (changes, cut) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          await writeFile(path, bytes.subarray(0, cut));
          const found = await listTars([path], takes).catch((error: unknown) => {
            if (!(error instanceof UserError)) throw error;
            assert.match(error.message, /^[^\n]+$/);
            return undefined;
          });
          if (!found) return;
          const entries = tarEntries(found.manifest);
          for (const index of entries.names.keys())
            await entries.bytes(index).catch((error: unknown) => assert.equal((error as Error).name, "BrokenSample"));
          await entries.close();
        },
      ),
      { numRuns: 150 },
    );
  }));
