import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { printable, printableJson, printableLines } from "../../src/foundation/printable.ts";
import { autodidact, inFolder, writeImages } from "../support/cli.ts";

/** What a terminal obeys, but the line breaks of our own lines. */
const OBEYED = /[\p{Control}\u2028-\u202e\u2066-\u2069]/u;
const isHarmless = (text: string) => !OBEYED.test(text.replaceAll("\n", ""));

test("a name is printed on one line, without anything that a terminal obeys; its letters stay", () => {
  assert.equal(
    printable("a\u001b[2J\u009b1m\u202egnp\r\n.exe\t\ud800"),
    "a\\x1b[2J\\x9b1m\\u202egnp\\r\\n.exe\\t\\ud800",
  );
  const kept = "\u00e9t\u00e9 \u672c \u05e9\u05dc\u05d5\u05dd 👩‍👩‍👧 \\x1b";
  assert.equal(printable(kept), kept);
  assert.equal(printableLines("a\n\tb\u0007"), "a\n\tb\\x07");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.ok(!OBEYED.test(printable(text)));
      const json = printableJson(JSON.stringify({ [text]: text }, null, 2));
      assert.ok(isHarmless(json));
      assert.deepEqual(JSON.parse(json), { [text]: text });
    }),
  );
});

test("names with control characters reach neither the terminal nor a JSON reader raw", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 3);
    const wild = join(data, "\u001b[31mred\u202e");
    await mkdir(wild);
    await writeFile(join(wild, "bro\u001b[2Jken\nname\u0007.png"), "no image");
    const info = autodidact("info", data);
    assert.equal(info.code, 0, info.stderr);
    assert.ok(isHarmless(info.stdout), info.stdout);
    assert.match(info.stdout, /\\x1b\[31mred\\u202e\/bro\\x1b\[2Jken\\nname\\x07\.png: not a decodable image/);
    const json = autodidact("info", data, "--json");
    assert.ok(isHarmless(json.stdout));
    assert.ok(JSON.parse(json.stdout).broken[0].name.startsWith("\u001b[31mred\u202e/"));
    const refused = autodidact("info", join(folder, "none\u001b[31m\n"));
    assert.equal(refused.code, 2);
    assert.ok(isHarmless(refused.stderr), refused.stderr);
    assert.match(refused.stderr, /none\\x1b\[31m/);
  }));

test("commands print through output.ts and progress.ts alone", async () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const files = (await readdir(root, { recursive: true })).filter(
    (name) => /^cli\/|\/commands\//.test(name) && name.endsWith(".ts"),
  );
  assert.ok(files.length > 20);
  for (const name of files.filter((one) => !/^cli\/(output|progress)\.ts$/.test(one))) {
    const text = await readFile(join(root, name), "utf8");
    assert.doesNotMatch(text, /process\.std(out|err)\.write|console\.(log|info|warn)/, name);
  }
});
