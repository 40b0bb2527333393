import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, np, scalar, type Tensor, tree } from "../../src/array/index.ts";
import { adamw } from "../../src/training/optimizers/adamw.ts";
import { lars } from "../../src/training/optimizers/lars.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { sgd } from "../../src/training/optimizers/sgd.ts";
import { assertMatches, evaluate, fill, torchCase } from "../fixtures/torch/reference.ts";

const SHAPE = [3, 4];
const RATES = [0.1, 0.2, 0.05, 0.1, 0.02];
const gradients = RATES.map((_, step) => fill(`gradient ${step}`, SHAPE));

/** The parameter after each of the five steps. */
async function trajectory(
  optimizer: Optimizer,
  { weightDecay = 0, isWeight = true, param = fill("param", SHAPE), pulls = gradients } = {},
): Promise<Tensor[]> {
  const results = await evaluate(
    (start: Array, directions: readonly Array[], rates: readonly Array[], steps: readonly Array[]) => {
      let value = start;
      let memory = Object.fromEntries(optimizer.slots.map((slot) => [slot, np.zerosLike(start)]));
      return directions.map((gradient, index) => {
        const context = { learningRate: rates[index]!, step: steps[index]!, isWeight, weightDecay };
        ({ param: value, memory } = optimizer.update(value, gradient, memory, context));
        return value;
      });
    },
    [param, pulls, RATES.map(scalar), RATES.map((_, step) => scalar(step + 1))] as const,
  );
  return tree.leaves<Tensor>(results);
}

const cases: [name: string, optimizer: Optimizer, weightDecay: number][] = [
  ["adamw", adamw(), 0.05],
  ["adamw beta2 0.95", adamw({ beta2: 0.95 }), 0],
  ["sgd", sgd(), 0.05],
  ["sgd without decay", sgd(), 0],
];
for (const [name, optimizer, weightDecay] of cases)
  test(`${name}: five steps are PyTorch's`, async () => {
    const expected = await torchCase("optimizers", name);
    const params = await trajectory(optimizer, { weightDecay });
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

const zeros = float32(new Float32Array(12), SHAPE);
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
