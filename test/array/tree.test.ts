import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { float32, scalar, type Tensor, tree } from "../../src/array/index.ts";

const nested = fc.letrec<{ tree: tree.Tree<number> }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.integer(),
    fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("tree"), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
})).tree;

test("a tree is rebuilt from its paths", () => {
  fc.assert(fc.property(nested, (original) => assert.deepEqual(tree.fromEntries(tree.entries(original)), original)));
});

test("a tree is rebuilt from its leaves", () => {
  fc.assert(
    fc.property(nested, (original) => assert.deepEqual(tree.unflatten(original, tree.leaves(original)), original)),
  );
});

test("leaves and paths come in insertion order, depth first", () => {
  const params = { b: { scale: 1, bias: 2 }, a: [3, { deep: 4 }] };
  assert.deepEqual(tree.paths(params), ["b.scale", "b.bias", "a.0", "a.1.deep"]);
  assert.deepEqual(tree.leaves(params), [1, 2, 3, 4]);
});

test("tensors are leaves although they are plain objects", () => {
  const params = { weight: float32([1, 2], [2]), bias: scalar(3) };
  const shapes = tree.map<Tensor, number>(params, (leaf) => leaf.data.length);
  assert.deepEqual(shapes, { weight: 2, bias: 1 });
});

test("a wrong number of leaves is refused", () => {
  assert.throws(() => tree.unflatten({ a: 0, b: 0 }, [1]), /^Error: 1 leaves for a tree of 2$/);
  assert.throws(() => tree.unflatten({ a: 0 }, [1, 2]), /^Error: 2 leaves for a tree of 1$/);
});

test("a tensor must fill its shape", () => {
  assert.throws(() => float32([1, 2, 3], [2, 2]), /3 values do not fill shape \[2,2\]/);
});
