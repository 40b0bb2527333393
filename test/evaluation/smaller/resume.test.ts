import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { distillRun, openRun, pretrain, pruneRun, resumeDistillation, resumePruning } from "../../../src/index.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

const training = { epochs: 2, batchSize: 8, workers: 0, learningRate: 1e-3, optimizer: "adamw", logEvery: 1 } as const;
const resnet = {
  ...{ method: "simclr", encoder: "resnet", encoderOptions: { layers: "8", width: 4, stem: "stride2" } },
  modalityOptions: { imageSize: 16 },
};

test("a stopped distillation resumes bit for bit from its folder alone", () =>
  inFolder(async (folder) => {
    const [data, teacher, out] = [join(folder, "data"), join(folder, "big"), join(folder, "small")];
    await writeImages(data, 8);
    await pretrain({ ...resnet, data, out: teacher, training: { ...training, epochs: 1 } });
    const into = "vit-tiny:width=8,depth=1,heads=2,patchSize=8";
    const choices = { teacher, data, into, training, options: { headLayers: 1 }, seconds: 0.1 } as const;
    const stop = new AbortController();
    const stopped = await distillRun({ ...choices, out, signal: stop.signal, onStep: () => stop.abort() });
    assert.deepEqual([stopped.models, stopped.run.step < 4], [[], true]);
    const { models, run } = await resumeDistillation(out, { seconds: 0.1 });
    assert.deepEqual([models.map(({ name }) => name), run.step], [["teacher", "student"], 4]);
    const whole = await distillRun({ ...choices, out: join(folder, "whole") });
    assert.deepEqual(run.params, whole.run.params);
    await assert.rejects(resumeDistillation(teacher), { name: "UserError", message: /run of simclr, no distillation/ });
  }));

test("a stopped recovery resumes bit for bit from its folder alone", () =>
  inFolder(async (folder) => {
    const [data, out] = [join(folder, "data"), join(folder, "half")];
    await writeImages(data, 8);
    const run = await pretrain({ ...resnet, data, out: join(folder, "run"), training: { ...training, epochs: 1 } });
    const choices = { run, keep: 0.5, batches: 1, recoverEpochs: 2, seconds: 0.1 };
    const stop = new AbortController();
    const stopped = await pruneRun({ ...choices, out, signal: stop.signal, onStep: () => stop.abort() });
    assert.deepEqual(stopped.models, []);
    const { models, run: recovered } = await resumePruning(out, { seconds: 0.1 });
    assert.deepEqual([models.length, recovered.step], [3, 4]);
    const whole = await pruneRun({ ...choices, out: join(folder, "whole") });
    assert.deepEqual(recovered.params, whole.run.params);
    assert.deepEqual((await openRun(out)).step, 4);
    await assert.rejects(resumePruning(run.path), { name: "UserError", message: /not a pruned run/ });
    // Stopped between the two: the number of recovery epochs is unknown.
    await rm(join(out, "config.json"));
    await assert.rejects(resumePruning(out), { name: "UserError", message: /before its training began/ });
  }));
