import assert from "node:assert/strict";
import { test } from "node:test";
import { scalar } from "../../../src/array/index.ts";
import { judgeOf } from "../../../src/training/loop/judge.ts";
import type { Supervised } from "../../../src/training/loop/options.ts";
import { BEGINNING } from "../../../src/training/run/resume.ts";

const plan = { perEpoch: 2 };
const data = { indices: new Int32Array(), labels: new Int32Array() };

/** A log that records its calls. */
const log = (written: unknown[]) => ({
  async scalars(step: number, values: unknown) {
    written.push([step, values]);
  },
});

const state = { params: { encoder: { w: scalar(1) } }, optimizer: {}, memory: {}, ema: { encoder: { w: scalar(2) } } };

/** Judges epochs in turn, each with a score and a loss. */
async function judged(
  epochs: readonly (readonly [score: number, loss: number])[],
  ema = 0,
  more: Partial<Supervised> = {},
) {
  const [notes, written, seen]: [string[], unknown[], unknown[]] = [[], [], []];
  const left = [...epochs];
  const supervised: Supervised = {
    ...data,
    patience: 2,
    ...more,
    async validate({ encoder }) {
      seen.push(encoder);
      const [score, loss] = left.shift()!;
      return { score, loss, metrics: { accuracy: score } };
    },
  };
  const onNote = (note: string) => notes.push(note);
  const judge = judgeOf(supervised, BEGINNING, ema, plan, log(written), { out: "", onNote })!;
  assert.equal(judge.standing(), undefined);
  const verdicts: [boolean, boolean][] = [];
  for (const [epoch] of epochs.entries()) {
    const isBest = await judge.judge({ step: 2 * epoch, state });
    verdicts.push([isBest, judge.isOver()]);
  }
  return { verdicts, standing: judge.standing(), notes, written, seen };
}

test("a higher score is better, or an equal one at a lower loss; patience counts epochs without improvement", async () => {
  const epochs = [
    [0.5, 3],
    [0.5, 2],
    [0.5, 2],
    [0.75, 9],
    [0.75, 9],
    [0.25, 1],
  ] as const;
  const { verdicts, standing, notes, written } = await judged(epochs);
  assert.deepEqual(verdicts, [
    [true, false],
    [true, false],
    [false, false],
    [true, false],
    [false, false],
    [false, true],
  ]);
  assert.deepEqual(standing, { score: 0.75, loss: 9, sinceBest: 2 });
  assert.equal(notes[3], "epoch 3: validation accuracy 0.7500");
  assert.equal(notes[5], "epoch 5: validation accuracy 0.2500; no improvement for 2");
  assert.deepEqual(written[1], [2, { accuracy: 0.5 }]);
});

test("where the later epoch is better, an equal score at a higher loss is", async () => {
  const epochs = [
    [0.5, 1],
    [0.5, 2],
    [0.25, 0],
    [0.5, 9],
  ] as const;
  const { verdicts, standing } = await judged(epochs, 0, { laterIsBetter: true });
  assert.deepEqual(
    verdicts.map(([isBest]) => isBest),
    [true, true, false, true],
  );
  assert.deepEqual(standing, { score: 0.5, loss: 9, sinceBest: 0 });
});

test("the running average of the weights is judged if there is one", async () => {
  const weights = async (ema: number) => JSON.stringify((await judged([[1, 1]], ema)).seen);
  assert.match(await weights(0), /"0":1/);
  assert.match(await weights(0.9), /"0":2/);
});

test("without validation samples there is no judge", () => {
  assert.equal(judgeOf(undefined, BEGINNING, 0, plan, log([]), { out: "" }), undefined);
  assert.equal(judgeOf({ ...data, patience: 1 }, BEGINNING, 0, plan, log([]), { out: "" }), undefined);
});
