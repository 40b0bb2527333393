import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  averageFor,
  finetuneDefaults,
  heldOut,
  lengthOf,
  withLearningRate,
} from "../../../src/evaluation/labels/recipe.ts";

/** Steps of a training of that length. */
const stepsOf = (samples: number, { batchSize, epochs }: { batchSize: number; epochs: number }) =>
  epochs * Math.max(1, Math.floor(samples / batchSize));

test("fine-tuning takes about 1,000 steps and stops early, from scratch about 3,000 to the end", () => {
  for (const samples of [60, 160, 1800, 18_000]) {
    const tuned = lengthOf(samples, {});
    const scratch = lengthOf(samples, { scratch: true });
    assert.equal(tuned.batchSize, scratch.batchSize);
    assert.equal(tuned.patience, 10);
    assert.equal(scratch.patience, scratch.epochs);
    const steps = stepsOf(samples, scratch);
    assert.ok(steps >= 2900 && steps <= 3200, `${steps} steps with ${samples} labels`);
    assert.ok(steps >= 2 * stepsOf(samples, tuned), `fine-tuning on ${samples} takes ${stepsOf(samples, tuned)}`);
  }
  assert.deepEqual(lengthOf(18_000, {}), { batchSize: 128, epochs: 10, patience: 10 });
  assert.match(finetuneDefaults.epochs!, /1000 steps, .*; from scratch 3000 steps/);
});

test("fine-tuning holds labels out, from scratch trains on all of them", () => {
  assert.deepEqual(
    [999, 1000].map((labels) => heldOut(labels, false)),
    [0.2, 0.1],
  );
  assert.equal(heldOut(50, true), 0);
});

test("the user's choices count, from scratch too", () => {
  for (const scratch of [false, true]) {
    assert.equal(lengthOf(18_000, { scratch, steps: 400 }).epochs, 3);
    assert.equal(lengthOf(18_000, { scratch, training: { epochs: 2.5 } }).epochs, 2.5);
    assert.equal(lengthOf(18_000, { scratch, training: { batchSize: 32 } }).batchSize, 32);
    assert.equal(lengthOf(18_000, { scratch, patience: 4 }).patience, 4);
  }
  assert.equal(lengthOf(18_000, { scratch: true, training: { epochs: 2.5 } }).patience, 3);
});

test("whatever the number of labels, there are whole batches, whole patience, and at least one step", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 1_000_000 }),
      fc.boolean(),
      fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
      (samples, scratch, steps) => {
        const { batchSize, epochs, patience } = lengthOf(samples, { scratch, steps });
        assert.ok(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= samples);
        assert.ok(Number.isInteger(epochs) && epochs >= 1);
        assert.ok(Number.isInteger(patience) && patience >= 1);
      },
    ),
  );
});

test("FixMatch's average is the paper's in long trainings, and spans a tenth of a short one", () => {
  assert.equal(averageFor(2 ** 20), 0.999);
  assert.ok(Math.abs(averageFor(1000) - 0.99) < 1e-12);
  assert.equal(averageFor(5), 0);
});

test("the learning rate of fine-tuning is AdamW's; another optimiser keeps its recipe's", () => {
  const encoder = { embedDim: 512 } as never;
  const training = { optimizer: "adamw", batchSize: 64, accumulate: 1, learningRate: 0.7 } as never;
  assert.ok(Math.abs(withLearningRate(training, encoder, {}, false).learningRate - 2.5e-4) < 1e-9);
  const sgd = { optimizer: "sgd", batchSize: 64, accumulate: 1, learningRate: 0.7 } as never;
  assert.equal(withLearningRate(sgd, encoder, {}, false).learningRate, 0.7);
});
