import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, constant, float32, int32, np, Rng, tree } from "../../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../../src/engine/index.ts";

/** What to take from an array: its shape, how its axes are turned before and after, where, and which positions. */
const takings = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }).chain((shape) => {
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

// jax-js' own scatter misreads permuted arrays, so it is no second opinion here. What is taken is linear in the array:
// the derivative along an element is the function's value at that element's unit array, exactly.
test("the gradient of what is taken by index is the function's value at the unit arrays", async () => {
  await fc.assert(
    fc.asyncProperty(takings, async ({ shape, before, after, axis, positions, seed }) => {
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
