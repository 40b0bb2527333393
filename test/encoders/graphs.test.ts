/** Graph encoders against PyTorch's flat lists of nodes and edges; padding, packing and the form of the adjacency change nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  np,
  Rng,
  type Tensor,
  type Traced,
  tree,
} from "../../src/array/index.ts";
import type { EncoderDefinition } from "../../src/encoders/encoder.ts";
import { gcn } from "../../src/encoders/gcn.ts";
import { gin } from "../../src/encoders/gin.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { degreesOf, neighboursOf } from "../../src/graphs/neighbours.ts";
import type { GraphShape } from "../../src/graphs/padding.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { batch, columns, graphs, packed, packedShape, shape, specs } from "../fixtures/graph-batch.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const training = (forward: () => Array) => inTraining(undefined, forward).result;
const traced = (tensors: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, constant(tensor)]));
const WIDTH = 6;
const build = {
  gin: (options = {}) => gin.build(gin.options.parse({ width: WIDTH, depth: 2, ...options }), specs),
  gcn: (options = {}) => gcn.build(gcn.options.parse({ width: WIDTH, ...options }), specs),
};
/** From 129 nodes on, matrices are filled edge by edge; from 4,097 on, messages are summed along edges. */
const shapes: Record<string, GraphShape> = {
  dense: shape,
  "dense, more padding": { ...shape, maxNodes: 40, maxEdges: 31 },
  sparse: { ...shape, maxNodes: 129, maxEdges: 9 },
  "along edges": { ...shape, maxNodes: 4100, maxEdges: 9 },
};

for (const [form, padded] of Object.entries(shapes))
  for (const pooling of ["sum", "mean", "max"] as const)
    test(`gin, ${pooling}, ${form}: output and every gradient as torch's`, async () => {
      const encoder = build.gin({ pooling });
      const params = { p: weights(encoder.init(new Rng(0))) };
      const inputs = batch(graphs, padded);
      const expected = await torchCase("graphs", `gin ${pooling}`);
      for (const device of ["cpu", "wasm"] as const) {
        const { output, gradients } = await outputAndGradients(
          ({ p }: Traced<typeof params>) => training(() => encoder.apply(p, traced(inputs))),
          params,
          device,
        );
        assertMatches(output, expected.output, `${form} on ${device}`);
        assertGradients(gradients, expected);
      }
    });

test("gin with all layers side by side: output and every gradient as torch's", async () => {
  const encoder = build.gin({ pooling: "sum", jumping: "concat" });
  assert.equal(encoder.embedDim, 2 * WIDTH);
  const params = { p: weights(encoder.init(new Rng(0))) };
  const inputs = batch(graphs, shape);
  const expected = await torchCase("graphs", "gin concat");
  const { output, gradients } = await outputAndGradients(
    ({ p }: Traced<typeof params>) => training(() => encoder.apply(p, traced(inputs))),
    params,
  );
  assertMatches(output, expected.output, "gin concat");
  assertGradients(gradients, expected);
});

test("gin: running statistics are of nodes, not of padding, and are used in evaluation", async () => {
  const encoder = build.gin();
  const params = weights(encoder.init(new Rng(0)));
  const inputs = batch(graphs, shapes.sparse!);
  const results = await evaluate(
    (p: Traced<typeof params>) => {
      const { statistics } = inTraining(undefined, () => encoder.apply(p, traced(inputs)));
      const leaves = new Map(tree.entries<Array>(p));
      const updated = (name: string) => statistics.get(leaves.get(`layers.1.norm.${name}`)!)!;
      return { mean: updated("runningMean"), variance: updated("runningVariance") };
    },
    [params] as const,
  );
  const expected = await torchCase("graphs", "gin mean");
  const { mean, variance } = results as Record<string, Tensor>;
  assertMatches(mean!, expected["running mean"], "running mean");
  assertMatches(variance!, expected["running variance"], "running variance");
  const fixed = await evaluateOne((p: Traced<typeof params>) => encoder.apply(p, traced(inputs)), [params] as const);
  assertMatches(fixed, (await torchCase("graphs", "gin evaluated")).output, "evaluated");
});

test("gin: masked nodes have the token; the vectors of packed graphs are those of padded ones", async () => {
  const encoder = build.gin();
  const params = { p: weights(encoder.init(new Rng(0))) };
  const expected = await torchCase("graphs", "gin masked");
  const at = Float32Array.from(fill("graphs hidden", [packed.count]).data, (value) => Number(value > 0));
  for (const maxNodes of [12, 130]) {
    const inputs = batch([packed], { ...packedShape, maxNodes });
    const hidden = new Float32Array(maxNodes);
    hidden.set(at);
    const masked = () => ({ at: constant(float32(hidden, [1, maxNodes])), token: constant(fill("token", [1, WIDTH])) });
    const { output, gradients } = await outputAndGradients(({ p }: Traced<typeof params>) => {
      const vectors = training(() => encoder.nodes.encode(p, traced(inputs), { masked: masked() }));
      return np.split(np.reshape(vectors, [maxNodes, WIDTH]), [packed.count], 0)[0]!;
    }, params);
    assertMatches(output, expected.output, `${maxNodes} nodes`);
    assertGradients(gradients, expected);
  }
});

for (const norm of ["none", "batch"] as const)
  for (const [form, padded] of Object.entries(shapes))
    test(`gcn, norm ${norm}, ${form}: output and every gradient as torch's`, async () => {
      const encoder = build.gcn({ norm });
      const params = { p: weights(encoder.init(new Rng(0))) };
      const inputs = batch(graphs, padded);
      const expected = await torchCase("graphs", norm === "batch" ? "gcn batch norm" : "gcn");
      for (const device of ["cpu", "wasm"] as const) {
        const { output, gradients } = await outputAndGradients(
          ({ p }: Traced<typeof params>) => training(() => encoder.apply(p, traced(inputs))),
          params,
          device,
        );
        assertMatches(output, expected.output, `${form} on ${device}`);
        assertGradients(gradients, expected);
      }
    });

test("gcn: of a part of a graph with the whole graph's degrees, a root's vector is that in the whole graph", async () => {
  const { LargeGraph } = await import("../../src/graphs/sampling.ts");
  const { graphTensors } = await import("../../src/graphs/padding.ts");
  const encoder = build.gcn();
  const params = weights(encoder.init(new Rng(0)));
  const large = new LargeGraph(packed, columns);
  const roots = [0, 3, 4, 6, 8];
  // One layer reaches its neighbours, so two hops hold all that two layers see, though not all the edges of the rim.
  const parts = roots.map((root) => large.ego(root, { hops: 2, most: 50, rng: new Rng(1) }));
  const all = await evaluateOne((p: Traced<typeof params>) => encoder.hidden(p, traced(batch([packed], packedShape))), [
    params,
  ] as const);
  for (const maxNodes of [10, 200]) {
    const part = { ...shape, maxNodes, maxEdges: 9, readout: 1, degrees: true };
    for (const [index, { graph, degrees }] of parts.entries()) {
      const tensors = graphTensors(graph, part, { readout: Int32Array.of(0), degrees });
      const inputs = Object.fromEntries(
        Object.entries(tensors).map(([name, { dtype, shape, data }]) => [name, { dtype, shape: [1, ...shape], data }]),
      );
      const vector = await evaluateOne((p: Traced<typeof params>) => encoder.apply(p, traced(inputs)), [
        params,
      ] as const);
      const expected = all.data.slice(roots[index]! * WIDTH, (roots[index]! + 1) * WIDTH);
      assertMatches(vector, [...expected], `node ${roots[index]} of ${maxNodes}`);
    }
  }
  assertMatches(
    { ...all, data: all.data.slice(0, packed.count * WIDTH) },
    (await torchCase("graphs", "gcn nodes")).output,
    "all nodes",
  );
});

test("a readout gives the vectors of its nodes, row by row", async () => {
  for (const encoder of [build.gin(), build.gcn()])
    for (const maxNodes of [8, 140]) {
      const padded = { ...shape, maxNodes };
      const params = weights(encoder.init(new Rng(0)));
      const inputs = batch(graphs, padded);
      const readout = int32([4, 0, 2, 1, 0, 7], [3, 2]);
      const [all, some] = await Promise.all([
        evaluateOne((p: Traced<typeof params>) => encoder.hidden(p as never, traced(inputs)), [params] as const),
        evaluateOne((p: Traced<typeof params>) => encoder.apply(p as never, traced({ ...inputs, readout })), [
          params,
        ] as const),
      ]);
      assert.deepEqual(some.shape, [6, WIDTH]);
      const rows = [4, 0, maxNodes + 2, maxNodes + 1, 2 * maxNodes, 2 * maxNodes + 7];
      assertMatches(
        some,
        rows.flatMap((row) => [...all.data.slice(row * WIDTH, (row + 1) * WIDTH)]),
        "readout",
        1e-6,
      );
      assert.ok(
        some.data.slice(5 * WIDTH).every((value) => value === 0),
        "padding",
      );
    }
});

test("degrees of the whole graph need not be given where the graph is whole", async () => {
  const encoder = build.gcn();
  const params = weights(encoder.init(new Rng(0)));
  const inputs = batch([packed], packedShape);
  const degrees = new Float32Array(packedShape.maxNodes);
  degrees.set(degreesOf(neighboursOf(packed, columns)));
  const run = (more: Record<string, Tensor>) =>
    evaluateOne((p: Traced<typeof params>) => encoder.hidden(p, traced({ ...inputs, ...more })), [params] as const);
  const [without, given] = await Promise.all([run({}), run({ degrees: float32(degrees, [1, packedShape.maxNodes]) })]);
  assertMatches(given, [...without.data], "degrees", 1e-6);
});

test("an empty graph has a vector of zeros, whatever the pooling", async () => {
  for (const pooling of ["sum", "mean", "max"] as const) {
    const encoder = build.gin({ pooling });
    const params = weights(encoder.init(new Rng(0)));
    const none = { count: 0, nodes: new Int32Array(0), edges: new Int32Array(0), values: new Float32Array(0) };
    const inputs = batch([none, graphs[1]!], shape);
    const output = await evaluateOne((p: Traced<typeof params>) => encoder.apply(p, traced(inputs)), [params] as const);
    assert.ok(output.data.slice(0, WIDTH).every((value) => value === 0) && output.data[WIDTH] !== 0);
  }
});

test("data that are no graphs are refused in a line", () => {
  for (const encoder of [gin, gcn] as readonly Pick<EncoderDefinition, "build" | "options">[])
    assert.throws(
      () => encoder.build(encoder.options.parse({}), { codes: { dtype: "int32", shape: [3], below: [2, 2, 2] } }),
      (error) => error instanceof UserError && /reads graphs/.test(error.message),
    );
});

test("pretrain-gnns' GIN has its number of parameters, but for the biases that its norms take away", () => {
  const { nodes, edges } = specs;
  const encoder = gin.build(gin.options.parse({}), {
    nodes: { ...nodes!, below: [120, 3] },
    edges: { ...edges!, below: [6, 6, 6, 3] },
  });
  const count = (value: unknown): number =>
    value && typeof value === "object"
      ? "data" in value && value.data instanceof Float32Array
        ? value.data.length
        : Object.values(value).reduce((sum: number, part) => sum + count(part), 0)
      : 0;
  // Two node tables; of each layer two edge tables (a loop's row is its own), 300 → 600 → 300, the norm and its statistics.
  const layer = (6 + 3 + 1) * 300 + 300 * 600 + 600 + 600 * 300 + 4 * 300;
  assert.equal(count(encoder.init(new Rng(0))), 123 * 300 + 5 * layer);
});
