import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { filesOf } from "../../../src/data/files/collection.ts";
import { inFolder } from "../../support/cli.ts";

test("files that lie in one are read by their places; one that is cut off is broken", () =>
  inFolder(async (folder) => {
    const path = join(folder, "all");
    await writeFile(path, "onethree");
    const manifest = { kind: "ranges", path, names: ["a", "b", "c"], starts: Float64Array.of(0, 3, 3, 8) } as const;
    const files = filesOf(structuredClone(manifest));
    const text = async (index: number) => Buffer.from(await files.bytes(index)).toString();
    assert.deepEqual([files.names, await text(2), await text(0), await text(1)], [["a", "b", "c"], "three", "one", ""]);
    const contents = await files.contents();
    assert.match(contents, /^[\da-f]{16}$/);
    assert.notEqual(await filesOf({ ...manifest, starts: Float64Array.of(0, 2, 3, 8) }).contents(), contents);
    await truncate(path, 7);
    await assert.rejects(files.bytes(2), { name: "BrokenSample", message: /ends early/ });
    assert.equal(await text(0), "one");
    await files.close();
    await assert.rejects(filesOf({ ...manifest, path: join(folder, "gone") }).bytes(0), { name: "BrokenSample" });
  }));
