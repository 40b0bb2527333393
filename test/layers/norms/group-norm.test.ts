import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np, Rng, type Tensor, tree } from "../../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../../src/engine/index.ts";
import { groupNorm } from "../../../src/layers/norms/group-norm.ts";

type Params = { scale: Array; shift: Array };

/** The formula itself, with derivatives by the chain rule. */
function byFormula(groups: number, { scale, shift }: Params, x: Array): Array {
  const [batch, channels, length] = x.shape as [number, number, number];
  const grouped = np.reshape(x, [batch, groups, (channels / groups) * length]);
  const centred = np.subtract(grouped, np.mean(grouped, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred), -1, { keepdims: true });
  const standard = np.reshape(np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 1e-5)))), x.shape);
  return np.add(np.multiply(standard, np.reshape(scale, [1, channels, 1])), np.reshape(shift, [1, channels, 1]));
}

for (const groups of [1, 2, 6])
  test(`group norm of 6 channels in ${groups} and its gradients are those of the formula`, async () => {
    const rng = new Rng(5);
    const tensors = {
      x: rng.normals([3, 6, 11], 2),
      scale: rng.normals([6]),
      shift: rng.normals([6]),
      y: rng.normals([3, 6, 11]),
    };
    type Leaves = { x: Array; scale: Array; shift: Array; y: Array };
    const gradientsOf = (apply: (params: Params, x: Array) => Array) =>
      function norm({ y, ...inputs }: Leaves) {
        const { gradients, aux } = valueAndGrad(({ x, ...params }: Omit<Leaves, "y">) => {
          const output = apply(params, x);
          return { loss: np.sum(np.square(np.subtract(output, y))), aux: { output } };
        }, inputs);
        return { output: aux.output, ...gradients };
      };
    const [actual, expected] = await Promise.all(
      [groupNorm(groups, 6).apply, (params: Params, x: Array) => byFormula(groups, params, x)].map(async (apply) => {
        const program = await compile(gradientsOf(apply), [tensors]);
        return tree.entries<Tensor>(await read(await program.run(tensors)));
      }),
    );
    assert.deepEqual(
      actual!.map(([name]) => name),
      expected!.map(([name]) => name),
    );
    for (const [index, [name, { data }]] of expected!.entries()) {
      const other = actual![index]![1].data;
      const error = Math.hypot(...data.map((value, at) => value - other[at]!)) / Math.hypot(...data);
      assert.ok(error < 1e-5, `${name} differs by ${error}`);
    }
  });
