import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { scalar } from "../../../src/array/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { openCurriculum } from "../../../src/training/curriculum.ts";
import { Diverged, saverOf } from "../../../src/training/loop/saver.ts";
import { checkpointPath, loadCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { BEGINNING } from "../../../src/training/run/resume.ts";
import { inFolder } from "../../support/cli.ts";

const pending = { count: 3, sums: { loss: 6 } };
const log = { pending: () => pending, sync: async () => undefined };
const stateOf = (weight: number) => ({ params: { w: scalar(weight) }, optimizer: {}, memory: {}, ema: {} });
const stepped = (loss: number, gradNorm = 1) => ({ state: stateOf(1), loss, gradNorm, metrics: {} });

/** A saver of a run of 8 steps, 4 an epoch, a checkpoint every 2. */
const withSaver = (use: (saver: ReturnType<typeof saverOf>, out: string) => Promise<void>) =>
  inFolder(async (out) => {
    await mkdir(join(out, "checkpoints"));
    const curriculum = openCurriculum([], 8, BEGINNING);
    const lock = { check: async () => undefined };
    await use(saverOf(out, BEGINNING, { steps: 8, perEpoch: 4 }, 2, { log, judge: undefined, curriculum, lock }), out);
  });

test("the best checkpoint has the lowest smoothed loss of the regular ones, or is the judge's choice", () =>
  withSaver(async (saver, out) => {
    const best = async () => (await loadCheckpoint(checkpointPath(out, "best"))).position.step;
    for (const step of [1, 2]) saver.record(step, stepped(1));
    await saver.save({ step: 2, state: stateOf(2) }, undefined);
    assert.equal(await best(), 2);
    for (const step of [3, 4]) saver.record(step, stepped(3));
    await saver.save({ step: 4, state: stateOf(4) }, undefined);
    assert.equal(await best(), 2);
    for (const step of [5, 6, 7]) saver.record(step, stepped(-90));
    // Stopped in between by the user: an uninterrupted run has no checkpoint here.
    await saver.save({ step: 7, state: stateOf(7) }, undefined);
    assert.equal(await best(), 2);
    await saver.save({ step: 8, state: stateOf(8) }, undefined);
    assert.equal(await best(), 8);

    const { position, state } = await loadCheckpoint(checkpointPath(out, "last"));
    assert.deepEqual([position.step, position.epoch, position.pending], [8, 2, pending]);
    assert.deepEqual(state.params, { w: scalar(8) });
    assert.equal(position.bestLoss, position.smoothedLoss);

    await saver.save({ step: 8, state: stateOf(9) }, false);
    assert.deepEqual((await loadCheckpoint(checkpointPath(out, "best"))).state.params, { w: scalar(8) });
    await saver.save({ step: 5, state: stateOf(9) }, true);
    assert.equal(await best(), 5);
  }));

test("values that are not finite are refused, and the last good checkpoint is kept", () =>
  withSaver(async (saver, out) => {
    const refusal = (what: string, saved: string) => (error: unknown) =>
      error instanceof Diverged && error.message.startsWith(`the ${what} not finite; last good checkpoint: ${saved};`);
    assert.throws(() => saver.record(1, stepped(Number.NaN)), refusal("loss at step 1 is", "none"));
    await assert.rejects(
      saver.save({ step: 2, state: stateOf(Number.POSITIVE_INFINITY) }, undefined),
      refusal("weights at step 2 are", "none"),
    );
    assert.deepEqual(await readdir(join(out, "checkpoints")), []);
    await saver.save({ step: 2, state: stateOf(2) }, undefined);
    const last = checkpointPath(out, "last");
    assert.throws(
      () => saver.record(3, stepped(1, Number.POSITIVE_INFINITY)),
      refusal("gradient at step 3 is", `${last} (step 2)`),
    );
    await assert.rejects(saver.save({ step: 4, state: stateOf(Number.NaN) }, true), Diverged);
    assert.equal((await loadCheckpoint(last)).position.step, 2);
  }));

test("a flipped bit in a checkpoint, of weights or of the position, is found when it is read", () =>
  withSaver(async (saver, out) => {
    await saver.save({ step: 2, state: stateOf(2) }, undefined);
    const last = checkpointPath(out, "last");
    const whole = await readFile(last);
    const at = whole.indexOf('"position"') + 20;
    for (const byte of [whole.length - 2, at]) {
      const damaged = Buffer.from(whole);
      damaged[byte]! ^= byte === at ? 1 : 0x40;
      await writeFile(last, damaged);
      await assert.rejects(loadCheckpoint(last), { name: "UserError", message: /last\.safetensors: / });
    }
    await writeFile(last, whole);
    assert.equal((await loadCheckpoint(last)).position.step, 2);
  }));

test("nothing is written once another process has taken the run over", () =>
  inFolder(async (out) => {
    await mkdir(join(out, "checkpoints"));
    const lock = {
      check: async () => {
        throw new UserError("taken over");
      },
    };
    const parts = { log, judge: undefined, curriculum: openCurriculum([], 8, BEGINNING), lock };
    const saver = saverOf(out, BEGINNING, { steps: 8, perEpoch: 4 }, 2, parts);
    await assert.rejects(saver.save({ step: 2, state: stateOf(2) }, undefined), /taken over/);
    assert.deepEqual(await readdir(join(out, "checkpoints")), []);
  }));
