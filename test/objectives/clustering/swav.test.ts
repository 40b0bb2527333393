import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, float32, type Tensor, type Traced } from "../../../src/array/index.ts";
import { swav } from "../../../src/objectives/clustering/swav.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const options = { temperature: 0.1, sinkhornIterations: 3, sinkhornEpsilon: 0.05 };
const viewsOf = (count: number, shape: readonly number[]) => ({
  views: globalThis.Array.from({ length: count }, (_, view): Tensor => fill(`view ${view}`, shape)),
});
type Views = Traced<ReturnType<typeof viewsOf>>;

for (const [name, low, remembered] of [
  ["two", 0, 0],
  ["multi-crop", 3, 0],
  ["queue", 1, 6],
] as const)
  test(`value and gradient as SwAV's code, ${name}`, async () => {
    const expected = await torchCase("clusters", `swav ${name}`);
    const inputs = viewsOf(2 + low, [5, 4]);
    const loss = ({ views }: Views) => {
      const queue = remembered ? [0, 1].map((of) => constant(fill(`queue ${of}`, [remembered, 4]))) : undefined;
      return swav(views.slice(0, 2), views.slice(2), { ...options, ...(queue ? { queue } : {}) });
    };
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(loss, inputs, device);
      assertMatches(output, expected.output, `loss on ${device}`);
      assertGradients(gradients, expected);
    }
  });

test("the small crops' gradient is that of finite differences: they predict only", async () => {
  const inputs = { low: fill("low", [5, 4]) };
  await assertFiniteDifferences(({ low }: Traced<typeof inputs>) => {
    const high = [0, 1].map((view) => constant(fill(`view ${view}`, [5, 4])));
    return swav(high, [low], options);
  }, inputs);
});

test("views that agree on one prototype each cost nothing, uniform views log K", async () => {
  const loss = async (values: readonly number[]) => {
    const view = float32(values, [3, 3]);
    const given = { views: [view, view] };
    return Number((await evaluateOne(({ views }: Traced<typeof given>) => swav(views, [], options), [given])).data[0]);
  };
  assert.ok(Math.abs(await loss([9, 0, 0, 0, 9, 0, 0, 0, 9])) < 1e-6);
  assert.ok(Math.abs((await loss([1, 1, 1, 1, 1, 1, 1, 1, 1])) - Math.log(3)) < 1e-6);
  await assert.rejects(
    evaluateOne(() => swav([constant(float32([1, 2], [1, 2]))], [], options), []),
    /no two views/,
  );
});
