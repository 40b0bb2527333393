import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nodeOf } from "../../../src/engine/lower/onnx.ts";
import { nearestOutputsLast } from "../../../src/engine/lower/order.ts";

test("outputs come last, the nearest at the very end", () => {
  const nodes = [
    nodeOf("Neg", ["x"], ["a"]),
    nodeOf("Neg", ["a"], ["near"]),
    nodeOf("Neg", ["a"], ["b"]),
    nodeOf("Add", ["a", "b"], ["far"]),
  ];
  const order = nearestOutputsLast(nodes).map(({ output }) => output?.[0]);
  assert.deepEqual(order, ["a", "b", "far", "near"]);
});

test("all nodes are kept, in topological order", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { maxLength: 30 }), (choices) => {
      const nodes = choices.map((inputs, index) =>
        nodeOf(
          "Sum",
          inputs.map((at) => `v${at % (index + 1)}`),
          [`v${index + 1}`],
        ),
      );
      const available = new Set(["v0"]);
      for (const { input, output } of nearestOutputsLast(nodes)) {
        for (const name of input ?? []) assert.ok(available.has(name));
        for (const name of output ?? []) available.add(name);
      }
      assert.equal(available.size, nodes.length + 1);
    }),
  );
});
