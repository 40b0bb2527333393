import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, np, scalar, type Tensor, tree } from "../../src/array/index.ts";
import { adamw } from "../../src/training/optimizers/adamw.ts";
import { larc } from "../../src/training/optimizers/larc.ts";
import { lars } from "../../src/training/optimizers/lars.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { sgd } from "../../src/training/optimizers/sgd.ts";
import { assertMatches, evaluate, fill, torchCase } from "../fixtures/torch/reference.ts";

const SHAPE = [3, 4];
const RATES = [0.1, 0.2, 0.05, 0.1, 0.02];
const gradients = RATES.map((_, step) => fill(`gradient ${step}`, SHAPE));

type Numbers = readonly Array[];

/** The parameter after each of the five steps. */
async function trajectory(
  optimizer: Optimizer,
  {
    weightDecay = 0,
    isWeight = true,
    decays = RATES.map((): number => weightDecay),
    param = fill("param", SHAPE),
    pulls = gradients,
  } = {},
): Promise<Tensor[]> {
  const results = await evaluate(
    (
      start: Array,
      directions: readonly Array[],
      rates: Numbers,
      steps: Numbers,
      weightDecays: Numbers,
    ): readonly Array[] => {
      let value = start;
      let memory: Record<string, Array> = Object.fromEntries(
        optimizer.slots.map((slot) => [slot, np.zerosLike(start)]),
      );
      return directions.map((gradient, index): Array => {
        const numbers = { learningRate: rates[index]!, step: steps[index]!, weightDecay: weightDecays[index] };
        ({ param: value, memory } = optimizer.update(value, gradient, memory, { ...numbers, isWeight }));
        return value;
      });
    },
    [
      param,
      pulls,
      RATES.map(scalar),
      RATES.map((_, step) => scalar(step + 1)),
      decays.some(Boolean) ? decays.map(scalar) : [],
    ] as const,
  );
  return tree.leaves<Tensor>(results);
}

const zeros = float32(new Float32Array(12), SHAPE);

/** Weight decay of each step, where it changes. */
const DECAYS = [0.04, 0.1, 0.2, 0.3, 0.4];

const cases: [name: string, optimizer: Optimizer, weightDecay: number, decays?: number[]][] = [
  ["adamw", adamw(), 0.05],
  ["adamw beta2 0.95", adamw({ beta2: 0.95 }), 0],
  ["sgd", sgd(), 0.05],
  ["sgd without decay", sgd(), 0],
  ["adamw with changing decay", adamw(), 0, DECAYS],
  ["sgd with changing decay", sgd(), 0, DECAYS],
  ["sgd nesterov", sgd({ nesterov: true }), 0.0005],
  ["sgd nesterov without decay", sgd({ nesterov: true }), 0],
  ["larc", larc(), 0.05],
  ["larc without decay", larc(), 0],
  ["larc of zeros", larc(), 0.05],
];
for (const [name, optimizer, weightDecay, decays] of cases)
  test(`${name}: five steps are PyTorch's`, async () => {
    const expected = await torchCase("optimizers", name);
    const params = await trajectory(optimizer, {
      weightDecay,
      ...(decays && { decays }),
      ...(name.endsWith("of zeros") && { param: zeros }),
    });
    assert.equal(params.length, RATES.length);
    params.forEach((param, step) => {
      assertMatches(param, expected[`after ${step}`], `after ${step}`, 5e-6);
    });
  });

/** LARS in float64, from SimCLR's code: https://github.com/google-research/simclr/blob/master/lars_optimizer.py */
function larsByHand(start: Tensor, pulls: readonly Tensor[], weightDecay: number, adapts: boolean): number[][] {
  let weights = [...start.data];
  let velocity = weights.map(() => 0);
  return pulls.map((pull, step) => {
    const gradient = weights.map((weight, index) => pull.data[index]! + weightDecay * weight);
    const [weightNorm, gradientNorm] = [Math.hypot(...weights), Math.hypot(...gradient)];
    const trust = adapts && weightNorm > 0 && gradientNorm > 0 ? (0.001 * weightNorm) / gradientNorm : 1;
    velocity = velocity.map((value, index) => 0.9 * value + RATES[step]! * trust * gradient[index]!);
    weights = weights.map((weight, index) => weight - velocity[index]!);
    return weights;
  });
}

const larsCases: Record<string, { weightDecay?: number; isWeight?: boolean; param?: Tensor; pulls?: Tensor[] }> = {
  "a weight": { weightDecay: 0.05 },
  "a weight without decay": {},
  "a bias": { isWeight: false },
  "a weight of zeros": { param: zeros },
  "gradients of zeros": { pulls: gradients.map(() => zeros) },
};
for (const [name, settings] of Object.entries(larsCases))
  test(`lars: ${name} moves as SimCLR's code moves it`, async () => {
    const { weightDecay = 0, isWeight = true, param = fill("param", SHAPE), pulls = gradients } = settings;
    const expected = larsByHand(param, pulls, weightDecay, isWeight);
    const params = await trajectory(lars(), settings);
    params.forEach((actual, step) => {
      assertMatches(actual, expected[step], `after ${step}`, 1e-6);
    });
    // The steps are far larger than the tolerance, so that the comparison is meaningful.
    const moved = Math.hypot(...expected.at(-1)!.map((value, index) => value - param.data[index]!));
    if (name !== "gradients of zeros") assert.ok(moved > 1e-4, `moved by ${moved}`);
  });

test("lars: a frozen weight does not decay", async () => {
  const param = fill("param", SHAPE);
  const pulls = gradients.map(() => zeros);
  for (const moved of await trajectory(lars(), { weightDecay: 0.05, pulls })) assert.deepEqual(moved.data, param.data);
});
