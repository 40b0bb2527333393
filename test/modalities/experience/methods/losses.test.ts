import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, int32, Rng, type Tensor } from "../../../../src/array/index.ts";
import { mlp } from "../../../../src/encoders/mlp.ts";
import type { Transition } from "../../../../src/modalities/experience/abilities.ts";
import { forwardDynamics } from "../../../../src/modalities/experience/methods/forward-dynamics.ts";
import { inverseDynamics } from "../../../../src/modalities/experience/methods/inverse-dynamics.ts";
import { timeContrastive } from "../../../../src/modalities/experience/methods/time-contrastive.ts";
import { fill } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs } from "../../../methods/checks.ts";
import { noEntry } from "../../../methods/toy.ts";

const [ROWS, NUMBERS, STEPS, SIZE, CHOICES] = [5, 4, 2, 2, 3];
const specs = {
  values: { dtype: "float32", shape: [NUMBERS] },
  codes: { dtype: "int32", shape: [NUMBERS], below: Array<number>(NUMBERS).fill(2) },
} as const;
const encoder = mlp.build(mlp.options.parse({ width: 6, depth: 2 }), specs);

/** Twin of `observations` in `experience.py`. */
const observations = (name: string) => ({
  values: fill(name, [ROWS, NUMBERS]),
  codes: int32(new Int32Array(ROWS * NUMBERS).fill(1), [ROWS, NUMBERS]),
});

const one = (values: readonly number[]) => ({
  values: float32(values, [values.length]),
  codes: int32(new Int32Array(values.length).fill(1), [values.length]),
});

const modalityWith = (choices?: number) => ({
  ...{ name: "experience", specs, show: () => ({ text: "a frame" }) },
  tensors: (sample: unknown) => one([Number(sample)]),
  perturb: (sample: unknown) => Number(sample) + 0.5,
  nearby: (sample: unknown, _: Rng, least: number, most: number) => Number(sample) + (most > 100 ? 1000 : 10) * least,
  transition: {
    ...{ steps: STEPS, size: choices === undefined ? SIZE : 1 },
    ...(choices === undefined ? {} : { choices }),
    of: (): Transition => ({ before: one([1]), action: float32([0.5], [1]), after: one([2]), terminated: 1 }),
  },
});

const actions: Record<string, { choices?: number; action: Tensor }> = {
  numbers: { action: fill("action", [ROWS, STEPS * SIZE]) },
  choices: {
    choices: CHOICES,
    action: int32(
      Int32Array.from(fill("choice", [ROWS, STEPS]).data, (value) => Math.floor(((value + 1) / 2) * CHOICES)),
      [ROWS, STEPS],
    ),
  },
};

for (const [kind, { choices, action }] of Object.entries(actions))
  test(`inverse and forward dynamics of ${kind}: the losses, metrics and every gradient as torch's`, async () => {
    const modality = modalityWith(choices);
    const batch = { before: observations("before"), action, after: observations("after") };
    const context = { encoder, modality, samples: ROWS };
    for (const definition of [inverseDynamics, forwardDynamics]) {
      const options = definition.options.parse({ hiddenDim: 7 });
      const method = definition.build({ ...context, options });
      assert.deepEqual(method.views(0, new Rng(0), noEntry), {
        ...{ before: one([1]), action: float32([0.5], [1]), after: one([2]) },
      });
      await assertIsTorchs(method, `${definition.name} ${kind}`, batch, { file: "experience" });
    }
  });

test("time-contrastive: near and far are as wide as they say; the loss and every gradient as torch's", async () => {
  const build = (options: object) =>
    timeContrastive.build({
      ...{ encoder, modality: modalityWith(), samples: ROWS },
      options: timeContrastive.options.parse({ embeddingDim: 3, ...options }),
    });
  const method = build({});
  assert.deepEqual(method.views(7, new Rng(0), noEntry), {
    anchor: one([7.5]),
    positive: one([17.5]),
    negative: one([4007.5]),
  });
  assert.throws(() => build({ near: 5, far: 5 }), /--far 5 must be more than --near 5/);
  const batch = Object.fromEntries(["anchor", "positive", "negative"].map((name) => [name, observations(name)]));
  await assertIsTorchs(method, "time-contrastive", batch, { file: "experience" });
});
