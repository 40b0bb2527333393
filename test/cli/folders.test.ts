/** Other people's folders and files: what commands write to, what they take for data, and what a resumed run accepts. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const cases = fileURLToPath(new URL("../../../shared/cases", import.meta.url));
const TEXT = "--method bert --preset small --epochs 1 --vocabulary-size 60 --workers 1".split(" ");

function fine(...args: string[]): string {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, `${args.join(" ")}\n${ended.stderr}`);
  return ended.stdout;
}

function refused(message: RegExp, ...args: string[]): void {
  const { code, stderr } = autodidact(...args);
  assert.equal(code, 2, `${args.join(" ")}\n${stderr}`);
  assert.match(stderr, message);
}

/** Everything below a folder, with its contents. */
async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      found[join(entry.parentPath, entry.name)] = await readFile(join(entry.parentPath, entry.name), "latin1");
  return found;
}

const count = (data: string): number => JSON.parse(fine("info", data, "--json")).entries;

test("commands leave the user's folders and files alone, and write over their own", { timeout: 300_000 }, () =>
  inFolder(async (folder) => {
    const at = (...names: string[]) => join(folder, ...names);
    const [data, run, mine] = [at("a", "train"), at("run"), at("mine")];
    await writeImages(data, 8);
    fine("pretrain", data, "--out", run, ...TINY);
    for (const name of [
      "tokenizer.json",
      "metrics.jsonl",
      "checkpoints/last.safetensors",
      "lock",
      "notes.123.tmp",
      "model.onnx",
      "report.json",
      "photo.png",
      "table.parquet",
      "table.csv",
      "table.png",
    ]) {
      await mkdir(join(mine, name, ".."), { recursive: true });
      await writeFile(join(mine, name), "mine");
    }
    const before = await contents(mine);
    await writeImages(at("unseen"), 4, 2, 20);
    const pair = ["--train", data, "--test", at("unseen")];
    for (const args of [
      ["pretrain", data, ...TINY],
      ["finetune", run, "--train", data, "--steps", "2"],
      ["distill", run, data, "--into", "resnet-8:width=4", "--epochs", "1"],
      ["prune", run, "--keep", "0.5"],
      ["prune", run, "--keep", "0.5", "--recover-epochs", "1"],
      ["export", run],
      ["quantize", run],
      ["report", run, ...pair, "--steps", "2"],
    ])
      refused(/mine: not empty, and no (run|model|report) in it \(but "checkpoints"\)/, ...args, "--out", mine);
    for (const [file, ...args] of [
      ["photo.png", "look", run],
      ["table.parquet", "embed", run, data],
      ["table.csv", "suggest", run, data, "--budget", "2"],
      ["table.csv", "duplicates", run, data],
      // The sheet beside the table would be written over.
      ["new.csv", "duplicates", run, data],
      ["tokenizer.json", "text", "tokenize", at("texts.txt")],
    ] as const) {
      if (file === "new.csv") await writeFile(join(mine, "new.png"), "mine");
      await writeFile(at("texts.txt"), "one two three one two three\n".repeat(20));
      refused(/mine\/\w+\.\w+: exists, and was not written by autodidact/, ...args, "--out", join(mine, file));
      await rm(join(mine, "new.png"), { force: true });
    }
    assert.deepEqual(await contents(mine), before);

    for (const args of [
      ["look", run],
      ["look", run, "--out", at("look.png")],
      ["embed", run, data, "--out", at("vectors.parquet")],
      ["duplicates", run, data, "--out", at("same.csv")],
      ["export", run, "--out", at("model")],
    ])
      for (let time = 0; time < 2; time++) fine(...args);

    // Two sets of one name do not meet.
    const other = at("b", "train");
    await writeImages(other, 8);
    const inside = { cwd: folder, encoding: "utf8" } as const;
    const first = spawnSync(process.execPath, [main, "pretrain", data, ...TINY], inside);
    assert.equal(first.status, 0, first.stderr);
    const second = spawnSync(process.execPath, [main, "pretrain", other, ...TINY], inside);
    assert.equal(second.status, 2);
    assert.match(second.stderr, /runs\/train: there is a run already, on .*\/a\/train; continue it with --resume/);
  }),
);

test("a run and our files inside its data are no data", { timeout: 300_000 }, () =>
  inFolder(async (folder) => {
    const [data, texts] = [join(folder, "data"), join(folder, "texts")];
    await writeImages(data, 8);
    const run = join(data, "class0", "run");
    fine("pretrain", data, "--out", run, ...TINY, "--epochs", "2");
    fine("look", run);
    fine("look", run, "--out", join(data, "class1", "look.png"));
    await writeImages(join(folder, "unseen"), 4, 2, 20);
    fine(
      "report",
      run,
      "--train",
      data,
      "--test",
      join(folder, "unseen"),
      "--steps",
      "2",
      "--draws",
      "1",
      "--shares",
      "100",
      "--no-finetune",
      "--no-scratch",
      "--out",
      join(data, "report"),
    );
    fine("export", run, "--out", join(data, "model"));
    fine("suggest", run, data, "--budget", "2", "--out", join(data, "next.csv"));
    assert.equal(count(data), 16);
    assert.match(autodidact("pretrain", "--resume", run).stderr, /is finished/);

    const archived = Object.entries(await contents(data)).map(([path, bytes]) => [
      path.slice(data.length + 1),
      Buffer.from(bytes, "latin1"),
    ]);
    await writeFile(join(folder, "data.zip"), zipSync(Object.fromEntries(archived)));
    assert.equal(count(join(folder, "data.zip")), 16);

    await mkdir(texts);
    for (let index = 0; index < 30; index++)
      await writeFile(
        join(texts, `${index}.txt`),
        `this is note ${index} about thing ${index} and how it works in the house`,
      );
    const inner = join(texts, "run");
    fine("pretrain", texts, "--out", inner, ...TEXT);
    fine("embed", inner, texts, "--out", join(texts, "vectors.parquet"));
    assert.equal(count(texts), 30);
    assert.match(autodidact("pretrain", "--resume", inner).stderr, /is finished/);
  }),
);

test("a table of labels inside a folder of texts is no text", { timeout: 120_000 }, (context) => {
  const folder = join(cases, "text-with-labels-inside");
  if (!existsSync(folder)) return context.skip(`no cases at ${cases}`);
  assert.equal(count(folder), 30);
  const labelled = JSON.parse(fine("info", folder, "--labels", join(folder, "labels.csv"), "--json"));
  assert.deepEqual([labelled.entries, labelled.unlabelled, labelled.classes.length], [30, 0, 2]);
});

test(
  "--resume takes the data's contents at their word: a copy goes on, others of the same names do not",
  { timeout: 300_000 },
  () =>
    inFolder(async (folder) => {
      const [data, run] = [join(folder, "data"), join(folder, "run")];
      await writeImages(data, 8);
      fine("pretrain", data, "--out", run, ...TINY);
      await cp(data, join(folder, "copy"), { recursive: true });
      assert.match(autodidact("pretrain", "--resume", run, join(folder, "copy")).stderr, /is finished/);
      const [one, two, aside] = [join(data, "class0", "1.png"), join(data, "class1", "2.png"), join(folder, "x")];
      await rename(one, aside);
      await rename(two, one);
      await rename(aside, two);
      refused(/the names are the same, but what is in them has changed since/, "pretrain", "--resume", run);

      for (const [name, ...rows] of [
        ["lines.txt", "one two three", "four five six"],
        ["table.csv", "text,label", "one two three,a", "four five six,b"],
        ["rows.jsonl", '{"text": "one two three"}', '{"text": "four five six"}'],
      ] as const) {
        const [file, out] = [join(folder, name), join(folder, `${name}-run`)];
        const head = name === "table.csv" ? rows.slice(0, 1) : [];
        const body = Array.from({ length: 20 }, () => rows.slice(head.length)).flat();
        await writeFile(file, `${[...head, ...body].join("\n")}\n`);
        fine(
          "pretrain",
          file,
          "--out",
          out,
          ...TEXT.slice(0, 6),
          "--vocabulary-size",
          "40",
          "--workers",
          "1",
          "--batch-size",
          "2",
        );
        assert.match(autodidact("pretrain", "--resume", out).stderr, /is finished/);
        await writeFile(file, `${[...head, ...body.toReversed()].join("\n")}\n`);
        refused(/not the data of .*: the names are the same/, "pretrain", "--resume", out);
      }
    }),
);

test("a hang-up saves as Ctrl-C does", { timeout: 120_000 }, () =>
  inFolder(async (folder) => {
    const [data, run] = [join(folder, "data"), join(folder, "run")];
    await writeImages(data, 8);
    for (const signal of ["SIGHUP", "SIGTERM"] as const) {
      const out = `${run}-${signal}`;
      const args = [main, "pretrain", data, "--out", out, ...TINY, "--epochs", "10000"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
      let stderr = "";
      child.stderr.on("data", (text) => {
        stderr += String(text);
      });
      const ended = new Promise((done) => child.on("close", done));
      while (!/step \d/.test(stderr) && child.exitCode === null) await new Promise((done) => setTimeout(done, 10));
      child.kill(signal);
      assert.equal(await ended, 130, stderr);
      assert.match(stderr, /stopped at step \d+, saved; continue with: autodidact pretrain --resume/);
      assert.ok(existsSync(join(out, "checkpoints", "last.safetensors")));
    }
  }),
);

test(
  "a picture that the disk does not give ends the run, saved; nothing is skipped",
  { skip: process.platform !== "linux", timeout: 120_000 },
  () =>
    inFolder(async (folder) => {
      const data = join(folder, "data");
      await writeImages(data, 8);
      await rm(join(data, "class0", "0.png"));
      // Address 0 of a process is not there to be read: EIO.
      await symlink("/proc/self/mem", join(data, "class0", "0.png"));
      refused(
        /class0\/0\.png: could not be read \(.*EIO.*\), 7 times in three seconds/,
        "pretrain",
        data,
        "--out",
        join(folder, "run"),
        ...TINY,
      );
    }),
);

test(
  "a temporary folder that cannot be written is named, not the data",
  { skip: process.platform !== "linux", timeout: 120_000 },
  () =>
    inFolder(async (folder) => {
      const file = join(folder, "texts.csv");
      await writeFile(file, `text\n${"one two three\n".repeat(20)}`);
      const ended = spawnSync(process.execPath, [main, "info", file], {
        encoding: "utf8",
        env: { ...process.env, TMPDIR: "/proc" },
      });
      assert.equal(ended.status, 2);
      assert.match(ended.stderr, /^autodidact: \/proc: the temporary folder could not be written \(.*TMPDIR=\/path\n$/);
    }),
);
