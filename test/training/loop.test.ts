import assert from "node:assert/strict";
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Progress } from "../../src/training/loop/options.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { checkpointPath, loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { learned, vectorRun } from "../support/vectors.ts";

test("a stopped and resumed run has exactly the metrics and checkpoints of an uninterrupted one", () =>
  inFolder(async (folder) => {
    const plain = await vectorRun(folder);
    const options = { ...plain, training: { ...plain.training, ema: 0.5, logEvery: 2, checkpointEvery: 3 } };
    const whole = await learned(options);
    assert.deepEqual(
      whole.map(({ step }) => step),
      [2, 4, 6, 8, 10, 12, 14, 15],
    );
    const files = (out: string) =>
      Promise.all((["last", "best"] as const).map((which) => readFile(checkpointPath(out, which))));
    const expected = await files(options.out);
    // Stopped between two checkpoints.
    const stop = new AbortController();
    const onProgress = ({ step }: Progress) => {
      if (step === 8) stop.abort();
    };
    const cut = join(folder, "cut");
    await pretrain({ ...options, out: cut, signal: stop.signal, onProgress });
    assert.deepEqual(await learned({ ...options, out: cut, resume: true }), whole);
    assert.deepEqual(await files(cut), expected);
  }));

test("progress counts steps, epochs and the time left; a finished run is not trained again", () =>
  inFolder(async (folder) => {
    const options = await vectorRun(folder);
    const seen: Progress[] = [];
    await pretrain({ ...options, onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(
      seen.map(({ step, steps, epoch, epochs }) => [step, steps, epoch, epochs]),
      Array.from({ length: 15 }, (_, at) => [at + 1, 15, Math.floor(at / 5), 3]),
    );
    assert.equal(seen.at(-1)?.etaSeconds, 0);
    assert.ok(seen.slice(0, -1).every(({ etaSeconds }) => etaSeconds > 0 && Number.isFinite(etaSeconds)));
    assert.ok(seen.every(({ waitFraction }) => waitFraction >= 0 && waitFraction <= 1));

    const before = await readFile(checkpointPath(options.out, "last"));
    const notes: string[] = [];
    const more = await pretrain({ ...options, resume: true, onNote: (note) => notes.push(note) });
    assert.deepEqual(notes, [`${options.out} is finished: 15 of 15 steps`]);
    assert.equal((await more.metrics()).length, 15);
    assert.deepEqual(await readFile(checkpointPath(options.out, "last")), before);
  }));

test(
  "data that a disk no longer gives end the training, saved, and it goes on when they are back",
  {
    skip: process.platform !== "linux",
  },
  () =>
    inFolder(async (folder) => {
      const [data, out] = [join(folder, "data"), join(folder, "run")];
      // Too large to be kept in memory.
      const paths = await writeImages(data, 8, 2, 144);
      const away = join(folder, "away");
      const options = {
        ...{ data, out, method: "rotation", encoder: "resnet", encoderOptions: { layers: "8", width: 4 } },
        modalityOptions: { imageSize: 16 },
        training: { epochs: 20, batchSize: 8, logEvery: 1, workers: 0 },
      } as const;
      const onProgress = ({ step }: Progress) => {
        if (step !== 5) return;
        mkdirSync(away);
        for (const [at, path] of paths.entries()) {
          renameSync(path, join(away, String(at)));
          // Address 0 of a process is not there to be read: EIO.
          symlinkSync("/proc/self/mem", path);
        }
      };
      await assert.rejects(pretrain({ ...options, onProgress }), {
        name: "UserError",
        message: /could not be read .*EIO/,
      });
      const { position } = await loadCheckpoint(checkpointPath(out, "last"));
      assert.equal(position.step, 5);
      for (const [at, path] of paths.entries()) renameSync(join(away, String(at)), path);
      const { step } = await pretrain({ ...options, resume: true });
      assert.equal(step, 40);
    }),
);
