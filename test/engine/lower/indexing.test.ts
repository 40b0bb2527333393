import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, constant, float32, int32, np, Rng, tree } from "../../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../../src/engine/index.ts";

/** Cases of `take`: the array's shape, permutations of axes before and after, the axis, and the positions. */
const cases = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }).chain((shape) => {
  const axes = shape.map((_, axis) => axis);
  const order = () => fc.shuffledSubarray(axes, { minLength: axes.length });
  return fc.record({
    shape: fc.constant(shape),
    before: order(),
    after: order(),
    axis: fc.constantFrom(...axes),
    positions: fc.array(fc.nat(11), { minLength: 1, maxLength: 5 }),
    seed: fc.nat(),
  });
});

// jax-js' scatter misreads permuted arrays, so it is no reference here. Taking is linear in the array, so the derivative
// along an element is exactly the function's value at that element's unit array.
test("the gradient of indexing is the function's value at the unit arrays", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, before, after, axis, positions, seed }) => {
      const length = shape[before[axis]!]!;
      const indices = constant(
        int32(
          positions.map((position) => position % length),
          [positions.length],
        ),
      );
      const weighted = (x: Array) => {
        const taken = np.transpose(np.take(np.transpose(x, before), indices, axis), after);
        return np.sum(np.multiply(taken, constant(new Rng(seed).normals(taken.shape))));
      };
      const example = new Rng(seed).normals(shape);
      const value = await compile((x: Array) => [weighted(x)], [example], { name: "value", threads: 1 });
      const both = await compile(
        (x: Array) => [valueAndGrad(([leaf]: Array[]) => ({ loss: weighted(leaf!), aux: [] }), [x]).gradients],
        [example],
        { name: "gradient", threads: 1 },
      );
      const [gradient] = tree.leaves(await read(await both.run(example)));
      for (const element of example.data.keys()) {
        const unit = new Float32Array(example.data.length);
        unit[element] = 1;
        const [along] = tree.leaves(await read(await value.run(float32(unit, shape))));
        assert.ok(Math.abs(along!.data[0]! - gradient!.data[element]!) < 1e-5, `element ${element}`);
      }
      await value.dispose();
      await both.dispose();
    }),
    { numRuns: 60 },
  );
});
