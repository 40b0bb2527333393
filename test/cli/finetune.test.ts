import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const fine = (...args: string[]) => {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
};

test("fine-tuning learns the classes, resumes after kill -9 bit for bit, and reports mistakes", async () => {
  await inFolder(async (folder) => {
    const data = join(folder, "data");
    const paths = await writeImages(data, 24, 3);
    const run = join(folder, "run");
    fine("pretrain", data, "--out", run, ...TINY);
    const options = [
      "--train",
      data,
      "--epochs",
      "6",
      "--batch-size",
      "8",
      "--workers",
      "1",
      "--checkpoint-every",
      "3",
    ];
    const whole = join(folder, "whole");
    const result = JSON.parse(fine("finetune", run, ...options, "--test", data, "--out", whole, "--json"));
    assert.ok(result.verdict.measures.accuracy > 0.9, JSON.stringify(result.verdict.measures));
    assert.equal(result.verdict.perClass.length, 3);
    assert.ok(existsSync(join(whole, "verdict.json")));

    // Killed before the first step, and after the first validation.
    for (const sign of ["config.json", "checkpoints/best.json"]) {
      const cut = join(folder, `cut at ${sign.replace("/", " ")}`);
      const child = spawn(process.execPath, [main, "finetune", run, ...options, "--out", cut], { stdio: "ignore" });
      const ended = new Promise((done) => child.on("exit", done));
      while (!existsSync(join(cut, sign))) await new Promise((done) => setTimeout(done, 5));
      child.kill("SIGKILL");
      await ended;
      fine("finetune", "--resume", cut);
      for (const name of ["last", "best"]) {
        const bytes = (at: string) => readFile(join(at, "checkpoints", `${name}.safetensors`));
        assert.ok((await bytes(cut)).equals(await bytes(whole)), `${sign}: ${name}`);
      }
    }

    // A run like any other: its encoder embeds data.
    const labels = join(folder, "labels.csv");
    const rows = paths.map((path, at) => `${path.slice(data.length + 1)},${at < 24 ? "red|warm" : "cold"}`);
    await writeFile(labels, `path,label\n${rows.join("\n")}\n`);
    const several = [
      "--train",
      data,
      "--train-labels",
      labels,
      "--task",
      "multi-label",
      "--epochs",
      "2",
      "--workers",
      "1",
    ];
    const said = fine(
      "finetune",
      run,
      ...several,
      "--out",
      join(folder, "labels"),
      "--test",
      data,
      "--test-labels",
      labels,
    );
    assert.match(said, /mean average precision +[01]\.\d+/);
    const changed = rows.map((row, at) => (at === 3 ? row.replace("red|warm", "cold") : row));
    await writeFile(labels, `path,label\n${changed.join("\n")}\n`);
    const onOthers = autodidact("finetune", "--resume", join(folder, "labels"));
    assert.equal(onOthers.code, 2);
    assert.match(onOthers.stderr, /not the labels that .* began with/);
    const lora = ["--lora-rank", "2", "--out", join(folder, "lora")];

    const refused = (pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = autodidact("finetune", ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, pattern);
      assert.doesNotMatch(stderr, /\n {4}at /);
    };
    refused(/--train is missing/, run);
    refused(/there is a run already/, run, ...options, "--out", whole);
    refused(/this encoder has none/, run, ...options, ...lora);
    refused(/"class0" is not a number/, run, ...options, "--task", "regression", "--out", join(folder, "x"));
    refused(/no labels/, run, "--train", join(data, "class0"), "--out", join(folder, "x"));
    refused(/not a fine-tuned run/, "--resume", run);
    refused(/leave out .*run/, run, "--resume", whole);
    refused(/leave out --epochs/, "--resume", whole, "--epochs", "9");
    refused(/leave out --task/, "--resume", whole, "--task", "similarity");
    refused(/500 labels were asked for/, run, ...options, "--label-count", "500", "--out", join(folder, "x"));
    refused(/must be a share/, run, ...options, "--validation", "2", "--out", join(folder, "x"));
    const { code, stderr } = autodidact("pretrain", data, "--resume", whole);
    assert.equal(code, 2);
    assert.match(stderr, /autodidact finetune --resume/);
  });
});

test("regression, similarity, multi-task training and pseudo-labels each train to the end", async () => {
  await inFolder(async (folder) => {
    const data = join(folder, "data");
    const paths = await writeImages(data, 16, 3);
    const run = join(folder, "run");
    fine("pretrain", data, "--out", run, ...TINY);
    const labels = join(folder, "labels.csv");
    const some = paths.filter((_, at) => at % 2 === 0).map((path) => path.slice(data.length + 1));
    await writeFile(labels, `path,label\n${some.map((path) => `${path},${path.at(5)}.5`).join("\n")}\n`);
    const flags = ["--train", data, "--train-labels", labels, "--epochs", "3", "--workers", "1", "--json"];
    const trained = (name: string, ...args: string[]) =>
      JSON.parse(
        fine("finetune", run, ...flags, ...args, "--out", join(folder, name), "--test", data, "--test-labels", labels),
      ).verdict;
    assert.ok(trained("values", "--task", "regression").measures.r2 > 0.5);
    const top = autodidact("predict", join(folder, "values"), data, "--out", join(folder, "x.csv"), "--top", "3");
    assert.deepEqual(
      [top.code, /top 3: for classification only; .* predicts a value/.test(top.stderr)],
      [2, true],
      top.stderr,
    );
    assert.ok(trained("likeness", "--task", "similarity").measures.recallAtOne > 0.8);
    assert.ok(trained("joint", "--with", "simclr:0.3", "--projection-dim", "8").measures.accuracy > 0.8);
    assert.ok(trained("guessed", "--with", "fixmatch", "--balanced").measures.accuracy > 0.8);
    const config = JSON.parse(await readFile(join(folder, "joint", "config.json"), "utf8"));
    assert.equal(config.method.name, "supervised+simclr:0.3");
    assert.deepEqual([config.supervision.unlabelled, config.data.entries], [true, 48]);
    assert.equal(config.method.options.projectionDim, 8);

    // The run's kind of data has options here, too, and samples are mixed.
    const mixing = ["--scratch", "--mixup", "0.2", "--cutmix", "1", "--strong-views", "--rand-augment", "2"];
    assert.ok(trained("mixed", ...mixing, "--rand-magnitude", "3,6").measures.accuracy >= 0);
    const { method, modality } = JSON.parse(await readFile(join(folder, "mixed", "config.json"), "utf8"));
    assert.deepEqual([method.options.mixup, method.options.cutmix, method.options.strongViews], [0.2, 1, true]);
    assert.deepEqual([modality.options.randAugment, modality.options.randMagnitude], [2, [3, 6]]);
    const refused = autodidact(
      "finetune",
      run,
      ...flags,
      "--task",
      "similarity",
      "--mixup",
      "1",
      "--out",
      join(folder, "y"),
    );
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /--task similarity has none that can be mixed/);
  });
});

test("bad labels, test data and options are refused before training", async () => {
  await inFolder(async (folder) => {
    const data = join(folder, "data");
    const paths = await writeImages(data, 8, 3);
    const run = join(folder, "run");
    fine("pretrain", data, "--out", run, ...TINY);
    const out = join(folder, "out");
    const refused = (pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = autodidact("finetune", run, "--train", data, "--out", out, ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, pattern);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      assert.ok(!existsSync(out));
    };
    const others = join(folder, "others");
    await writeImages(others, 2, 4);
    refused(/"class3" is not among the labels of the training data: class0, class1/, "--test", others);
    refused(/none: /, "--test", join(folder, "none"));
    refused(/no labels/, "--test", join(data, "class0"));
    const table = join(folder, "labels.csv");
    const label = async (of: (at: number) => string) => {
      const rows = paths.map((path, at) => `${path.slice(data.length + 1)},${of(at)}`);
      await writeFile(table, `path,label\n${rows.join("\n")}\n`);
      return ["--train-labels", table];
    };
    refused(/every training label is "same"/, ...(await label(() => "same")));
    refused(
      /balanced does nothing with --task regression/,
      ...(await label(String)),
      "--task",
      "regression",
      "--balanced",
    );
    refused(/supervised and fixmatch both learn from labels/, "--with", "fixmatch:0.3");
    refused(/--threshold is an option of method fixmatch/, "--with", "simclr", "--threshold", "0.5");
    refused(/--label-smoothing 1: must be a number of at least 0 and below 1/, "--label-smoothing", "1");

    // Labels without meaning: the score comes from the validation samples with their labels.
    const random = await label((at) => String((at * 7919) % 5 < 2));
    const small = ["--epochs", "1", "--workers", "1", "--validation", "0.5"];
    const likeness = autodidact(
      "finetune",
      run,
      "--train",
      data,
      "--out",
      out,
      ...small,
      ...random,
      "--task",
      "similarity",
    );
    assert.equal(likeness.code, 0, likeness.stderr);
    const recalls = [...likeness.stderr.matchAll(/recallAtOne (\d\.\d+)/g)].map(([, value]) => Number(value));
    assert.ok(recalls.length > 1 && recalls.every((recall) => recall < 1), String(recalls));
    assert.match(likeness.stdout, /next: autodidact embed/);

    // A broken validation sample is named once and left out of the score.
    for (const path of paths.filter((_, at) => at % 3 === 0)) await writeFile(path, "broken");
    const judged = autodidact("finetune", run, "--train", data, "--out", join(folder, "broken"), ...small);
    assert.equal(judged.code, 0, judged.stderr);
    const named = [...judged.stderr.matchAll(/(class\S+): .*one validation sample fewer/g)].map(([, name]) => name);
    assert.ok(named.length > 0 && new Set(named).size === named.length, judged.stderr);
  });
});
