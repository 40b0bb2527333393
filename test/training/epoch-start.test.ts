import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Tensor, tree } from "../../src/array/index.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { checkpointPath, loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { inFolder } from "../support/cli.ts";
import { fixture, learned, stoppedAndResumed, vectorRun } from "../support/vectors.ts";

test("the method updates its state once before every epoch, with the features of all data, also when resumed", () =>
  inFolder(async (folder) => {
    const options = { ...(await vectorRun(folder)), method: fixture("epoch-method.ts") };
    const whole = await learned(options);
    assert.deepEqual(
      whole.map(({ calls }) => calls),
      [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3],
    );
    // In the middle of an epoch, at its end, and before the first step of the second.
    for (const step of [3, 5, 6])
      assert.deepEqual(await stoppedAndResumed({ ...options, out: join(folder, `at-${step}`) }, step), whole);
  }));

test("the features are the current encoder's, in evaluation mode", () =>
  inFolder(async (folder) => {
    const options = { ...(await vectorRun(folder)), method: fixture("epoch-method.ts") };
    const stop = new AbortController();
    const run = await pretrain({
      ...options,
      signal: stop.signal,
      onProgress: ({ step }) => (step === 5 ? stop.abort() : undefined),
    });
    const source = await run.modalityDefinition.open(options.data);
    const { data, rows, dim } = await extractFeatures({ ...run, source });
    assert.equal(rows, 22);
    const again = new AbortController();
    const signal = again.signal;
    await pretrain({ ...options, resume: true, signal, onProgress: () => again.abort() });
    const { state, position } = await loadCheckpoint(checkpointPath(options.out, "last"));
    assert.equal(position.step, 6);
    const centre = new Map(tree.entries<Tensor>(state.memory)).get("centre")!;
    for (let column = 0; column < dim; column++) {
      let mean = 0;
      for (let row = 0; row < rows; row++) mean += data[row * dim + column]! / rows;
      assert.ok(Math.abs(mean - centre.data[column]!) < 1e-5, `${mean} and ${centre.data[column]}`);
    }
    assert.ok([...centre.data].some((value) => Math.abs(value) > 0.01));
  }));
