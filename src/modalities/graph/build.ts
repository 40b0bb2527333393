import type { Rng } from "../../array/rng.ts";
import type { Tensor } from "../../array/tensor.ts";
import type { Graph, GraphCorruption } from "../../data/graph.ts";
import type { RunFiles, Shown, TensorRecord } from "../../data/modality.ts";
import type { Picture } from "../../data/picture.ts";
import { edgeWidth } from "../../graphs/columns.ts";
import { degreesOf, neighboursOf } from "../../graphs/neighbours.ts";
import { joined, packedRoom } from "../../graphs/packing.ts";
import { fitted, type GraphShape, graphSpecs, graphTensors } from "../../graphs/padding.ts";
import { corrupted, dropNodes, walkedPart } from "../../graphs/views.ts";
import { degreesIn, graphEncoder } from "./columns/encode.ts";
import { type Learned, learnedIn } from "./columns/learned.ts";
import { drawGraph } from "./draw.ts";
import { type AnySample, type CodedGraph, isNode, isPacked, isRaw, type RawGraph } from "./graph.ts";
import type { GraphOptions } from "./options.ts";
import { inWords } from "./show.ts";

/** Nodes around one that are drawn and counted when it is shown. */
const SHOWN = 40;

export function buildGraphs(options: GraphOptions, files?: RunFiles) {
  const learned = learnedIn(files);
  const encoder = graphEncoder(learned, options.words);
  const shape = shapeOf(options, learned, encoder);
  const areNodes = learned.samples === "nodes";
  /** Those that are asked for again and again: a large graph is encoded once. */
  const known = new WeakMap<RawGraph, CodedGraph>();

  const codedOf = (graph: RawGraph): CodedGraph => {
    const existing = known.get(graph);
    if (existing) return existing;
    const { place } = graph;
    const coded = { ...encoder.encode(graph), ...(place ? { place } : {}) };
    if (place?.room) known.set(graph, coded);
    return coded;
  };
  /** A sample as the encoder reads it, however large. */
  const coded = (sample: AnySample): CodedGraph => {
    if (isNode(sample)) {
      const { whole, root } = sample;
      const part = whole.part(whole.around(root, options.hops, shape.maxNodes), shape.maxEdges);
      return codedOf({ ...part, place: { ...part.place, readout: Int32Array.of(0) } });
    }
    if (isPacked(sample)) {
      const parts = sample.parts.map((part) => fitted(codedOf(part), shape));
      return { ...joined(parts, encoder), place: { ...NOWHERE, room: packedRoom(options) } };
    }
    if (!isRaw(sample)) return sample;
    const graph = codedOf(sample);
    if (!areNodes || sample.place) return graph;
    // A graph that was sent: what surrounds its first node.
    return { ...graph, place: { readout: Int32Array.of(0), degrees: degreesOf(neighboursOf(graph, encoder)) } };
  };

  /** A view; the degrees are those of what is left of the whole graph. */
  const changed = (sample: AnySample, rng: Rng, corruption: GraphCorruption): CodedGraph => {
    const graph = coded(sample);
    return withDegrees(graph, corrupted(graph, encoder, rng, corruption));
  };
  const withDegrees = (before: CodedGraph, after: Graph): CodedGraph => {
    const { place } = before;
    if (!place || place.degrees.length === 0) return { ...after, ...(place ? { place } : {}) };
    const [all, left] = [before, after].map((graph) => degreesOf(neighboursOf(graph, encoder)));
    const degrees = place.degrees.map((degree, node) => degree - all![node]! + left![node]!);
    return { ...after, place: { ...place, degrees } };
  };
  const ofView = (shares: number | readonly number[], view: number): number => {
    const all = [shares].flat();
    return all[view] ?? all.at(-1) ?? 0;
  };
  /** One of GraphCL's four. */
  const lacking = (graph: CodedGraph, rng: Rng): CodedGraph => {
    const { augmentations, strength } = options;
    const how = augmentations[rng.integer(0, augmentations.length - 1)];
    const own = rng.split("view");
    switch (how) {
      case "nodes":
        return dropNodes(graph, encoder, own, strength);
      case "subgraph":
        return walkedPart(graph, encoder, own, 1 - strength);
      case "edges":
        return corrupted(graph, encoder, own, { edges: strength });
      default:
        return corrupted(graph, encoder, own, { nodes: strength });
    }
  };

  return {
    name: "graph",
    specs: graphSpecs(shape),
    tensors(sample: AnySample): TensorRecord {
      const graph = coded(sample);
      const { place } = graph;
      const room: GraphShape = { ...shape, ...place?.room };
      const within = fitted(graph, room);
      if (!areNodes) return graphTensors(within, room);
      const readout = place?.readout ?? Int32Array.of(0);
      const degrees = within === graph && place ? place.degrees : degreesOf(neighboursOf(within, encoder));
      return graphTensors(within, { ...room, readout: readout.length }, { readout, degrees });
    },
    unseen({ nodes }: Readonly<Record<string, Tensor>>): string | undefined {
      return nodes?.data.some((code) => code > 0) ? undefined : "it has no nodes";
    },
    augment(sample: AnySample, rng: Rng, view = 0): AnySample {
      const graph = coded(sample);
      if (!graph.place) return lacking(fitted(graph, shape, rng.split("part")), rng);
      const { dropEdges, hideColumns, hideNodes: hidden } = options;
      return changed(graph, rng, {
        edges: ofView(dropEdges, view),
        columns: ofView(hideColumns, view),
        nodes: ofView(hidden, view),
      });
    },
    perturb: (sample: AnySample, rng: Rng): AnySample => changed(sample, rng, { edges: options.perturbation }),
    graphs: {
      nodeSizes: encoder.nodeSizes,
      edgeSizes: encoder.edgeSizes,
      valueDim: encoder.valueDim,
      isPacked: options.pack && !areNodes,
      graphOf: (sample: AnySample): Graph => {
        const graph = coded(sample);
        return fitted(graph, { ...shape, ...graph.place?.room });
      },
      sampleOf: (graph: Graph): AnySample => graph,
      corrupt: changed,
    },
    drawing: { input: "edges", draw: drawEdges },
    show(sample: AnySample): Shown {
      if (isNode(sample)) {
        const { whole, root } = sample;
        const part = whole.part(whole.around(root, 2, SHOWN), Number.POSITIVE_INFINITY);
        return { text: inWords({ ...part, root }), picture: drawGraph(part.count, part.links, rootFirst(part.count)) };
      }
      const graph = coded(sample);
      const width = edgeWidth(encoder);
      const links = Int32Array.from(
        { length: (2 * graph.edges.length) / width },
        (_, at) => graph.edges[(at >> 1) * width + (at & 1)]!,
      );
      const kinds = Int32Array.from({ length: graph.count }, (_, node) =>
        Math.max(0, graph.nodes[node * encoder.nodeSizes.length]! - 2),
      );
      const text =
        isPacked(sample) || !isRaw(sample) ? inWords({ count: graph.count, links, nodes: [] }) : inWords(sample);
      return { text, picture: drawGraph(graph.count, links, kinds) };
    },
  } as const;
}

/** A graph by its edges alone, as views are compared: what has none is not drawn. Colours are numbers of neighbours. */
function drawEdges({ shape: [rows = 0, width = 0], data }: Tensor): Picture | undefined {
  const links: number[] = [];
  for (let row = 0; row < rows; row++)
    if (data[row * width + 2]! > 0) links.push(data[row * width]!, data[row * width + 1]!);
  // Nodes in the order of their first edge.
  const places = new Map([...new Set(links)].map((node, at) => [node, at]));
  const own = links.map((node) => places.get(node)!);
  return places.size === 0
    ? undefined
    : drawGraph(places.size, own, degreesIn({ count: places.size, links: Int32Array.from(own) }));
}

/** Colours of a node and what surrounds it. */
const rootFirst = (count: number): Int32Array => Int32Array.from({ length: count }, (_, at) => (at === 0 ? 1 : 0));

const NOWHERE = { readout: new Int32Array(), degrees: new Float32Array() } as const;

function shapeOf(options: GraphOptions, learned: Learned, encoder: ReturnType<typeof graphEncoder>): GraphShape {
  const { nodeSizes, edgeSizes, valueDim } = encoder;
  const { maxNodes = 1, maxEdges = 1 } = learned.samples === "nodes" ? (learned.surroundings ?? {}) : options;
  const columns = { nodeSizes, edgeSizes, valueDim, maxNodes, maxEdges };
  return learned.samples === "nodes" ? { ...columns, readout: 1, degrees: true } : columns;
}
