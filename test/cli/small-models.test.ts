import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

/** The command's output, which must end well. */
function fine(...args: string[]): string {
  const ended = autodidact(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout;
}

test("quantize writes both models, says what they cost and are worth, and refuses half a pair", async () => {
  await inFolder(async (folder) => {
    const [data, run, to] = [join(folder, "data"), join(folder, "run"), join(folder, "model")];
    await writeImages(data, 8);
    fine("pretrain", data, "--out", run, ...TINY);
    const labels = ["--train", data, "--test", data];
    const table = fine("quantize", run, "--to", to, "--static", "--samples", "8", ...labels);
    assert.match(table, /size +batch 1 +batch 64 +kNN, k = 20 +linear probe/);
    assert.match(table, /float32 +\d\.\d\d MB/);
    assert.match(table, /int8, static +\d\.\d\d MB \(\d+ %\)/);
    const { models, files } = JSON.parse(fine("quantize", run, "--to", to, "--json"));
    assert.deepEqual(
      models.map(({ name }: { name: string }) => name),
      ["float32", "int8, dynamic"],
    );
    assert.ok(models[1].bytes < models[0].bytes && models[1].latency64 > 0 && !("linear" in models[0]));
    assert.ok(files.includes("onnx/model_quantized.onnx"));
    assert.equal((await stat(join(to, "onnx", "model_quantized.onnx"))).size, models[1].bytes);
    assert.match(await readFile(join(to, "README.md"), "utf8"), /dtype: "q8"/);
    // Another model in its place, and the old one would answer for it.
    fine("export", run, "--to", to);
    await assert.rejects(stat(join(to, "onnx", "model_quantized.onnx")), /ENOENT/);
    const loose = autodidact("quantize", run, "--to", to, "--percentile", "99");
    assert.deepEqual([loose.code, loose.stderr], [2, "autodidact: --percentile is for --static\n"]);
    const half = autodidact("quantize", run, "--to", to, "--train", data);
    assert.deepEqual([half.code, half.stderr], [2, "autodidact: --train goes with --test\n"]);
  });
});

test("distill teaches a smaller encoder, measures both, and says which sizes there are", async () => {
  await inFolder(async (folder) => {
    const [data, run, out] = [join(folder, "data"), join(folder, "run"), join(folder, "small")];
    await writeImages(data, 8);
    fine("pretrain", data, "--out", run, ...TINY);
    const common = ["--data", data, "--epochs", "1", "--batch-size", "8", "--workers", "0"];
    const into = ["--into", "vit-tiny:width=8,depth=1,heads=2,patchSize=8"];
    const { models, step } = JSON.parse(fine("distill", run, ...common, ...into, "--out", out, "--json"));
    assert.deepEqual([models.map(({ name }: { name: string }) => name), step], [["teacher", "student"], 2]);
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    assert.deepEqual([config.method.name, config.encoder.name, config.encoder.options.width], ["distill", "vit", 8]);
    assert.equal(config.modality.options.imageSize, 16);
    const wrong = autodidact("distill", run, ...common, "--into", "vit-huge", "--out", join(folder, "other"));
    assert.deepEqual([wrong.code, wrong.stderr], [2, "autodidact: --size huge: must be one of tiny, small, base\n"]);
  });
});

test("prune leaves a run that opens as any other, recovers by its own method, and refuses what it cannot prune", async () => {
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
    fine("export", join(out, "pruned"), "--to", join(folder, "model"));
    const again = autodidact("prune", run, "--keep", "0.5", "--out", out);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /not empty/);
    const all = autodidact("prune", run, "--keep", "0.999", "--out", join(folder, "all"));
    assert.match(all.stderr, /all 4 heads and 64 hidden units would stay/);
  });
});

const models = (result: { models: { name: string }[] }): string[] => result.models.map(({ name }) => name);
