import { Rng } from "../../array/rng.ts";
import type { RunFiles } from "../../data/modality.ts";
import { placeIn, sourcesOf } from "../../data/paths/joined.ts";
import type { Source } from "../../data/source.ts";
import { UserError } from "../../foundation/errors.ts";
import { firstFit, packedRoom } from "../../graphs/packing.ts";
import { extents } from "../../graphs/padding.ts";
import { joinedRows } from "./columns/join.ts";
import { learnAttributes } from "./columns/learn.ts";
import { toFile } from "./columns/learned.ts";
import type { AnySample } from "./graph.ts";
import { type NodesManifest, nodeSource, Whole } from "./large.ts";
import type { GraphOptions } from "./options.ts";
import { type GraphsManifest, graphSource } from "./sources/entries.ts";
import { isGraphStore, isNodeStore } from "./sources/store.ts";

export const isNodes = (manifest: unknown): manifest is NodesManifest =>
  typeof manifest === "object" && manifest !== null && "store" in manifest && isNodeStore(manifest.store);
export const isGraphs = (manifest: unknown): manifest is GraphsManifest =>
  typeof manifest === "object" && manifest !== null && "store" in manifest && isGraphStore(manifest.store);

/** Nodes whose surroundings are counted. */
const PROBES = 1000;
/** Most nodes of a node's surroundings, if nothing else is said; of more, a random choice is read. */
const MOST_AROUND = 512;
/** How often each node of a large graph is in a training sample, about. */
const TIMES = 4;

/** Nodes and edges that 99 % of the graphs have no more than. */
export async function inferGraphs(source: Source<AnySample>): Promise<Partial<GraphOptions>> {
  const manifests = sourcesOf(source).map(({ manifest }) => manifest);
  if (!manifests.every(isGraphs)) return {};
  const sizes = manifests.flatMap((manifest) =>
    sizesOf(manifest).filter((_, at) => manifest.store.graphs[at]!.broken === undefined),
  );
  if (sizes.length === 0) throw new UserError(`none of the graphs can be read; is ${source.name(0)} a graph?`);
  return extents(sizes);
}

const sizesOf = ({ store: { graphs, nodeStarts, edgeStarts } }: GraphsManifest) =>
  graphs.map((_, at) => ({
    nodes: nodeStarts[at + 1]! - nodeStarts[at]!,
    edges: edgeStarts[at + 1]! - edgeStarts[at]!,
  }));

/** What the attributes are, and of one large graph how much surrounds a node. */
export async function learnGraphs(
  source: Source<AnySample>,
  options: GraphOptions,
  onNote?: (note: string) => void,
): Promise<RunFiles> {
  const manifests = sourcesOf(source).map(({ manifest }) => manifest);
  if (manifests.every(isGraphs)) {
    const { maxNodes = 1, maxEdges = 1 } = options;
    const larger = manifests.flatMap(sizesOf).filter(({ nodes, edges }) => nodes > maxNodes || edges > maxEdges).length;
    if (larger > 0)
      onNote?.(
        `${larger.toLocaleString("en")} of ${source.length.toLocaleString("en")} graphs have more than ${maxNodes} nodes or ${maxEdges} edges; of these a connected part is read (--max-nodes, --max-edges)`,
      );
    return toFile(await learnAttributes(storesOf(manifests), "graphs", options, onNote));
  }
  if (!manifests.every(isNodes)) {
    const single = sourcesOf(source).find(({ manifest }) => isNodes(manifest));
    if (!single) throw new Error("not a source of graphs");
    throw new UserError(
      `one of the paths has a single graph, of which the nodes are the samples (the first is ${single.name(0)}), and another has several; take them one by one`,
    );
  }
  const learned = await learnAttributes(storesOf(manifests), "nodes", options, onNote);
  const wholes = manifests.map(({ store }) => new Whole(store));
  const probes = Math.min(PROBES, source.length);
  const most = options.maxNodes ?? MOST_AROUND;
  let cut = 0;
  const sizes = Array.from({ length: probes }, (_, probe) => {
    const { place, index } = placeIn(source, Math.floor((probe * source.length) / probes));
    const whole = wholes[place]!;
    const places = whole.around(index, options.hops, most + 1);
    if (places.length > most) cut++;
    const nodes = Math.min(places.length, most);
    return { nodes, edges: whole.part(places.subarray(0, nodes), Number.POSITIVE_INFINITY).links.length / 2 };
  });
  if (cut > 0)
    onNote?.(
      `${Math.ceil((100 * cut) / probes)} % of the nodes have more than ${most} others within ${options.hops} edges; of these a random choice is read (--max-nodes)`,
    );
  const { maxNodes, maxEdges } = extents(sizes);
  const surroundings = { maxNodes: options.maxNodes ?? maxNodes, maxEdges: options.maxEdges ?? maxEdges };
  return toFile({ ...learned, surroundings });
}

const storesOf = (manifests: readonly { readonly store: GraphsManifest["store"] | NodesManifest["store"] }[]) =>
  joinedRows(manifests.map(({ store }) => store));

/** Training samples: several graphs in each, or a large graph as a whole or in large parts. */
export async function arrangeGraphs(
  source: Source<AnySample>,
  options: GraphOptions,
  _files: RunFiles,
  onNote?: (note: string) => void,
): Promise<Source<AnySample>> {
  const { manifest } = source;
  if (isGraphs(manifest)) return options.pack ? packed(manifest, options, onNote) : source;
  if (!isNodes(manifest) || options.samples === "nodes") return source;
  const { length: count } = manifest.store.ids;
  const whole = new Whole(manifest.store);
  if (count <= options.trainNodes) {
    const edges = Math.max(1, manifest.store.links.length / 2);
    onNote?.(
      `the training sample is the whole graph: ${count.toLocaleString("en")} nodes, ${edges.toLocaleString("en")} edges`,
    );
    return nodeSource({
      ...manifest,
      parts: [Int32Array.from({ length: count }, (_, place) => place)],
      room: { maxNodes: count, maxEdges: edges },
    });
  }
  const parts = Array.from({ length: TIMES * Math.ceil(count / options.trainNodes) }, (_, at) =>
    whole.large.sample(new Rng(0).split("parts", at), options.trainNodes),
  );
  const maxEdges = parts.reduce((most, { graph }) => Math.max(most, graph.edges.length / 3), 1);
  onNote?.(
    `training samples are ${parts.length} random parts of ${options.trainNodes.toLocaleString("en")} nodes and up to ${maxEdges.toLocaleString("en")} edges (--train-nodes)`,
  );
  return nodeSource({
    ...manifest,
    parts: parts.map(({ places }) => places),
    room: { maxNodes: options.trainNodes, maxEdges },
  });
}

function packed(manifest: GraphsManifest, options: GraphOptions, onNote?: (note: string) => void): Source<AnySample> {
  const { maxNodes, maxEdges } = packedRoom(options);
  const whole = sizesOf(manifest).flatMap((size, graph) =>
    manifest.store.graphs[graph]!.broken === undefined
      ? [
          {
            graph,
            nodes: Math.min(size.nodes, options.maxNodes ?? size.nodes),
            edges: Math.min(size.edges, options.maxEdges ?? size.edges),
          },
        ]
      : [],
  );
  const packs = firstFit(whole, { nodes: maxNodes, edges: maxEdges }).map((pack) => pack.map((at) => whole[at]!.graph));
  onNote?.(
    `${packs.length.toLocaleString("en")} samples of up to ${maxNodes} nodes, from ${whole.length.toLocaleString("en")} graphs`,
  );
  return graphSource({ ...manifest, packs });
}
