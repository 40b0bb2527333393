import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  filled,
  lax,
  np,
  Rng,
  type Tensor,
  type Tree,
  withDerivative,
} from "../../../src/array/index.ts";
import type { Equation, Graph, Value } from "../../../src/engine/graph.ts";
import { compile, read, valueAndGrad } from "../../../src/engine/index.ts";
import { cse } from "../../../src/engine/passes/cse.ts";
import { dce } from "../../../src/engine/passes/dce.ts";
import { fold } from "../../../src/engine/passes/fold.ts";
import { hoist } from "../../../src/engine/passes/hoist.ts";
import { simplify } from "../../../src/engine/passes/index.ts";
import { inverse } from "../../../src/engine/passes/inverse.ts";
import { trace } from "../../../src/engine/trace.ts";
import { gelu } from "../../../src/layers/functions/gelu.ts";
import { relu } from "../../../src/layers/functions/relu.ts";
import { softmax } from "../../../src/layers/functions/softmax.ts";

let id = 0;
const value = (...shape: number[]): Value => ({ id: id++, dtype: "float32", shape });
const literal = (number: number) => ({ literal: number, dtype: "float32", shape: [] }) as const;
const equation = (
  primitive: string,
  inputs: Equation["inputs"],
  output: Value,
  params: Equation["params"] = {},
): Equation => ({
  primitive,
  inputs,
  params,
  outputs: [output],
});

test("products with 1, sums with 0 and moves that move nothing become their operand", () => {
  const [x, a, b, c, d] = [value(2, 3), value(2, 3), value(2, 3), value(2, 3), value(2, 3)] as const;
  const graph: Graph = {
    inputs: [x],
    outputs: [d],
    equations: [
      equation("mul", [x, literal(1)], a),
      equation("add", [literal(0), a], b),
      equation("transpose", [b], c, { perm: [0, 1] }),
      equation("reshape", [c], d, { shape: [2, 3] }),
    ],
  };
  const folded = fold(graph);
  assert.deepEqual(folded.equations, []);
  assert.deepEqual(folded.outputs, [x]);
});

test("a product with zeros is zero, and its operands become dead code", () => {
  const [x, zeros, product, sum, y] = [value(2), value(2), value(2), value(2), value(2)] as const;
  const graph: Graph = {
    inputs: [x],
    outputs: [y],
    equations: [
      equation("broadcast", [literal(0)], zeros, { shape: [2], axis: [0] }),
      equation("exp", [x], product),
      equation("mul", [product, zeros], sum),
      equation("add", [x, sum], y),
    ],
  };
  const folded = simplify(graph);
  assert.deepEqual(folded.equations, []);
  assert.deepEqual(folded.outputs, [x]);
});

test("a chain of scalar products becomes one", () => {
  const [x, a, b] = [value(4), value(4), value(4)] as const;
  const graph: Graph = {
    inputs: [x],
    outputs: [b],
    equations: [equation("mul", [x, literal(2)], a), equation("mul", [literal(0.25), a], b)],
  };
  const { equations } = simplify(graph);
  assert.equal(equations.length, 1);
  assert.deepEqual(equations[0]?.inputs, [x, literal(0.5)]);
});

test("where with equal branches needs no condition", () => {
  const [condition, x, y] = [{ ...value(3), dtype: "bool" } as Value, value(3), value(3)] as const;
  const folded = fold({ inputs: [condition, x], outputs: [y], equations: [equation("where", [condition, x, x], y)] });
  assert.deepEqual(folded.outputs, [x]);
});

test("x − x is zero, in either order, and so is everything computed from it", () => {
  for (const turned of [false, true]) {
    const [x, y, minus, none, product, total, sum] = [
      value(2),
      value(2),
      value(2),
      value(2),
      value(2),
      value(),
      value(),
    ];
    const graph: Graph = {
      inputs: [x!, y!],
      outputs: [sum!],
      equations: [
        equation("neg", [x!], minus!),
        equation("add", turned ? [minus!, x!] : [x!, minus!], none!),
        equation("mul", [none!, y!], product!),
        equation("reduce", [product!], total!, { op: "Add", axis: [0] }),
        equation("add", [total!, literal(3)], sum!),
      ],
    };
    const folded = simplify(graph);
    assert.deepEqual(folded.equations, []);
    assert.deepEqual(folded.outputs, [literal(3)]);
  }
});

test("GELU is one operation, and its derivative keeps no intermediate value", async () => {
  const step = (input: Array) => {
    const { loss, gradients } = valueAndGrad((x: Array) => ({ loss: np.sum(gelu(x)), aux: {} }), input);
    return { loss, gradients };
  };
  const { equations } = simplify((await trace(step, [filled([4, 3], 1)], "gelu")).graph);
  const [forward] = equations.filter(({ primitive }) => primitive === "gelu");
  const readers = equations.filter(({ inputs }) => inputs.includes(forward!.outputs[0]!));
  assert.deepEqual(
    readers.map(({ primitive }) => primitive),
    ["reduce"],
  );
  // Φ is computed from the error function in one pass, and the density by one quotient.
  const passes = equations.map(({ primitive }) => primitive).filter((name) => ["halfway", "div", "neg"].includes(name));
  assert.deepEqual(passes.sort(), ["div", "halfway"]);
});

test("a hand-written derivative replaces the automatic one, and costs the forward pass nothing", async () => {
  const rng = new Rng(2);
  const x = rng.normals([6, 5]);
  const doubled = (input: Array) =>
    withDerivative(np.sin(lax.stopGradient(input)), input, (change) => np.multiply(change, 2));
  const step = (input: Array) => {
    const { loss, gradients } = valueAndGrad((of: Array) => ({ loss: np.sum(doubled(of)), aux: {} }), input);
    return { loss, gradients };
  };
  const { graph } = await trace(step, [x], "doubled");
  assert.deepEqual(
    simplify(graph).equations.map(({ primitive }) => primitive),
    ["sin", "reduce", "broadcast"],
  );
  for (const device of ["cpu", "wasm"] as const) {
    const program = await compile(step, [x], { device });
    const { loss, gradients } = (await read(await program.run(x))) as { loss: Tensor; gradients: Tensor };
    await program.dispose();
    const sum = [...x.data].reduce((total, each) => total + Math.sin(each), 0);
    assert.ok(Math.abs(loss.data[0]! - sum) < 1e-5);
    assert.deepEqual([...gradients.data], new Array(30).fill(2));
  }
});

test("zeros from differentiation do not become constants of the program", async () => {
  const step = (input: Array) => {
    const { loss, gradients } = valueAndGrad((of: Array) => ({ loss: np.sum(softmax(of)), aux: {} }), input);
    return { loss, gradients };
  };
  assert.deepEqual((await trace(step, [filled([9, 7], 1)], "softmax")).constants, []);
});

test("equal expressions are computed once, also with operands exchanged; different parameters keep them apart", () => {
  const [x, y, a, b, c, d] = [value(2), value(2), value(2), value(2), value(), value()] as const;
  const graph: Graph = {
    inputs: [x, y],
    outputs: [a, b, c, d],
    equations: [
      equation("add", [x, y], a),
      equation("add", [y, x], b),
      equation("reduce", [a], c, { op: "Add", axis: [0] }),
      equation("reduce", [b], d, { op: "Max", axis: [0] }),
    ],
  };
  const merged = cse(graph);
  assert.equal(merged.equations.length, 3);
  assert.deepEqual(merged.outputs, [a, a, c, d]);
});

test("equations that no output needs are removed", () => {
  const [x, a, b] = [value(2), value(2), value(2)] as const;
  const kept = dce({ inputs: [x], outputs: [a], equations: [equation("exp", [x], a), equation("log", [x], b)] });
  assert.deepEqual(
    kept.equations.map(({ primitive }) => primitive),
    ["exp"],
  );
});

test("a differentiated layer shrinks", async () => {
  const rng = new Rng(1);
  const params = { weight: rng.normals([4, 3]), bias: rng.normals([4]) };
  const x = rng.normals([5, 3]);
  const step = (weights: { weight: Array; bias: Array }, input: Array) => {
    const { loss, gradients } = valueAndGrad((p: typeof weights) => {
      const hidden = np.maximum(np.add(np.matmul(input, np.transpose(p.weight)), p.bias), 0);
      return { loss: np.mean(np.square(hidden)), aux: {} };
    }, weights);
    return { loss, gradients };
  };
  const { graph } = await trace(step, [params, x], "layer");
  assert.ok(simplify(graph).equations.length < graph.equations.length);
});

test("outputs may be inputs, constants, repeated, or independent of the inputs", async () => {
  const x = filled([2], 3);
  const odd = (a: Array, _unused: Array): Tree<Array> => {
    const sum = np.add(a, 1);
    return { same: a, twice: [sum, sum], four: np.array(4), ones: np.ones([3]) };
  };
  const program = await compile(odd, [x, filled([7], 0)], { name: "odd" });
  const result = (await read(await program.run(x, filled([7], 0)))) as {
    same: Tensor;
    twice: Tensor[];
    four: Tensor;
    ones: Tensor;
  };
  assert.deepEqual([...result.same.data], [3, 3]);
  assert.deepEqual(
    result.twice.map(({ data }) => [...data]),
    [
      [4, 4],
      [4, 4],
    ],
  );
  assert.deepEqual([...result.four.data], [4]);
  assert.deepEqual([...result.ones.data], [1, 1, 1]);
  await assert.rejects(
    program.run(filled([3], 0), filled([7], 0)),
    /argument 0\. is float32\[3\], compiled for float32\[2\]/,
  );
  await program.dispose();
});

test("an unavailable device is refused, with a list of those available", async () => {
  const missing = process.platform === "darwin" ? "dml" : "coreml";
  await assert.rejects(
    compile((x: Array) => [x], [filled([1], 0)], { device: missing }),
    /not available here; there are: cpu/,
  );
});

test("chains of scales and signs become one scale", () => {
  const [x, spread, a, b, c, d] = [value(4), value(4), value(4), value(4), value(4), value(4)] as const;
  const graph: Graph = {
    inputs: [x],
    outputs: [d],
    equations: [
      equation("broadcast", [literal(0.25)], spread, { shape: [4], axis: [0] }),
      equation("mul", [spread, x], a),
      equation("add", [a, a], b),
      equation("neg", [b], c),
      equation("mul", [c, literal(6)], d),
    ],
  };
  const [only, ...others] = simplify(graph).equations;
  assert.deepEqual(others, []);
  assert.equal(only?.primitive, "mul");
  assert.deepEqual(only?.inputs, [x, literal(-3)]);
});

test("adding a negative is subtracting, and multiplying by a reciprocal is dividing", () => {
  for (const [undo, operation, together] of [
    ["neg", "add", "sub"],
    ["reciprocal", "mul", "div"],
  ] as const) {
    const [x, y, undone, one, other] = [value(4), value(4), value(4), value(4), value(4)] as const;
    const graph: Graph = {
      inputs: [x, y],
      outputs: [one, other],
      equations: [
        equation(undo, [y], undone),
        equation(operation, [x, undone], one),
        equation(operation, [undone, x], other),
      ],
    };
    const [, first, second] = inverse(graph).equations;
    for (const found of [first, second]) {
      assert.equal(found?.primitive, together);
      assert.deepEqual(found?.inputs, [x, y]);
    }
  }
});

test("a few reciprocals stay: they are fewer than the quotients", () => {
  const [x, y, one, product] = [value(3, 4), value(3, 1), value(3, 1), value(3, 4)] as const;
  const equations = [equation("reciprocal", [y], one), equation("mul", [x, one], product)];
  const graph: Graph = { inputs: [x, y], outputs: [product], equations };
  assert.deepEqual(inverse(graph).equations, equations);
});

test("a ReLU's backward pass is a step and a product", async () => {
  const derivative = (x: Array) => {
    const { loss, gradients } = valueAndGrad(([y]: [Array]) => ({ loss: np.sum(np.square(relu(y))), aux: [] }), [x]);
    return [loss, gradients[0]];
  };
  const { equations } = simplify((await trace(derivative, [filled([4], 1)], "relu")).graph);
  const primitives = equations.map(({ primitive }) => primitive);
  assert.equal(primitives.filter((primitive) => primitive === "step").length, 1);
  assert.ok(!primitives.some((primitive) => ["compare", "cast", "where"].includes(primitive)), primitives.join());
});

test("scales are moved out of a product, unless they have other uses", () => {
  const [x, y, a, b, product] = [value(4), value(4), value(4), value(4), value(4)] as const;
  const graph: Graph = {
    inputs: [x, y],
    outputs: [product],
    equations: [
      equation("mul", [x, literal(2)], a),
      equation("mul", [y, literal(3)], b),
      equation("mul", [a, b], product),
    ],
  };
  const simple = simplify(graph).equations;
  assert.deepEqual(simple.map(({ inputs }) => inputs)[0], [x, y]);
  assert.deepEqual(simple[1]?.inputs, [simple[0]?.outputs[0], literal(6)]);
  assert.equal(simple[1]?.outputs[0], product);
  const kept = hoist({ ...graph, outputs: [product, a, b] });
  assert.deepEqual(kept.equations, graph.equations);
});

test("equal constants become one, so that equal expressions of them are computed once", async () => {
  const table = (value: number): Tensor => filled([3], value);
  const scaled = (x: Array, by: Tensor) => np.exp(np.multiply(x, constant(by)));
  const fn = (x: Array) => [scaled(x, table(2)), scaled(x, table(2)), scaled(x, table(3))];
  const traced = await trace(fn, [filled([3], 1)], "twice");
  const exponentials = simplify(traced.graph).equations.filter(({ primitive }) => primitive === "exp");
  assert.equal(exponentials.length, 2);
  const program = await compile(fn, [filled([3], 1)]);
  const [a, b, c] = (await read(await program.run(filled([3], 0.5)))) as Tensor[];
  assert.deepEqual([a!.data, b!.data], [a!.data, a!.data]);
  assert.ok(Math.abs(a!.data[0]! - Math.E) < 1e-6 && Math.abs(c!.data[0]! - Math.exp(1.5)) < 1e-5);
  await program.dispose();
});
