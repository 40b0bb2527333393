/** The typed-array side of graphs: nothing is lost, nothing is made up, and the same seed gives the same view. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Rng } from "../../src/array/rng.ts";
import type { Graph } from "../../src/data/graph.ts";
import { edgeCount, edgeWidth } from "../../src/graphs/columns.ts";
import { degreesOf, neighboursOf } from "../../src/graphs/neighbours.ts";
import { firstFit, joined } from "../../src/graphs/packing.ts";
import { extents, fitted, graphSpecs, graphTensors } from "../../src/graphs/padding.ts";
import { breadthFirst, cut, part } from "../../src/graphs/parts.ts";
import { LargeGraph } from "../../src/graphs/sampling.ts";
import { corrupted, dropNodes, hideNodes, walkedPart } from "../../src/graphs/views.ts";
import { anyGraph, columns, randomGraph } from "./graphs.ts";

const seed = fc.integer();
const share = fc.double({ min: 0, max: 1, noNaN: true });
const rowsOf = (data: ArrayLike<number>, width: number): string[] =>
  Array.from({ length: data.length / width }, (_, row) =>
    Array.from({ length: width }, (_, at) => data[row * width + at]).join(),
  );
const edgesOf = (graph: Graph) => rowsOf(graph.edges, edgeWidth(columns));
/** Edges as the places `of` names their ends, the smaller first, so that two lists of them can be compared. */
const edgesAmong = (graph: Graph, of: ArrayLike<number>) =>
  edgesOf(graph)
    .map((row) => row.split(",").map(Number))
    .map(([from, to, ...codes]) => [[of[from!]!, of[to!]!].sort((a, b) => a - b), codes].join())
    .sort();
const own = (graph: Graph) => Array.from({ length: graph.count }, (_, place) => place);

/** That a graph is the part of another with these nodes: their rows, and exactly the edges between them. */
function isPart(small: Graph, large: Graph, places: ArrayLike<number>): void {
  assert.equal(small.count, places.length);
  const all = [rowsOf(large.nodes, 2), rowsOf(large.values!, 2)];
  assert.deepEqual(
    [rowsOf(small.nodes, 2), rowsOf(small.values!, 2)],
    all.map((rows) => Array.from(places, (at) => rows[at])),
  );
  const kept = new Set(Array.from(places));
  const inside = edgesAmong(large, own(large)).filter((row) =>
    row
      .split(",")
      .slice(0, 2)
      .every((end) => kept.has(Number(end))),
  );
  assert.deepEqual(edgesAmong(small, places), inside);
}

test("tensors have the shapes that specs say, the graph's rows first, then zeros", () => {
  fc.assert(
    fc.property(anyGraph, fc.nat(5), fc.nat(5), (graph, more, others) => {
      const count = edgeCount(graph, columns);
      const shape = {
        ...columns,
        maxNodes: graph.count + more,
        maxEdges: Math.max(1, count + others),
        readout: 1,
        degrees: true,
      };
      const degrees = degreesOf(neighboursOf(graph, columns));
      const tensors = graphTensors(graph, shape, { readout: Int32Array.of(0), degrees });
      const specs = graphSpecs(shape);
      assert.deepEqual(Object.keys(tensors), Object.keys(specs));
      for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
        assert.deepEqual({ dtype, shape }, { dtype: specs[name]!.dtype, shape: specs[name]!.shape });
        assert.equal(
          data.length,
          shape.reduce((a, b) => a * b),
        );
      }
      const filled = { nodes: graph.nodes, edges: graph.edges, values: graph.values!, degrees };
      for (const [name, data] of Object.entries(filled)) {
        assert.deepEqual(tensors[name]!.data.slice(0, data.length), data);
        assert.ok(tensors[name]!.data.slice(data.length).every((value) => value === 0));
      }
    }),
  );
  assert.deepEqual(graphSpecs({ ...columns, valueDim: 0, maxNodes: 3, maxEdges: 2 }), {
    nodes: { dtype: "int32", shape: [3, 2], below: [7, 4] },
    edges: { dtype: "int32", shape: [2, 4], below: [3, 3, 5, 3] },
  });
});

test("a graph that is too large is refused by tensors, and fits after it was cut", () => {
  const graph = randomGraph(1, 20, 0.3);
  const shape = { ...columns, maxNodes: 8, maxEdges: 9 };
  assert.throws(() => graphTensors(graph, shape), /20 nodes and \d+ edges does not fit 8 and 9/);
  const small = fitted(graph, shape, new Rng(3));
  assert.ok(small.count <= 8 && edgeCount(small, columns) <= 9 && small.count > 2);
  graphTensors(small, shape);
  assert.equal(fitted(small, shape), small);
});

test("extents hold the share of graphs", () => {
  const sizes = Array.from({ length: 200 }, (_, index) => ({ nodes: index + 1, edges: 2 * index }));
  assert.deepEqual(extents(sizes), { maxNodes: 198, maxEdges: 394 });
  assert.deepEqual(extents(sizes, 1), { maxNodes: 200, maxEdges: 398 });
  assert.deepEqual(extents([{ nodes: 4, edges: 0 }]), { maxNodes: 4, maxEdges: 1 });
  assert.deepEqual(extents([]), { maxNodes: 1, maxEdges: 1 });
});

test("neighbours are both ends of every edge", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const { starts, places, rows } = neighboursOf(graph, columns);
      const listed = own(graph).flatMap((node) =>
        [...places.subarray(starts[node], starts[node + 1])].map(
          (place, at) => `${node},${place},${rows[starts[node]! + at]}`,
        ),
      );
      const expected = edgesOf(graph).flatMap((row, index) => {
        const [from, to] = row.split(",");
        return [`${from},${to},${index}`, `${to},${from},${index}`];
      });
      assert.deepEqual(listed.sort(), expected.sort());
    }),
  );
});

test("a part has its nodes' rows and all edges between them, however it is looked for", () => {
  fc.assert(
    fc.property(anyGraph, seed, share, (graph, at, size) => {
      const kept = new Rng(at).permutation(graph.count).subarray(0, Math.ceil(size * graph.count));
      const small = part(graph, columns, kept);
      isPart(small, graph, kept);
      const found = part(graph, columns, kept, neighboursOf(graph, columns));
      assert.deepEqual(found.nodes, small.nodes);
      assert.deepEqual(edgesOf(found).sort(), edgesOf(small).sort());
    }),
  );
});

test("cutting takes the nearest first, as many as fit, and of the next component only when one is done", () => {
  // A path 0 – 1 – 2 – 3 – 4 and a pair 5 – 6.
  const path = (pairs: number[][], count: number): Graph => ({
    count,
    nodes: new Int32Array(count * 2).fill(1),
    edges: Int32Array.from(pairs.flatMap(([from, to]) => [from!, to!, 1, 1])),
    values: new Float32Array(count * 2),
  });
  const graph = path(
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [5, 6],
    ],
    7,
  );
  const reached = (limits: Parameters<typeof breadthFirst>[1]) => [
    ...breadthFirst(neighboursOf(graph, columns), limits),
  ];
  assert.deepEqual(reached({ start: 2, maxNodes: 4, maxEdges: 9 }), [2, 1, 3, 0]);
  assert.deepEqual(reached({ start: 2, maxNodes: 6, maxEdges: 9 }), [2, 1, 3, 0, 4, 5]);
  assert.deepEqual(reached({ start: 2, maxNodes: 6, maxEdges: 2 }), [2, 1, 3]);
  assert.deepEqual(reached({ start: 6, maxNodes: 3, maxEdges: 9 }), [6, 5, 0]);
  fc.assert(
    fc.property(anyGraph, fc.nat(30), fc.nat(30), fc.nat(19), (graph, maxNodes, maxEdges, start) => {
      const limits = { start: start % graph.count, maxNodes: maxNodes + 1, maxEdges };
      const small = cut(graph, columns, limits);
      assert.ok(small.count >= 1 && small.count <= limits.maxNodes && edgeCount(small, columns) <= maxEdges);
      isPart(small, graph, breadthFirst(neighboursOf(graph, columns), limits));
      if (graph.count <= limits.maxNodes && edgeCount(graph, columns) <= maxEdges)
        assert.equal(small.count, graph.count);
    }),
  );
});

test("views that keep nodes in place change what they are asked to, in the shares asked for, and depend on rng alone", () => {
  fc.assert(
    fc.property(anyGraph, seed, share, share, share, (graph, at, edges, nodes, cleared) => {
      const before = structuredClone(graph);
      const view = corrupted(graph, columns, new Rng(at), { edges, nodes, columns: cleared });
      assert.deepEqual(corrupted(graph, columns, new Rng(at), { edges, nodes, columns: cleared }), view);
      assert.deepEqual(graph, before);
      assert.equal(view.count, graph.count);
      const near = (found: number, share: number, of: number) =>
        assert.ok(Math.abs(found - share * of) < 1 + 1e-9, `${found} of ${of}`);
      const known = new Set(edgesOf(graph));
      assert.ok(edgesOf(view).every((row) => known.has(row)));
      near(edgeCount(graph, columns) - edgeCount(view, columns), edges, edgeCount(graph, columns));
      const changed = rowsOf(view.nodes, 2).filter((row, place) => row !== rowsOf(graph.nodes, 2)[place]);
      assert.ok(changed.every((row) => row === "1,1"));
      const hidden = own(graph).filter((place) => view.values![2 * place] === 0 && view.values![2 * place + 1] === 0);
      const gone = [0, 1].filter((column) => own(graph).every((place) => view.values![2 * place + column] === 0));
      if (gone.length === 0 || cleared === 0) near(hidden.length, nodes, graph.count);
      if (nodes === 0) near(gone.length, cleared, 2);
    }),
  );
});

test("hidden nodes are unknown in every column", () => {
  const graph = randomGraph(4, 5, 0.5);
  const view = hideNodes(graph, columns, [1, 3]);
  assert.deepEqual(
    rowsOf(view.nodes, 2),
    rowsOf(graph.nodes, 2).map((row, place) => (place % 2 === 1 ? "1,1" : row)),
  );
  assert.deepEqual(edgesOf(view), edgesOf(graph));
});

test("GraphCL's node dropping and subgraph give parts of the share asked for", () => {
  fc.assert(
    fc.property(anyGraph, seed, share, (graph, at, size) => {
      // Values tell nodes apart, so a view's nodes can be found again.
      const values = rowsOf(graph.values!, 2);
      const placesIn = (view: Graph) => rowsOf(view.values!, 2).map((row) => values.indexOf(row));
      const dropped = dropNodes(graph, columns, new Rng(at), size);
      isPart(dropped, graph, placesIn(dropped));
      assert.ok(dropped.count >= 1 && Math.abs(dropped.count - (1 - size) * graph.count) < 1 + 1e-9);

      const walked = walkedPart(graph, columns, new Rng(at), size);
      isPart(walked, graph, placesIn(walked));
      const reach = breadthFirst(neighboursOf(walked, columns), { maxNodes: walked.count, maxEdges: 1e9 });
      assert.equal(reach.length, walked.count);
      assert.ok(walked.count >= 1 && walked.count <= size * graph.count + 1);
    }),
  );
  // Of a connected graph, a walk reaches any share, also where it has to go back: a star.
  const star: Graph = {
    count: 9,
    nodes: new Int32Array(18).fill(1),
    edges: Int32Array.from(Array.from({ length: 8 }, (_, leaf) => [0, leaf + 1, 1, 1]).flat()),
    values: new Float32Array(18),
  };
  assert.equal(walkedPart(star, columns, new Rng(2), 1).count, 9);
  assert.equal(edgeCount(walkedPart(star, columns, new Rng(2), 2 / 3), columns), 5);
});

test("packing loses no graph that fits, fills no bin too much, and joins graphs apart", () => {
  fc.assert(
    fc.property(fc.array(anyGraph, { maxLength: 40 }), (many) => {
      const room = { nodes: 24, edges: 60 };
      const sizes = many.map((graph) => ({ nodes: graph.count, edges: edgeCount(graph, columns) }));
      const bins = firstFit(sizes, room);
      const fits = sizes.flatMap(({ nodes, edges }, index) => (nodes <= 24 && edges <= 60 ? [index] : []));
      assert.deepEqual(
        bins.flat().sort((a, b) => a - b),
        fits,
      );
      for (const members of bins) {
        const packed = joined(
          members.map((index) => many[index]!),
          columns,
        );
        assert.ok(packed.count <= room.nodes && edgeCount(packed, columns) <= room.edges && members.length > 0);
        let start = 0;
        for (const index of members) {
          const places = Array.from({ length: many[index]!.count }, (_, at) => start + at);
          const back = part(packed, columns, places);
          assert.deepEqual(back, many[index]);
          start += many[index]!.count;
        }
      }
      // No bin could have taken the first graph of the next.
      bins.slice(1).forEach(([first], index) => {
        const used = bins[index]!.reduce((sum, member) => sum + sizes[member]!.nodes, 0);
        const edges = bins[index]!.reduce((sum, member) => sum + sizes[member]!.edges, 0);
        assert.ok(used + sizes[first!]!.nodes > 24 || edges + sizes[first!]!.edges > 60);
      });
    }),
  );
});

test("packing many graphs takes time that grows with their number, and wastes little", () => {
  const rng = new Rng(5);
  const sizes = Array.from({ length: 50_000 }, () => ({ nodes: rng.integer(10, 40), edges: rng.integer(10, 43) }));
  const bins = firstFit(sizes, { nodes: 64, edges: 72 });
  const nodes = sizes.reduce((sum, size) => sum + size.nodes, 0);
  assert.ok(nodes / (64 * bins.length) > 0.88, String(nodes / (64 * bins.length)));
});

test("an ego net is what is within so many hops, the root first, with the whole graph's degrees", () => {
  fc.assert(
    fc.property(anyGraph, seed, fc.nat(3), (graph, at, hops) => {
      const large = new LargeGraph(graph, columns);
      const root = Math.abs(at) % graph.count;
      const { graph: ego, places, degrees } = large.ego(root, { hops, most: 100, rng: new Rng(at) });
      isPart(ego, graph, places);
      assert.equal(places[0], root);
      const distance = new Map([[root, 0]]);
      for (const node of breadthFirst(large.neighbours, { start: root, maxNodes: 100, maxEdges: 1e9 }))
        for (const next of large.neighbours.places.subarray(
          large.neighbours.starts[node],
          large.neighbours.starts[node + 1],
        ))
          if (distance.has(node) && !distance.has(next)) distance.set(next, distance.get(node)! + 1);
      const near = [...distance].flatMap(([node, far]) => (far <= hops ? [node] : []));
      assert.deepEqual(
        [...places].sort((a, b) => a - b),
        near.sort((a, b) => a - b),
      );
      assert.deepEqual(
        [...degrees],
        [...places].map((place) => large.degrees[place]),
      );
      const few = large.ego(root, { hops, most: 3, rng: new Rng(at) });
      assert.equal(few.graph.count, Math.min(3, near.length));
      assert.ok([...few.places].every((place) => near.includes(place)));
    }),
  );
});

test("a random part has exactly so many nodes, or all, and depends on rng alone", () => {
  fc.assert(
    fc.property(anyGraph, seed, fc.integer({ min: 1, max: 30 }), (graph, at, count) => {
      const large = new LargeGraph(graph, columns);
      const sample = large.sample(new Rng(at), count);
      assert.equal(sample.graph.count, Math.min(count, graph.count));
      isPart(sample.graph, graph, sample.places);
      assert.deepEqual(large.sample(new Rng(at), count), sample);
    }),
  );
});
