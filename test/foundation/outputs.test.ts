import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  claimFolder,
  outputsAmong,
  outputsIn,
  refuseForeignFolder,
  writeOutput,
} from "../../src/foundation/outputs.ts";
import { inFolder } from "../support/cli.ts";

test("a folder is written to when it is missing, empty, or ours of the same kind", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await claimFolder(at("new/run"), "run");
    await claimFolder(at("new/run"), "run");
    await mkdir(at("empty"));
    await writeFile(join(at("empty"), ".DS_Store"), "");
    await claimFolder(at("empty"), "model");
    await assert.rejects(claimFolder(at("empty"), "run"), /empty: holds a model, and this command writes a run/);

    for (const name of ["tokenizer.json", "lock", "notes.123.tmp", "checkpoints/last.safetensors", ".git/config"]) {
      const foreign = at(`foreign-${name.replaceAll("/", "-")}`);
      await mkdir(join(foreign, name, ".."), { recursive: true });
      await writeFile(join(foreign, name), "mine");
      const message =
        /foreign-.*: not empty, and no run in it \(but "(tokenizer\.json|lock|notes\.123\.tmp|checkpoints|\.git)"\)/;
      await assert.rejects(claimFolder(foreign, "run"), { name: "UserError", message });
      assert.equal(await readFile(join(foreign, name), "utf8"), "mine");
      assert.equal((await readdir(foreign)).length, 1);
    }
    await writeFile(at("file"), "");
    await assert.rejects(claimFolder(at("file"), "run"), { name: "UserError" });
  }));

test("a folder of ours is told without its notes, too, and a foreign config.json tells nothing", () =>
  inFolder(async (folder) => {
    const [run, model] = [join(folder, "run"), join(folder, "model")];
    await mkdir(run);
    await mkdir(model);
    await writeFile(
      join(run, "config.json"),
      '{"version": 4, "data": {}, "encoder": {}, "method": {}, "training": {}}',
    );
    assert.equal(await refuseForeignFolder(run, "run"), true);
    await writeFile(join(model, "config.json"), '{"model_type": "bert"}');
    await writeFile(join(model, "model.onnx"), "");
    await assert.rejects(refuseForeignFolder(model, "model"), /not empty, and no model in it/);
  }));

test("a file is replaced when we wrote it and nobody has changed it since", () =>
  inFolder(async (folder) => {
    const file = join(folder, "look.png");
    await writeOutput(file, ["one"]);
    await writeOutput(file, ["two"]);
    assert.deepEqual([...(await outputsIn(folder, await readdir(folder)))], ["look.png"]);
    await writeFile(file, "two, and what I think of it");
    await assert.rejects(writeOutput(file, ["three"]), /look\.png: exists, and .* changed since: it would be lost/);
    assert.equal(await readFile(file, "utf8"), "two, and what I think of it");
    // It is the user's now, and data like any other.
    assert.deepEqual([...(await outputsIn(folder, await readdir(folder)))], []);
    await writeFile(join(folder, "mine.csv"), "path,label\n");
    await assert.rejects(writeOutput(join(folder, "mine.csv"), ["x"]), { name: "UserError" });
    await rename(join(folder, "mine.csv"), file);
    await assert.rejects(writeOutput(file, ["three"]), { name: "UserError" });
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  }));

test("a file that appears while ours is being written is not replaced", () =>
  inFolder(async (folder) => {
    const file = join(folder, "table.csv");
    const parts = (function* () {
      yield "path\n";
    })();
    await writeFile(file, "the user's, just now");
    await assert.rejects(writeOutput(file, parts), { name: "UserError" });
    assert.equal(await readFile(file, "utf8"), "the user's, just now");
  }));

test("folders of ours in an archive are told by their names", () => {
  const names = [
    "photos/1.png",
    "photos/run/.autodidact/kind.json",
    "photos/run/look.png",
    "photos/old/config.json",
    "photos/old/checkpoints/last.safetensors",
    "photos/old/look.png",
    "photos/.autodidact/files/sheet.png.json",
    "photos/sheet.png",
    "photos/checkpoints/last.safetensors.png",
  ];
  const isOutput = outputsAmong(names);
  assert.deepEqual(
    names.filter((name) => name.endsWith(".png") && !isOutput(name)),
    ["photos/1.png", "photos/checkpoints/last.safetensors.png"],
  );
});

test("a device or a pipe is not replaced by a file", { skip: process.platform === "win32" }, () =>
  inFolder(async (folder) => {
    const pipe = join(folder, "vectors.parquet");
    spawnSync("mkfifo", [pipe]);
    await assert.rejects(writeOutput(pipe, ["x"]), { name: "UserError", message: /a device or a pipe/ });
    assert.ok((await stat(pipe)).isFIFO());
    assert.deepEqual(await readdir(folder), ["vectors.parquet"]);
  }),
);
