import { float32 } from "../../array/tensor.ts";
import { offerOf } from "../../data/ability.ts";
import { type Graph, type Graphs, graphs } from "../../data/graph.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { sourcesOf } from "../../data/paths/joined.ts";
import type { Source } from "../../data/source.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import { edgeWidth } from "../../graphs/columns.ts";
import { type Neighbours, neighboursOf } from "../../graphs/neighbours.ts";
import { isNodes } from "./arrange.ts";
import { type AnySample, type GraphSample, isNode, type WholeGraph } from "./graph.ts";

/** Rounds of Weisfeiler and Lehman's, and counts that their labels are hashed to. */
const [ROUNDS, COUNTS] = [3, 4096];
/** How often attributes are averaged with those of neighbours. */
const STEPS = 3;
/** Most values of all nodes together; of more, columns are added up. */
const MOST = 2 ** 27;

/** What needs no learning: counts of labelled surroundings of many graphs, smoothed attributes of one. */
export function graphBaseline(built: Modality<AnySample>, source: Source<AnySample>): Extractor {
  const offered = offerOf(built, graphs);
  if (!offered) throw new Error(`${built.name}: no graphs`);
  const manifests = sourcesOf(source).map(({ manifest }) => manifest);
  return manifests.every(isNodes)
    ? smoothed(built, offered, Math.max(...manifests.map(({ store }) => store.ids.length)))
    : counted(built, offered);
}

/**
 * How often each label of the Weisfeiler–Lehman test is there (Shervashidze et al. 2011,
 * https://www.jmlr.org/papers/v12/shervashidze11a.html), of 0 to 3 rounds, hashed to 4,096 counts and scaled to length 1.
 */
function counted(built: Modality<AnySample>, offered: Graphs): Extractor {
  const tensors = (sample: AnySample) => {
    const graph = offered.graphOf(sample);
    const neighbours = neighboursOf(graph, offered);
    const counts = new Float32Array(COUNTS);
    let labels = firstLabels(graph, offered);
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) labels = nextLabels(labels, graph, neighbours, offered);
      for (const label of labels) counts[(label ^ (label >>> 16) ^ Math.imul(round, 0x9e3779b1)) & (COUNTS - 1)]! += 1;
    }
    const length = Math.hypot(...counts) || 1;
    return {
      features: float32(
        counts.map((count) => count / length),
        [COUNTS],
      ),
    };
  };
  const specs = { features: { dtype: "float32", shape: [COUNTS] } } as const;
  const features = rawValues({ ...built, specs, tensors, unseen: () => undefined }, "Weisfeiler–Lehman counts");
  return { ...features, standardized: false };
}

/** FNV-1a of 32-bit numbers: http://www.isthe.com/chongo/tech/comp/fnv/ */
const hashed = (values: Iterable<number>): number => {
  let hash = 0x811c9dc5;
  for (const value of values)
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((value >>> shift) & 255), 0x01000193);
  return hash >>> 0;
};

function firstLabels({ count, nodes }: Graph, { nodeSizes: { length: width } }: Graphs): Uint32Array {
  return Uint32Array.from({ length: count }, (_, node) => hashed(nodes.subarray(node * width, (node + 1) * width)));
}

/** Each node's label, and those of its neighbours with the edges to them, in an order of their own. */
function nextLabels(
  labels: Uint32Array,
  { edges }: Graph,
  { starts, places, rows }: Neighbours,
  offered: Graphs,
): Uint32Array {
  const width = edgeWidth(offered);
  return labels.map((label, node) => {
    const around: number[] = [];
    for (let at = starts[node]!; at < starts[node + 1]!; at++)
      around.push(hashed([labels[places[at]!]!, ...edges.subarray(rows[at]! * width + 2, (rows[at]! + 1) * width)]));
    return hashed([label, ...around.sort((one, other) => one - other)]);
  });
}

/**
 * Each node's attributes, averaged three times with those of its neighbours as a GCN without layers does (SGC, Wu et al. 2019,
 * https://arxiv.org/abs/1902.07153).
 */
function smoothed(built: Modality<AnySample>, offered: Graphs, count: number): Extractor {
  const { nodeSizes, valueDim } = offered;
  const full = valueDim + nodeSizes.reduce((sum, size) => sum + size, 0);
  const dim = Math.max(1, Math.min(full, Math.floor(MOST / count)));
  const known = new WeakMap<WholeGraph, Float32Array>();
  const rowsOf = (graph: Graph): Float32Array => smoothedRows(graph, offered, dim);
  const tensors = (sample: AnySample) => {
    let rows: Float32Array;
    if (isNode(sample)) {
      rows = known.get(sample.whole) ?? rowsOf(offered.graphOf(wholeOf(sample.whole)));
      known.set(sample.whole, rows);
    } else rows = rowsOf(offered.graphOf(sample));
    const row = isNode(sample) ? sample.root : 0;
    return { features: float32(rows.slice(row * dim, (row + 1) * dim), [dim]) };
  };
  const specs = { features: { dtype: "float32", shape: [dim] } } as const;
  const features = rawValues({ ...built, specs, tensors, unseen: () => undefined }, "smoothed attributes (S³X)");
  return { ...features, standardized: false };
}

/** The whole graph as one sample, with all its nodes. */
function wholeOf({ raw, degrees }: WholeGraph): GraphSample {
  const room = { maxNodes: raw.count, maxEdges: Math.max(1, raw.links.length / 2) };
  return { ...raw, place: { readout: new Int32Array(raw.count), degrees, room } };
}

function smoothedRows(graph: Graph, offered: Graphs, dim: number): Float32Array {
  const { starts, places } = neighboursOf(graph, offered);
  let rows = attributeRows(graph, offered, dim);
  const scale = Float64Array.from(
    { length: graph.count },
    (_, node) => 1 / Math.sqrt(1 + starts[node + 1]! - starts[node]!),
  );
  for (let step = 0; step < STEPS; step++) {
    const next = new Float32Array(rows.length);
    for (let node = 0; node < graph.count; node++) {
      const add = (from: number) => {
        const weight = scale[node]! * scale[from]!;
        for (let column = 0; column < dim; column++) next[node * dim + column]! += weight * rows[from * dim + column]!;
      };
      add(node);
      for (let at = starts[node]!; at < starts[node + 1]!; at++) add(places[at]!);
    }
    rows = next;
  }
  return rows;
}

/** Values, and codes one-hot. */
function attributeRows({ count, nodes, values }: Graph, { nodeSizes, valueDim }: Graphs, dim: number): Float32Array {
  const rows = new Float32Array(count * dim);
  for (let node = 0; node < count; node++) {
    const add = (column: number, value: number) => {
      rows[node * dim + (column % dim)]! += value;
    };
    for (let column = 0; column < valueDim; column++) add(column, values?.[node * valueDim + column] ?? 0);
    let start = valueDim;
    for (const [column, size] of nodeSizes.entries()) {
      add(start + nodes[node * nodeSizes.length + column]!, 1);
      start += size;
    }
  }
  return rows;
}
