import type { Rng, Tensor } from "../../../array/index.ts";
import type { Offered } from "../../../data/ability.ts";
import type { graphs } from "../../../data/graph.ts";
import type { Modality, TensorRecord } from "../../../data/modality.ts";
import type { Sample } from "../../../data/views.ts";
import { edgeCount } from "../../../graphs/columns.ts";
import { type Neighbours, neighboursOf } from "../../../graphs/neighbours.ts";
import { part } from "../../../graphs/parts.ts";
import { ones } from "./nodes.ts";

/** Hops from a node. */
export interface Hops {
  /** All nodes at no more are the neighbourhood (K). */
  readonly neighborhood: number;
  /** Those at more (r₁) … */
  readonly inner: number;
  /** … and at no more (r₂) are the context. */
  readonly outer: number;
}

/** A random node's neighbourhood and context, as graphs of their own. */
export type Surroundings = {
  /** The node is the first. */
  readonly neighborhood: TensorRecord;
  readonly context: TensorRecord;
  /** 1 for nodes of the context that are in the neighbourhood too, float32 `[N]`. */
  readonly shared: Tensor;
};

/** Draws a node of a graph, and takes what is around it. */
export function surroundings(
  modality: Modality & Offered<typeof graphs>,
  sample: Sample,
  rng: Rng,
  { neighborhood, inner, outer }: Hops,
): Surroundings {
  const { graphOf, sampleOf } = modality.graphs;
  const whole = graphOf(sample);
  const neighbours = neighboursOf(whole, modality.graphs);
  const distances = hopsFrom(neighbours, rng.integer(0, Math.max(0, whole.count - 1)), Math.max(neighborhood, outer));
  const within = (nearest: number, farthest: number) =>
    [...distances].flatMap(([place, hops]) => (hops >= nearest && hops <= farthest ? [place] : []));
  const { nodes, edges } = modality.specs;
  const room = { nodes: nodes?.shape[0] ?? 0, edges: edges?.shape[0] ?? 0 };
  // Of a large graph, what is around a node may be more than is read at once: the farthest are left out.
  const fitting = (places: readonly number[]): readonly number[] => {
    const nearest = places.slice(0, room.nodes);
    const graph = part(whole, modality.graphs, nearest, neighbours);
    const isSmall = nearest.length <= 1 || edgeCount(graph, modality.graphs) <= room.edges;
    return isSmall ? nearest : fitting(nearest.slice(0, Math.floor(0.9 * nearest.length)));
  };
  const tensors = (places: readonly number[]) =>
    modality.tensors(sampleOf(part(whole, modality.graphs, places, neighbours)));
  const ring = fitting(within(inner + 1, outer));
  const shared = ring.flatMap((place, at) => (distances.get(place)! <= neighborhood ? [at] : []));
  const context = tensors(ring);
  return {
    neighborhood: tensors(fitting(within(0, neighborhood))),
    context,
    shared: ones(shared, context.nodes!.shape[0]!),
  };
}

/** Distances of the nodes that are at most so many hops away, nearest first. */
function hopsFrom({ starts, places }: Neighbours, root: number, most: number): ReadonlyMap<number, number> {
  const distances = new Map([[root, 0]]);
  // A map goes on with what is added to it while it is gone through.
  for (const [place, hops] of distances) {
    if (hops === most) continue;
    for (let at = starts[place]!; at < starts[place + 1]!; at++)
      if (!distances.has(places[at]!)) distances.set(places[at]!, hops + 1);
  }
  return distances;
}
