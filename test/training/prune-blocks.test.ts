import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { Inputs, Params } from "../../src/encoders/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { compile } from "../../src/engine/index.ts";
import { magnitude } from "../../src/training/importance.ts";
import { blockShapeOf, pruneBlocks, sumByStructure } from "../../src/training/prune-blocks.ts";

const specs = { pixels: { dtype: "float32", shape: [3, 8, 8] } } as const;
const options = { width: 12, depth: 2, heads: 3, mlpRatio: 2, patchSize: 4 };
const build = (more: Record<string, unknown> = {}) => vit.build(vit.options.parse({ ...options, ...more }), specs);
const whole = build();
const params = whole.init(new Rng(3));
const shape = blockShapeOf(params, 3);

async function representation(encoder: typeof whole, weights: typeof params): Promise<number[]> {
  const pixels = new Rng(1).normals([2, 3, 8, 8]);
  const fn = (given: Params, inputs: Inputs): { y: Array } => ({ y: encoder.apply(given, inputs) });
  const program = await compile(fn, [weights, { pixels }]);
  const { y } = await program.run(weights, { pixels });
  const { data } = await y.read();
  const values = [...data];
  await program.dispose();
  return values;
}

/** Parameters with what a head or a unit gives to its output set to 0: it is there and does nothing. */
const silenced = (heads: readonly number[], units: readonly number[]) =>
  tree.map<Tensor, Tensor>(params, (leaf, path) => {
    const { headDim, hidden } = shape;
    const inner = 3 * headDim;
    const isOff = path.endsWith("attention.output.weight")
      ? (index: number) => heads.includes(Math.floor((index % inner) / headDim))
      : path.endsWith("down.weight")
        ? (index: number) => units.includes(index % hidden)
        : () => false;
    return float32(
      Float32Array.from(leaf.data, (value, index) => (isOff(index) ? 0 : value)),
      [...leaf.shape],
    );
  }) as typeof params;

test("the shape is read off the parameters", () => {
  assert.deepEqual(shape, { depth: 2, heads: 3, headDim: 4, hidden: 24 });
});

test("a ViT without heads and units gives what the whole one gives with these silenced", async () => {
  const [off, quiet] = [[1], [0, 3, 4, 23]];
  const score = (count: number, out: readonly number[]) =>
    Float64Array.from({ length: count }, (_, place) => (out.includes(place) ? 0 : 1 + place));
  const scores = { heads: [score(3, off), score(3, off)], units: [score(24, quiet), score(24, quiet)] };
  const pruned = pruneBlocks(params, shape, scores, { heads: 2, hidden: 20 });
  const small = build({ heads: 2, headDim: 4, mlpRatio: 20 / 12 });
  assert.deepEqual(
    tree.entries<Tensor>(small.init(new Rng(0))).map(([path, leaf]) => [path, leaf.shape.join()]),
    tree.entries<Tensor>(pruned).map(([path, leaf]) => [path, leaf.shape.join()]),
  );
  const [found, expected] = [await representation(small, pruned), await representation(whole, silenced(off, quiet))];
  found.forEach((value, at) => {
    assert.ok(Math.abs(value - expected[at]!) < 1e-5, `${at}: ${value} for ${expected[at]}`);
  });
  assert.notDeepEqual(expected, await representation(whole, params));
});

test("every weight of a head or a unit counts for it once, and others for none", () => {
  const ones = tree.map<Tensor, Tensor>(params, ({ shape: extents, data }) =>
    float32(new Float32Array(data.length).fill(1), [...extents]),
  ) as typeof params;
  const { heads, units } = sumByStructure(ones, shape);
  // Queries, keys and values: 3 · 4 rows of 12 and as many biases; the output: 4 columns of 12.
  assert.deepEqual([...heads[1]!], [204, 204, 204]);
  // A row of 12, a bias, a column of 12.
  assert.deepEqual([...units[0]!], new globalThis.Array(24).fill(25));
});

test("what weighs nothing goes first", () => {
  const { heads, units } = magnitude(silenced([2], [5]), shape);
  for (const block of [0, 1]) {
    assert.equal(heads[block]!.indexOf(Math.min(...heads[block]!)), 2);
    assert.equal(units[block]!.indexOf(Math.min(...units[block]!)), 5);
  }
});
