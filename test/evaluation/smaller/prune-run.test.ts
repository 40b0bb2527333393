import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Tensor, tree } from "../../../src/array/index.ts";
import { finetune, openRun, pretrain, pruneRun, quantizeRun, type Run } from "../../../src/index.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

const training = { epochs: 1, batchSize: 8, workers: 0, learningRate: 1e-3, optimizer: "adamw" } as const;
const small = {
  encoder: "vit",
  encoderOptions: { width: 16, depth: 1, heads: 4, patchSize: 8 },
  modalityOptions: { imageSize: 16 },
  training,
};

test("a method with its own augmentations recovers too", () =>
  inFolder(async (folder) => {
    await writeImages(join(folder, "data"), 8);
    const options = { ...small, data: join(folder, "data"), out: join(folder, "run"), method: "byol" };
    const run = await pretrain({ ...options, options: { hiddenDim: 16, projectionDim: 8 } });
    const { models } = await pruneRun({ run, out: join(folder, "half"), keep: 0.5, batches: 1, recoverEpochs: 1 });
    assert.equal(models.length, 3);
  }));

test("the same command resumes a stopped recovery, and measures a finished one again", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const run = await pretrain({ ...small, data, out: join(folder, "run"), method: "rotation" });
    const options = { run, keep: 0.5, batches: 1, recoverEpochs: 2, seconds: 0.1 };
    const out = join(folder, "half");
    const stop = new AbortController();
    const stopped = await pruneRun({ ...options, out, signal: stop.signal, onNote: () => stop.abort() });
    assert.deepEqual([stopped.models, stopped.run.step], [[], 1]);
    // Killed while writing the pruned run, it starts over.
    await rm(join(out, "config.json"));
    await rm(join(out, "pruned", "config.json"));
    for (const name of (await readdir(out)).filter((name) => name !== "pruned" && name !== ".autodidact"))
      await rm(join(out, name), { recursive: true });
    const begun = await pruneRun({ ...options, out, signal: stop.signal });
    assert.deepEqual([begun.models, begun.run.step], [[], 1]);
    const { models, run: recovered } = await pruneRun({ ...options, out });
    assert.deepEqual([models.length, recovered.step], [3, 4]);
    // The same weights as of an uninterrupted recovery.
    const whole = await pruneRun({ ...options, out: join(folder, "whole") });
    assert.deepEqual(recovered.params, whole.run.params);
    const notes: string[] = [];
    const again = await pruneRun({ ...options, out, onNote: (note) => notes.push(note) });
    assert.deepEqual([again.models.length, again.run.step], [3, 4]);
    assert.match(notes.join("\n"), /already begun; resuming\n.*is finished: 4 of 4 steps/);
    await assert.rejects(pruneRun({ ...options, out, keep: 0.25 }), /pruned already, with keep 0\.5 and not 0\.25/);
    await assert.rejects(pruneRun({ ...options, out, recoverEpochs: 3 }), /recoverEpochs 2 and not 3/);
    await assert.rejects(pruneRun({ ...options, out, recoverEpochs: 0 }), /there is a run already/);
    await assert.rejects(pruneRun({ ...options, out: run.path }), /there is a run already, on /);
    // Without recovery as well.
    const plain = { run, keep: 0.5, importance: "magnitude", out: join(folder, "plain"), seconds: 0.1 } as const;
    assert.equal((await pruneRun(plain)).models.length, 2);
    assert.equal((await pruneRun(plain)).models.length, 2);
    await assert.rejects(pruneRun({ ...plain, importance: "taylor" }), /importance "magnitude" and not "taylor"/);
    const nowhere = { ...plain, out: join(folder, "no"), recoverEpochs: 1, data: join(folder, "nowhere") };
    await assert.rejects(pruneRun(nowhere), /nowhere: could not be read/);
    await assert.rejects(readdir(nowhere.out), /ENOENT/);
  }));

test("a ResNet loses channels within its blocks, recovers with its BatchNorms, and exports like any other", () =>
  inFolder(async (folder) => {
    const [data, to] = [join(folder, "data"), join(folder, "model")];
    await writeImages(data, 8);
    const resnet = { encoder: "resnet", encoderOptions: { layers: "8", width: 8 }, modalityOptions: { imageSize: 16 } };
    const run = await pretrain({ ...resnet, data, out: join(folder, "run"), method: "simclr", training });
    const half = { keep: 0.5, batches: 1, seconds: 0.1 };
    const { run: small, models } = await pruneRun({ ...half, run, out: join(folder, "half"), recoverEpochs: 1 });
    assert.deepEqual(
      models.map(({ name }) => name),
      ["before", "pruned to 28 of 56 inner channels", "recovered"],
    );
    assert.ok(models[1]!.bytes < 0.65 * models[0]!.bytes);
    assert.equal(small.config.encoder.options.innerRatio, 0.5);
    const leaf = (from: Run) => new Map(tree.entries<Tensor>(from.params)).get("stages.1.0.path.0.norm.runningMean")!;
    const before = await openRun(join(folder, "half", "pruned"));
    assert.deepEqual([leaf(before).shape, leaf(small).shape], [[8], [8]]);
    assert.notDeepEqual(leaf(before).data, leaf(small).data);
    await quantizeRun({ run: small, out: to, seconds: 0.1 });
    assert.match(await readFile(join(to, "README.md"), "utf8"), /Channels were pruned: .* use the ONNX file/);
    const again = await pruneRun({ ...half, run: small, out: join(folder, "quarter"), importance: "magnitude" });
    assert.equal(again.models[1]!.name, "pruned to 14 of 28 inner channels");
  }));

/** The hidden units of the first block, a row each. */
const unitsOf = (run: Run) => new Map(tree.entries<Tensor>(run.params)).get("blocks.0.up.weight")!;

test("a fine-tuned run is pruned by its labels, skips what is broken, and recovers by fine-tuning", () =>
  inFolder(async (folder) => {
    const [data, tuned] = [join(folder, "data"), join(folder, "tuned")];
    const paths = await writeImages(data, 24);
    const start = await pretrain({ ...small, data, out: join(folder, "run"), method: "rotation" });
    const run = await finetune({ from: start.path, train: data, out: tuned, training: { ...training, epochs: 2 } });
    await writeFile(paths[3]!, "no picture");
    const half = await pruneRun({ run, out: join(folder, "half"), keep: 0.5, batches: 2 });
    const [all, some] = [unitsOf(run), unitsOf(half.run)];
    assert.deepEqual([all.shape[0], some.shape[0]], [64, 32]);
    // Without labels every score would be 0, and the first units the ones that stay.
    assert.notDeepEqual([...some.data], [...all.data.subarray(0, some.data.length)]);
    await assert.rejects(
      pruneRun({ run, out: join(folder, "more"), keep: 0.5, recoverEpochs: 1 }),
      /autodidact finetune/,
    );
    await assert.rejects(pruneRun({ run, out: join(folder, "other"), keep: 0.5, data }), /name no other data/);
  }));

test("without a validation part the last weights are the ones opened", () =>
  inFolder(async (folder) => {
    const [data, tuned] = [join(folder, "data"), join(folder, "tuned")];
    await writeImages(data, 16);
    const start = await pretrain({ ...small, data, out: join(folder, "run"), method: "rotation" });
    const given = { from: start.path, train: data, out: tuned, validation: 0, labelCount: 16, balanced: true };
    const run = await finetune({ ...given, training: { ...training, epochs: 3, checkpointEvery: 1 } });
    assert.equal(run.step, (await openRun(tuned, { checkpoint: "last" })).step);
    // As many labels of each class were drawn: their weights are equal.
    assert.deepEqual(run.config.method.options.classWeights, [1, 1]);
    const refused = { from: start.path, train: data, out: join(folder, "no") };
    await assert.rejects(finetune({ ...refused, task: "similarity", balanced: true }), /balanced does nothing/);
    await assert.rejects(
      finetune({ ...refused, task: "multi-label", options: { labelSmoothing: 0.1 } }),
      /label smoothing/,
    );
  }));
