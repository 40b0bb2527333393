import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, np, Rng, sizeOf, type Tensor } from "../../../src/array/index.ts";
import { type Atom, type Graph, isLiteral, type Value } from "../../../src/engine/graph.ts";
import { compile, read, valueAndGrad } from "../../../src/engine/index.ts";
import { simplify } from "../../../src/engine/passes/index.ts";
import { recompute } from "../../../src/engine/passes/recompute.ts";
import { schedule } from "../../../src/engine/passes/schedule.ts";
import { onnxRuntime } from "../../../src/engine/runtimes/onnx.ts";
import { trace } from "../../../src/engine/trace.ts";
import { relu } from "../../../src/layers/functions/relu.ts";

type Weights = { first: Array; second: Array; third: Array };

/** Three layers, each centred and rectified as after a BatchNorm, and the gradients of a loss. */
function step(weights: Weights, x: Array) {
  const layer = (input: Array, weight: Array) => {
    const sums = np.matmul(input, weight);
    const centred = np.subtract(sums, np.mean(sums, 0));
    const squared = np.mean(np.square(centred), 0);
    return relu(np.add(np.multiply(centred, np.reciprocal(np.sqrt(np.add(squared, 1e-5)))), 0.1));
  };
  const { loss, gradients } = valueAndGrad((p: Weights) => {
    const out = layer(layer(layer(x, p.first), p.second), p.third);
    return { loss: np.mean(np.square(out)), aux: {} };
  }, weights);
  return { loss, gradients };
}

const rng = new Rng(5);
const weights = { first: rng.normals([24, 24]), second: rng.normals([24, 24]), third: rng.normals([24, 24]) };
const x = rng.normals([64, 24]);

/** Most elements alive at a time, in the graph's order; views take none. */
function mostHeld({ equations, outputs }: Graph): number {
  const roots = new Map<Value, Value>();
  const rootOf = (value: Value) => roots.get(value) ?? value;
  const lastUse = new Map<Value, number>();
  equations.forEach((equation, at) => {
    for (const input of equation.inputs) if (!isLiteral(input)) lastUse.set(rootOf(input), at);
    const [input] = equation.inputs;
    if (["reshape", "broadcast", "transpose"].includes(equation.primitive) && input && !isLiteral(input))
      roots.set(equation.outputs[0]!, rootOf(input));
  });
  for (const output of outputs) if (!isLiteral(output)) lastUse.set(rootOf(output), equations.length);
  const made = equations.flatMap(({ outputs: values }, at) => values.map((value) => ({ value, at })));
  const held = equations.map((_, at) =>
    made
      .filter(({ value, at: from }) => !roots.has(value) && from <= at && (lastUse.get(value) ?? -1) >= at)
      .reduce((sum, { value }) => sum + sizeOf(value.shape), 0),
  );
  return Math.max(...held);
}

test("ReLU's results are recomputed for the backward pass, and fewer elements are held", async () => {
  const graph = simplify((await trace(step, [weights, x], "layers")).graph);
  const again = recompute(graph, 64 * 24);
  const count = (one: Graph) => one.equations.filter(({ primitive }) => primitive === "max").length;
  assert.equal(count(graph), 3);
  assert.ok(count(again) >= 5, `${count(again)} results of max`);
  const products = (one: Graph) => one.equations.filter(({ primitive }) => primitive === "dot").length;
  assert.equal(products(again), products(graph));
  const [before, after] = [mostHeld(schedule(graph)), mostHeld(schedule(again))];
  assert.ok(after <= before - 64 * 24, `${after} elements held of ${before}`);
});

test("recomputed values are the same to the last bit", async () => {
  const traced = await trace(step, [weights, x], "layers");
  const program = await compile(step, [weights, x]);
  const expected = (await read(await program.run(weights, x))) as { loss: Tensor; gradients: Record<string, Tensor> };
  await program.dispose();
  const graph = recompute(simplify(traced.graph), 64 * 24);
  const executable = await onnxRuntime({ ...traced, graph }, { device: "cpu", name: "layers" });
  const results = await executable.run([...Object.values(weights), x]);
  const [loss, ...gradients] = await Promise.all(results.map((result) => result.read()));
  await executable.dispose();
  const { first, second, third } = expected.gradients;
  assert.deepEqual(
    [loss, ...gradients].map((tensor) => tensor!.data),
    [expected.loss, first, second, third].map((tensor) => tensor!.data),
  );
});

test("small values, and programs that keep none, are left alone", async () => {
  const graph = simplify((await trace(step, [weights, x], "layers")).graph);
  assert.equal(recompute(graph), graph);
  const forward = (input: Array) => relu(np.add(input, 1));
  const plain = simplify((await trace(forward, [x], "forward")).graph);
  assert.equal(recompute(plain, 1), plain);
});

test("a schedule keeps all equations, in topological order", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { maxLength: 30 }), (choices) => {
      const values = globalThis.Array.from(
        { length: choices.length + 1 },
        (_, id): Value => ({ id, dtype: "float32", shape: [2] }),
      );
      const equations = choices.map((inputs, index) => ({
        primitive: "add",
        inputs: inputs.map((at) => values[at % (index + 1)]!),
        params: {},
        outputs: [values[index + 1]!],
      }));
      const available = new Set<Atom>(values.slice(0, 1));
      for (const { inputs, outputs } of schedule({ inputs: [values[0]!], equations, outputs: [] }).equations) {
        for (const input of inputs) assert.ok(available.has(input));
        available.add(outputs[0]!);
      }
      assert.equal(available.size, values.length);
    }),
  );
});
