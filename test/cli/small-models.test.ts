import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Runs until the file exists, then presses Ctrl-C. @returns exit code and standard error */
async function interrupted(file: string, ...args: string[]): Promise<[code: unknown, stderr: string]> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += String(text);
  });
  const ended = new Promise((done) => child.on("close", done));
  while (!existsSync(file) && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
  child.kill("SIGINT");
  return [await ended, stderr];
}

/** The message when it stops, with the command that continues it. */
const stopped = (command: string, run: string) =>
  new RegExp(`\\nautodidact: stopped at step \\d+, saved; continue with: autodidact ${command} --resume ${run}\\n$`);

/** The output of a command that must succeed. */
function fine(...args: string[]): string {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
}

test("quantize writes both models, reports size, latency and accuracy, and refuses --train without --test", async () => {
  await inFolder(async (folder) => {
    const [data, run, to] = [join(folder, "data"), join(folder, "run"), join(folder, "model")];
    const paths = await writeImages(data, 8);
    fine("pretrain", data, "--out", run, ...TINY);
    const [flat, csv, unseen] = [join(folder, "flat"), join(folder, "labels.csv"), join(folder, "unseen")];
    await writeImages(unseen, 4);
    await mkdir(flat);
    for (const [index, path] of paths.entries()) await copyFile(path, join(flat, `${index}.png`));
    await writeFile(csv, `path,label\n${paths.map((_, index) => `${index}.png,class${index % 2}`).join("\n")}\n`);
    const labels = ["--train", data, "--test", unseen];
    const table = fine("quantize", run, "--out", to, "--static", "--samples", "8", ...labels);
    assert.match(table, /size +batch 1 +batch 64 +kNN, k = 20 +linear probe/);
    assert.match(table, /float32 +\d\.\d\d MB/);
    assert.match(table, /int8, static +\d\.\d\d MB \(\d+ %\)/);
    const { models, files } = JSON.parse(fine("quantize", run, "--out", to, "--json"));
    assert.deepEqual(
      models.map(({ name }: { name: string }) => name),
      ["float32", "int8, dynamic"],
    );
    assert.ok(models[1].bytes < models[0].bytes && models[1].latency64 > 0 && !("linear" in models[0]));
    assert.ok(files.includes("onnx/model_quantized.onnx"));
    assert.equal((await stat(join(to, "onnx", "model_quantized.onnx"))).size, models[1].bytes);
    assert.match(await readFile(join(to, "README.md"), "utf8"), /dtype: "q8"/);
    // A stale int8 model would be loaded with the new float32 one.
    fine("export", run, "--out", to);
    await assert.rejects(stat(join(to, "onnx", "model_quantized.onnx")), /ENOENT/);
    for (const [option, value] of [
      ["--percentile", "99"],
      ["--calibrate", data],
    ] as const) {
      const loose = autodidact("quantize", run, "--out", to, option, value);
      assert.deepEqual([loose.code, loose.stderr], [2, `autodidact: ${option} needs --static\n`]);
    }
    const apart = ["--train", flat, "--train-labels", csv, "--test", unseen];
    assert.ok("linear" in JSON.parse(fine("quantize", run, "--out", to, ...apart, "--json")).models[1]);
    const lone = autodidact("quantize", run, "--out", to, "--test-labels", csv);
    assert.deepEqual([lone.code, lone.stderr], [2, "autodidact: --test-labels needs --test\n"]);
    const half = autodidact("quantize", run, "--out", to, "--train", data);
    assert.deepEqual([half.code, half.stderr], [2, "autodidact: --train needs --test\n"]);
  });
});

test("distill trains a smaller encoder, evaluates both, and lists the sizes", async () => {
  await inFolder(async (folder) => {
    const [data, run, out] = [join(folder, "data"), join(folder, "run"), join(folder, "small")];
    await writeImages(data, 8);
    fine("pretrain", data, "--out", run, ...TINY);
    const common = [data, "--epochs", "1", "--batch-size", "8", "--workers", "0"];
    const into = ["--into", "vit-tiny:width=8,depth=1,heads=2,patchSize=8"];
    const { models, step } = JSON.parse(fine("distill", run, ...common, ...into, "--out", out, "--json"));
    assert.deepEqual([models.map(({ name }: { name: string }) => name), step], [["teacher", "student"], 2]);
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    assert.deepEqual([config.method.name, config.encoder.name, config.encoder.options.width], ["distill", "vit", 8]);
    assert.equal(config.modality.options.imageSize, 16);
    const wrong = autodidact("distill", run, ...common, "--into", "vit-huge", "--out", join(folder, "other"));
    assert.deepEqual(
      [wrong.code, wrong.stderr],
      [2, "autodidact: --into vit-huge: size huge must be one of tiny, small, base\n"],
    );
    const head = autodidact("distill", run, ...common, "--head-layers", "3", "--out", join(folder, "other"));
    assert.deepEqual([head.code, head.stderr], [2, "autodidact: --head-layers 3: must be one of 1, 2, 4\n"]);
    const again = autodidact("distill", run, ...common, ...into, "--out", out);
    assert.deepEqual(
      [again.code, again.stderr],
      [
        2,
        `autodidact: ${out}: there is a run already; continue it with autodidact distill --resume ${out}, or name another --out\n`,
      ],
    );
    // A finished run is evaluated again.
    assert.match(fine("distill", "--resume", out), /student +\d\.\d\d MB.*, 2 steps/s);
    const changed = autodidact("distill", "--resume", out, "--epochs", "2");
    assert.match(changed.stderr, /with the options it began with; leave out --epochs\n$/);
    assert.match(autodidact("distill", "--resume", run).stderr, /a run of simclr, no distillation/);
    assert.match(autodidact("distill", run).stderr, /name the teacher and the data to train on/);
    const other = join(folder, "other");
    const long = ["distill", run, data, "--epochs", "1000", "--batch-size", "8", ...into, "--out", other];
    const [code, said] = await interrupted(join(other, "metrics.jsonl"), ...long);
    assert.equal(code, 130);
    assert.match(said, stopped("distill", other));
  });
});

test("prune writes a normal run, recovers with the run's method, and refuses what it cannot prune", async () => {
  await inFolder(async (folder) => {
    const [data, run, out] = [join(folder, "data"), join(folder, "run"), join(folder, "half")];
    await writeImages(data, 8);
    const tiny = "--method mae --encoder vit --width 16 --depth 2 --heads 4 --patch-size 8 --image-size 16".split(" ");
    const short = [
      "--epochs",
      "1",
      "--batch-size",
      "8",
      "--workers",
      "0",
      "--decoder-width",
      "8",
      "--decoder-depth",
      "1",
    ];
    fine("pretrain", data, "--out", run, ...tiny, ...short, "--decoder-heads", "2");
    const pruned = JSON.parse(
      fine("prune", run, "--keep", "0.5", "--batches", "2", "--recover-epochs", "1", "--out", out, "--json"),
    );
    assert.deepEqual(models(pruned), ["before", "pruned to 2 of 4 heads, 32 of 64 units", "recovered"]);
    assert.deepEqual([pruned.encoder.heads, pruned.encoder.headDim, pruned.encoder.mlpRatio], [2, 4, 2]);
    assert.ok(pruned.models[1].bytes < pruned.models[0].bytes);
    assert.equal(JSON.parse(fine("info", out, "--json")).last.step, 2);
    fine("export", join(out, "pruned"), "--out", join(folder, "model"));
    const again = autodidact("prune", run, "--keep", "0.5", "--out", out);
    assert.deepEqual(
      [again.code, again.stderr],
      [
        2,
        `autodidact: ${out}: there is a run already; continue it with autodidact prune --resume ${out}, or name another --out\n`,
      ],
    );
    const measured = JSON.parse(fine("prune", "--resume", out, "--json"));
    assert.deepEqual(models(measured), models(pruned));
    assert.match(autodidact("prune", "--resume", run).stderr, /not a pruned run/);
    assert.match(autodidact("prune", "--resume", out, "--keep", "0.25").stderr, /leave out --keep\n$/);
    assert.match(autodidact("prune", run, "--out", join(folder, "x")).stderr, /--keep is missing/);

    const long = ["prune", run, "--keep", "0.5", "--batches", "1", "--recover-epochs", "1000"];
    const stoppedIn = join(folder, "stopped");
    const [code, said] = await interrupted(join(stoppedIn, "metrics.jsonl"), ...long, "--out", stoppedIn);
    assert.equal(code, 130);
    assert.match(said, stopped("prune", stoppedIn));
    const all = autodidact("prune", run, "--keep", "0.999", "--out", join(folder, "all"));
    assert.match(all.stderr, /keep 0\.999: 4 of 4 heads, 64 of 64 units would be kept/);
  });
});

const models = (result: { models: { name: string }[] }): string[] => result.models.map(({ name }) => name);
