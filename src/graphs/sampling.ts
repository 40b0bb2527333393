import type { Rng } from "../array/rng.ts";
import type { Graph } from "../data/graph.ts";
import type { GraphColumns } from "./columns.ts";
import { degreesOf, type Neighbours, neighboursOf } from "./neighbours.ts";
import { part } from "./parts.ts";

/** A part of a large graph. */
export interface GraphPart {
  readonly graph: Graph;
  /** Which nodes of the whole graph they are, `[nodes of the part]`. */
  readonly places: Int32Array;
  /** How many neighbours each has in the whole graph, `[nodes of the part]`. */
  readonly degrees: Float32Array;
}

/** A large graph, whose neighbours are listed once. Parts of it cost what they hold, however large it is. */
export class LargeGraph {
  readonly graph: Graph;
  readonly neighbours: Neighbours;
  readonly degrees: Float32Array;
  readonly #columns: GraphColumns;

  constructor(graph: Graph, columns: GraphColumns) {
    this.graph = graph;
    this.#columns = columns;
    this.neighbours = neighboursOf(graph, columns);
    this.degrees = degreesOf(this.neighbours);
  }

  /** The part with these nodes, in this order. */
  part(places: Int32Array): GraphPart {
    return {
      graph: part(this.graph, this.#columns, places, this.neighbours),
      places,
      degrees: Float32Array.from(places, (place) => this.degrees[place]!),
    };
  }

  /**
   * What so many layers of an encoder see of a node: all within `hops` edges of it, the node itself first. It is
   * exact unless there are more than `most`: then the farthest are left out, a random choice of those equally far.
   */
  ego(
    root: number,
    { hops, most, rng }: { readonly hops: number; readonly most: number; readonly rng: Rng },
  ): GraphPart {
    const { starts, places } = this.neighbours;
    const taken = new Set([root]);
    let rim = [root];
    for (let hop = 0; hop < hops && taken.size < most; hop++) {
      const next = new Set<number>();
      for (const node of rim)
        for (let at = starts[node]!; at < starts[node + 1]!; at++) if (!taken.has(places[at]!)) next.add(places[at]!);
      const found = [...next];
      const room = most - taken.size;
      rim = found.length <= room ? found : [...rng.permutation(found.length).subarray(0, room)].map((at) => found[at]!);
      for (const node of rim) taken.add(node);
    }
    return this.part(Int32Array.from(taken));
  }

  /**
   * A random part of exactly so many nodes, or all if there are no more: short random walks from random nodes, as GraphSAINT
   * (Zeng et al. 2020, https://arxiv.org/abs/1907.04931) draws them, until there are enough.
   * @param steps of a walk
   */
  sample(rng: Rng, count: number, steps = 8): GraphPart {
    const { starts, places } = this.neighbours;
    const taken = new Set<number>();
    const order = rng.permutation(this.graph.count);
    // Each walk starts at a node that no walk has passed, so every one adds a node.
    for (let next = 0; next < order.length && taken.size < count; next++) {
      let node = order[next]!;
      if (taken.has(node)) continue;
      taken.add(node);
      for (let step = 0; step < steps && taken.size < count; step++) {
        const degree = starts[node + 1]! - starts[node]!;
        if (degree === 0) break;
        node = places[starts[node]! + rng.integer(0, degree - 1)]!;
        taken.add(node);
      }
    }
    return this.part(Int32Array.from(taken));
  }
}
