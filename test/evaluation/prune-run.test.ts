import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Tensor, tree } from "../../src/array/index.ts";
import { finetune, openRun, pretrain, pruneRun, type Run } from "../../src/index.ts";
import { inFolder, writeImages } from "../support/cli.ts";

const training = { epochs: 1, batchSize: 8, workers: 0, learningRate: 1e-3, optimizer: "adamw" } as const;
const small = {
  encoder: "vit",
  encoderOptions: { width: 16, depth: 1, heads: 4, patchSize: 8 },
  modalityOptions: { imageSize: 16 },
  training,
};

test("a method with distortions of its own recovers too", () =>
  inFolder(async (folder) => {
    await writeImages(join(folder, "data"), 8);
    const options = { ...small, data: join(folder, "data"), out: join(folder, "run"), method: "byol" };
    const run = await pretrain({ ...options, methodOptions: { hiddenDim: 16, projectionDim: 8 } });
    const { models } = await pruneRun({ run, out: join(folder, "half"), keep: 0.5, batches: 1, recoverEpochs: 1 });
    assert.equal(models.length, 3);
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
    await assert.rejects(pruneRun({ run, out: join(folder, "other"), keep: 0.5, data }), /leave --data out/);
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
      finetune({ ...refused, task: "multi-label", methodOptions: { labelSmoothing: 0.1 } }),
      /label smoothing/,
    );
  }));
