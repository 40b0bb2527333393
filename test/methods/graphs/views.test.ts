/** What the methods that learn from nodes are given of a sample, and that they learn from it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { constant, Rng, type Tensor, type Array as TracedArray, tree } from "../../../src/array/index.ts";
import { gin } from "../../../src/encoders/gin.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { attributeMasking } from "../../../src/methods/attribute-masking.ts";
import { contextPrediction } from "../../../src/methods/context-prediction.ts";
import { dgi } from "../../../src/methods/dgi.ts";
import { edgePrediction } from "../../../src/methods/edge-prediction.ts";
import { grace } from "../../../src/methods/grace.ts";
import { graphMae } from "../../../src/methods/graph-mae.ts";
import type { MethodDefinition } from "../../../src/methods/index.ts";
import { infograph } from "../../../src/methods/infograph.ts";
import { assertLearns } from "../checks.ts";
import { atStart, noEntry, stack } from "../toy.ts";
import { graphModality, graphOf } from "./toy-graphs.ts";

const shape = { nodeSizes: [5, 4], edgeSizes: [3, 2], valueDim: 2, maxNodes: 14, maxEdges: 16 };
function build(definition: MethodDefinition, options: object = {}, of: Partial<typeof shape> = {}, readout = false) {
  const modality = graphModality({ ...shape, ...of });
  const specs = readout ? { ...modality.specs, readout: { dtype: "int32", shape: [14] } as const } : modality.specs;
  const encoder = gin.build(gin.options.parse({ width: 12, depth: 2 }), modality.specs);
  return definition.build({
    encoder: encoder as never,
    modality: { ...modality, specs } as never,
    options: definition.options.parse(options),
    samples: 4,
  });
}
type Views = Readonly<Record<string, Tensor & Readonly<Record<string, Tensor>>>>;
const viewsOf = (definition: MethodDefinition, options: object, sample: number, seed = 0): Views =>
  build(definition, options).views(sample, new Rng(seed), noEntry) as Views;
const marked = ({ data }: Tensor) => [...data].flatMap((value, at) => (value > 0 ? [at] : []));

test("attribute masking hides one node more than the share, none of padding, others at another seed", () => {
  const seen = [0, 1, 2, 3].map((seed) => marked(viewsOf(attributeMasking, {}, 3, seed).at!));
  for (const places of seen) {
    assert.equal(places.length, 2); // floor(0.15 · 12) + 1
    assert.ok(places.every((place) => place < 12));
  }
  assert.ok(new Set(seen.map(String)).size > 1);
});

test("GraphMAE hides half; of these a share has another node's attributes, all others' stay", () => {
  const { graph, seen, hidden, masked } = viewsOf(graphMae, { replaceRatio: 0.5 }, 3);
  assert.equal(marked(hidden!).length, 6);
  assert.equal(marked(masked!).length, 3);
  const rows = ({ nodes, values }: Views[string], place: number) =>
    String([...nodes!.data.slice(2 * place, 2 * place + 2), ...values!.data.slice(2 * place, 2 * place + 2)]);
  const all = new Set(Array.from({ length: 12 }, (_, place) => rows(graph!, place)));
  for (let place = 0; place < 14; place++) {
    const isReplaced = marked(hidden!).includes(place) && !marked(masked!).includes(place);
    if (isReplaced) assert.ok(all.has(rows(seen!, place)));
    else assert.equal(rows(seen!, place), rows(graph!, place));
  }
  assert.deepEqual(seen!.edges, graph!.edges);
});

test("DGI moves attributes between the nodes that are there", () => {
  const { graph, shuffled } = viewsOf(dgi, {}, 3);
  const rows = ({ nodes }: Views[string]) =>
    Array.from({ length: 14 }, (_, place) => String(nodes!.data.slice(2 * place, 2 * place + 2)));
  assert.notDeepEqual(rows(shuffled!), rows(graph!));
  assert.deepEqual(rows(shuffled!).toSorted(), rows(graph!).toSorted());
  assert.deepEqual(rows(shuffled!).slice(12), ["0,0", "0,0"]);
});

/** Pairs that are asked about, smaller place first. */
const pairsOf = (pairs: Readonly<Record<string, Tensor>>) =>
  marked(pairs.there!).map((slot) => String([pairs.from!.data[slot], pairs.to!.data[slot]].sort((a, b) => a! - b!)));
const edgesOf = ({ data }: Tensor) =>
  Array.from({ length: data.length / 4 }, (_, row) => [...data.slice(4 * row, 4 * row + 4)])
    .filter(([, , code]) => code! > 0)
    .map(([from, to]) => String([from!, to!].sort((a, b) => a - b)));

test("edge prediction asks about all edges and as many pairs without one, or hides those that it asks about", () => {
  const known = edgesOf(viewsOf(edgePrediction, {}, 3).graph!.edges!);
  for (const hideRatio of [0, 0.5]) {
    const { graph, connected, apart } = viewsOf(edgePrediction, { hideRatio }, 3);
    const asked = pairsOf(connected!);
    assert.equal(asked.length, hideRatio ? 6 : 12);
    assert.equal(connected!.from!.shape[0], hideRatio ? 8 : 16);
    assert.ok(asked.every((pair) => known.includes(pair)));
    const left = edgesOf(graph!.edges!);
    assert.deepEqual(left.toSorted(), (hideRatio ? known.filter((pair) => !asked.includes(pair)) : known).toSorted());
    const others = pairsOf(apart!);
    assert.equal(others.length, asked.length);
    assert.equal(new Set(others).size, others.length);
    assert.ok(others.every((pair) => !known.includes(pair)));
  }
});

test("pairs without an edge are of one connected part, and not asked for where there are none", () => {
  // Two paths of three nodes, and a node alone.
  const nodes = Int32Array.from(Array.from({ length: 7 }, () => [2, 2]).flat());
  const graph = {
    ...{ count: 7, nodes, values: new Float32Array(14) },
    edges: Int32Array.of(...[0, 1, 1, 1], ...[1, 2, 1, 1], ...[3, 4, 1, 1], ...[4, 5, 1, 1]),
  };
  const views = (sample: unknown) => build(edgePrediction).views(sample, new Rng(0), noEntry) as Views;
  assert.deepEqual(pairsOf(views(graph).apart!).toSorted(), ["0,2", "3,5"]);
  const pair = { ...graph, count: 2, nodes: nodes.slice(0, 4), edges: graph.edges.slice(0, 4) };
  assert.deepEqual(pairsOf(views(pair).apart!), []);
  const alone = { ...pair, count: 1, edges: new Int32Array(0) };
  assert.deepEqual([pairsOf(views(alone).connected!), pairsOf(views(alone).apart!)], [[], []]);
});

test("a neighbourhood has its node first; a context is the ring around it, and shares what is in both", () => {
  // A path of nine nodes whose second code is not told apart, but whose first number is the place.
  const count = 9;
  const graph = {
    count,
    nodes: Int32Array.from(Array.from({ length: count }, () => [2, 2]).flat()),
    edges: Int32Array.from(Array.from({ length: count - 1 }, (_, at) => [at, at + 1, 1, 1]).flat()),
    values: Float32Array.from(Array.from({ length: count }, (_, at) => [at, 1]).flat()),
  };
  const method = build(contextPrediction, { contextHops: 2 });
  const roots = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const { neighborhood, context, shared } = method.views(graph, new Rng(seed), noEntry) as Views;
    const places = ({ nodes, values }: Views[string]) =>
      Array.from({ length: 14 }, (_, at) => at)
        .filter((at) => nodes!.data[2 * at]! > 0)
        .map((at) => values!.data[2 * at]!);
    const [root = -1] = places(neighborhood!);
    roots.add(root);
    const at = (nearest: number, farthest: number) =>
      [...Array(count).keys()].filter(
        (place) => Math.abs(place - root) >= nearest && Math.abs(place - root) <= farthest,
      );
    // Two layers: K is 2, r₁ is 1, r₂ is 3.
    assert.deepEqual(places(neighborhood!).toSorted(), at(0, 2));
    assert.deepEqual(places(context!).toSorted(), at(2, 3));
    assert.deepEqual(
      marked(shared!)
        .map((place) => places(context!)[place]!)
        .toSorted(),
      at(2, 2),
    );
  }
  assert.ok(roots.size > 5);
});

test("of surroundings that are more than is read at once, the farthest are left out", () => {
  // A star of rays of four nodes: 29 nodes, of which fourteen and sixteen edges are read.
  const rays = Array.from({ length: 7 }, (_, ray) => [0, 1, 2, 3].map((hop) => 1 + 4 * ray + hop));
  const edges = rays.flatMap((ray) => ray.flatMap((place, hop) => [hop === 0 ? 0 : place - 1, place, 1, 1]));
  const graph = {
    ...{ count: 29, nodes: new Int32Array(58).fill(2), edges: Int32Array.from(edges) },
    values: Float32Array.from(Array.from({ length: 29 }, (_, at) => [at, 1]).flat()),
  };
  const hops = (place: number) => (place === 0 ? 0 : 1 + ((place - 1) % 4));
  let most = 0;
  for (let seed = 0; seed < 40; seed++) {
    const method = build(contextPrediction, { neighborhood: 2, contextHops: 3 });
    const { neighborhood, context, shared } = method.views(graph, new Rng(seed), noEntry) as Views;
    const numbers = ({ values }: Views[string]) => [...values!.data].filter((_, at) => at % 2 === 0);
    const count = ({ nodes }: Views[string]) => nodes!.data.filter((code) => code > 0).length / 2;
    most = Math.max(most, count(neighborhood!), count(context!));
    if (numbers(neighborhood!)[0] !== 0) continue;
    // Around the middle: seven nodes at one hop, six of the seven at two; and of the ring, the seven at two hops first.
    assert.deepEqual(numbers(neighborhood!).slice(0, 14).map(hops), [0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    assert.deepEqual(numbers(context!).map(hops), [2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3]);
    assert.deepEqual(marked(shared!), [0, 1, 2, 3, 4, 5, 6]);
  }
  assert.equal(most, 14);
});

test("GRACE's views lack their own shares of edges and columns; nodes without numbers are hidden instead", () => {
  const options = { removeEdges: [0, 0.5], maskFeatures: [0.5, 0] };
  const { first, second } = viewsOf(grace, options, 3);
  assert.equal(edgesOf(first!.edges!).length, 12);
  assert.equal(edgesOf(second!.edges!).length, 6);
  const whole = graphModality(shape).tensors(3);
  assert.ok(isDeepStrictEqual(second!.values, whole.values));
  const cleared = [0, 1].filter((column) => first!.values!.data.every((value, at) => at % 2 !== column || value === 0));
  assert.equal(cleared.length, 1);
  const { values: _, ...codes } = graphOf(3);
  const method = build(grace, options, { valueDim: 0 });
  const views = method.views(codes, new Rng(0), noEntry) as Views;
  assert.equal(views.first!.nodes!.data.filter((code) => code === 1).length, 12);
  assert.equal(views.second!.nodes!.data.filter((code) => code === 1).length, 0);
});

test("what cannot be predicted is refused in one line that says what to do", () => {
  const refused = (
    definition: MethodDefinition,
    message: RegExp,
    options: object = {},
    of: object = {},
    readout = false,
  ) =>
    assert.throws(
      () => build(definition, options, of, readout),
      (error) => error instanceof UserError && message.test(error.message),
    );
  refused(attributeMasking, /^attribute-masking: nodes have 2 attributes; --columns names attribute 2/, {
    columns: [2],
  });
  refused(attributeMasking, /^attribute-masking: attribute 0 is the same for all nodes/, {}, { nodeSizes: [3, 4] });
  refused(graphMae, /^graph-mae: attribute 0 is the same/, {}, { nodeSizes: [3, 4], valueDim: 0 });
  refused(graphMae, /^graph-mae: nodes have one number and no category/, {}, { nodeSizes: [3, 4], valueDim: 1 });
  refused(infograph, /^infograph: this data is one graph.*--method dgi/, {}, {}, true);
  refused(contextPrediction, /^context-prediction: a neighbourhood of 2 hops.*--inner-hops/, { innerHops: 2 });
});

test("methods that compare whole graphs refuse samples of several", () => {
  const modality = graphModality(shape);
  for (const definition of [dgi, infograph])
    assert.throws(
      () =>
        definition.build({
          encoder: gin.build(gin.options.parse({ width: 12, depth: 2 }), modality.specs) as never,
          modality: { ...modality, graphs: { ...modality.graphs, isPacked: true } } as never,
          options: {},
          samples: 4,
        }),
      new UserError(`${definition.name}: takes all graphs of a packed sample for one; leave out --pack`),
    );
});

test("what compares samples of a batch refuses a batch of one", () => {
  for (const [definition, message] of [
    [contextPrediction, /^context-prediction: a batch of 1 has no 1 other contexts.*--samples nodes/],
    [infograph, /^infograph: a batch of one graph/],
  ] as const) {
    const method = build(definition);
    const views = tree.map<Tensor, TracedArray>(stack([method.views(3, new Rng(0), noEntry)]), constant);
    const params = tree.map<Tensor, TracedArray>(method.init(new Rng(0)), constant);
    assert.throws(
      () => method.loss(params as never, views as never, {}, atStart()),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
});

for (const [definition, options] of [
  [attributeMasking, { columns: [0, 1] }],
  [contextPrediction, {}],
  [dgi, {}],
  [edgePrediction, {}],
  [edgePrediction, { hideRatio: 0.3 }],
  [grace, {}],
  [graphMae, {}],
  [infograph, {}],
] as const)
  test(`${definition.name} ${JSON.stringify(options)}: ten steps lower the loss`, async () => {
    await assertLearns(build(definition, options));
    if (definition === graphMae) {
      await assertLearns(build(definition, { columns: [0, 1] }, { valueDim: 0 }));
      // Where there is but one category, numbers alone are restored.
      await assertLearns(build(definition, {}, { nodeSizes: [3, 5] }));
    }
  });
