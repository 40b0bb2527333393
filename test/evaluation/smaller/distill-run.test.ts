import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type DistillRunOptions, distillRun, encoderNamed, openRun, pretrain } from "../../../src/index.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

const training = { epochs: 2, batchSize: 8, workers: 0, learningRate: 1e-3, optimizer: "adamw" } as const;

/** A teacher's run, and what teaches a small encoder by it. */
async function taught(folder: string): Promise<DistillRunOptions & { readonly notes: string[] }> {
  const [data, teacher] = [join(folder, "data"), join(folder, "big")];
  await writeImages(data, 8);
  await pretrain({
    ...{ data, out: teacher, method: "simclr", encoder: "resnet", training: { ...training, epochs: 1 } },
    encoderOptions: { layers: "8", width: 4, stem: "stride2" },
    modalityOptions: { imageSize: 16 },
  });
  const notes: string[] = [];
  return {
    ...{ teacher, data, out: join(folder, "small"), into: "vit-tiny:width=8,depth=1,heads=2,patchSize=8", notes },
    ...{ training: { ...training, logEvery: 1 }, options: { headLayers: 1 }, seconds: 0.1 },
    onNote: (note) => notes.push(note),
  };
}

test("a stopped run resumes when called again; a finished one is measured again", () =>
  inFolder(async (folder) => {
    const options = await taught(folder);
    const stop = new AbortController();
    const stopped = await distillRun({ ...options, signal: stop.signal, onStep: () => stop.abort() });
    assert.deepEqual([stopped.models, stopped.run.step], [[], 1]);
    const { models, run } = await distillRun(options);
    assert.deepEqual([models.map(({ name }) => name), run.step], [["teacher", "student"], 4]);
    // The same weights as of an uninterrupted run.
    const whole = await distillRun({ ...options, out: join(folder, "whole") });
    assert.deepEqual(run.params, whole.run.params);
    await writeImages(join(folder, "unseen"), 4);
    const labels = { train: options.data, test: join(folder, "unseen") };
    const again = await distillRun({ ...options, labels });
    assert.deepEqual([again.models.length, again.run.step], [2, 4]);
    assert.ok(again.models.every(({ linear }) => linear !== undefined));
    assert.ok(options.notes.some((note) => note.includes("is finished: 4 of 4 steps")));
  }));

test("a folder with another run is refused, and what differs is named", () =>
  inFolder(async (folder) => {
    const options = await taught(folder);
    await assert.rejects(distillRun({ ...options, out: options.teacher }), {
      name: "UserError",
      message: `${options.teacher}: there is a run already, of simclr; name another --out`,
    });
    await distillRun({ ...options, training: { ...options.training, epochs: 1 } });
    const { step } = await openRun(options.out);
    await assert.rejects(distillRun(options), /training\.epochs 1 and not 2; resume it with the command that began it/);
    await assert.rejects(distillRun({ ...options, options: { headLayers: 2 } }), /headLayers 1 and not 2/);
    // The number of data threads does not affect the model.
    await distillRun({ ...options, training: { ...options.training, epochs: 1, workers: 1 } });
    assert.equal((await openRun(options.out)).step, step);
  }));

test("a wrong encoder name gives the choices, without flags that the command lacks", async () => {
  await assert.rejects(encoderNamed("resnet-7"), {
    message: "--into resnet-7: layers 7 must be one of 8, 10, 14, 18, 26, 34, 50, 101, 152",
  });
  await assert.rejects(encoderNamed("vit-tiny:heads=0"), {
    message: "--into vit-tiny:heads=0: heads 0 must be a whole number above 0 and at most 16384",
  });
});
