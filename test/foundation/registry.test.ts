import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { registry } from "../../src/foundation/registry.ts";
import { methods } from "../../src/methods/index.ts";
import { inFolder } from "../support/cli.ts";

const fruit = registry("fruit", { apple: async () => ({ apple: { kind: "fruit", name: "apple" } }) });
const quince = 'export const quince = { kind: "fruit", name: "quince" };';

test("a name is a built-in entry, a path a user's file, whose code runs only through load", () =>
  inFolder(async (folder) => {
    const path = join(folder, "quince + 1 %.mjs");
    await writeFile(path, `globalThis.quinces = (globalThis.quinces ?? 0) + 1;\n${quince}`);
    assert.equal((await fruit.stored("apple")).name, "apple");
    assert.equal((await fruit.load("apple")).name, "apple");
    await assert.rejects(fruit.stored(path), { name: "UserError", message: /^the fruit is code in a file, .*trust/ });
    assert.ok(!("quinces" in globalThis));
    assert.equal((await fruit.load(path)).name, "quince");
    assert.ok("quinces" in globalThis);
    assert.equal((await fruit.stored(path)).name, "quince", "the user has named this file in this process");
  }));

test("anything else is refused in one line", () =>
  inFolder(async (folder) => {
    const empty = join(folder, "empty.mjs");
    await writeFile(empty, "");
    const refused = (name: string, message: RegExp) => assert.rejects(fruit.load(name), { name: "UserError", message });
    await refused("appel", /^unknown fruit "appel" \(did you mean apple\?\); there are: apple$/);
    await refused("toString", /^unknown fruit "toString"/);
    await refused(empty, /empty\.mjs: exports no fruit$/);
    await refused(join(folder, "none.mjs"), /none\.mjs: could not be loaded as a fruit \(.*\)$/);
  }));

test("a combination in a run folder may name built-in methods only", async () => {
  assert.equal((await methods.stored("rotation+simclr:0.5")).name, "rotation+simclr:0.5");
  const message = /^the method is code in a file, \.\/mine\.ts/;
  await assert.rejects(methods.stored("rotation+./mine.ts:0.5"), { name: "UserError", message });
});

test("in a browser names work, and a path is refused", async (t) => {
  // What a browser lacks.
  t.mock.property(process, "getBuiltinModule", undefined);
  assert.equal((await methods.load("rotation+simclr:0.5")).name, "rotation+simclr:0.5");
  const message = "./mine.ts: a fruit is loaded by its file's path in Node.js only";
  await assert.rejects(fruit.load("./mine.ts"), { name: "UserError", message });
});
