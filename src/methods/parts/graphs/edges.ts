import { float32, int32, type Rng, type Tensor } from "../../../array/index.ts";
import type { TensorRecord } from "../../../data/modality.ts";
import { placesOf } from "./nodes.ts";

/** Pairs of nodes: their places, int32 `[slots]` each, and float32 `[slots]`, 0 for unused slots. */
type Pairs = {
  readonly from: Tensor;
  readonly to: Tensor;
  readonly there: Tensor;
};

/** A graph, and pairs of its nodes with an edge and without one. */
export type EdgeQuestion = {
  readonly graph: TensorRecord;
  readonly connected: Pairs;
  readonly apart: Pairs;
};

/** How many random pairs are tried for each that is wanted. */
const TRIES = 5;

/**
 * Draws edges of a graph, and as many pairs of nodes of its connected parts that have none; fewer where they are hard to find.
 * @param hidden share of the edges to draw, at least one, which the graph has no longer; 0 draws all and leaves the graph alone
 */
export function drawPairs(graph: TensorRecord, rng: Rng, hidden: number): EdgeQuestion {
  const { edges } = graph;
  if (!edges) throw new Error("no edges among the tensors");
  const [rows = 0, width = 0] = edges.shape;
  const at = (row: number, column: number) => edges.data[row * width + column]!;
  const there = globalThis.Array.from({ length: rows }, (_, row) => row).filter((row) => at(row, 2) > 0);
  const count = hidden > 0 ? Math.min(there.length, Math.max(1, Math.round(hidden * there.length))) : there.length;
  const drawn = hidden > 0 ? [...rng.permutation(there.length)].slice(0, count).map((index) => there[index]!) : there;
  const slots = hidden > 0 ? Math.max(1, Math.ceil(hidden * rows)) : rows;

  const known = new Set(there.flatMap((row) => [key(at(row, 0), at(row, 1)), key(at(row, 1), at(row, 0))]));
  const parts = connectedParts(
    placesOf(graph),
    there.map((row) => [at(row, 0), at(row, 1)] as const),
  );
  const apart: (readonly [number, number])[] = [];
  for (let tries = 0; tries < TRIES * drawn.length && apart.length < drawn.length; tries++) {
    // From either end of an edge, so that a node is drawn in a pair without an edge as often as in one with.
    const row = there[rng.integer(0, there.length - 1)]!;
    const from = at(row, rng.integer(0, 1));
    const part = parts.get(from)!;
    const to = part[rng.integer(0, part.length - 1)]!;
    if (from === to || known.has(key(from, to))) continue;
    known.add(key(from, to)).add(key(to, from));
    apart.push([from, to]);
  }
  const connected = drawn.map((row) => [at(row, 0), at(row, 1)] as const);
  const seen = hidden > 0 ? { ...graph, edges: without(edges, new Set(drawn)) } : graph;
  return { graph: seen, connected: padded(connected, slots), apart: padded(apart, slots) };
}

/** Places are below 2²⁶, so that both fit a safe integer. */
const key = (from: number, to: number): number => from * 2 ** 26 + to;

/** Of each place, all places that edges lead to, itself among them. */
function connectedParts(
  places: readonly number[],
  edges: readonly (readonly [number, number])[],
): ReadonlyMap<number, readonly number[]> {
  const above = new Map(places.map((place) => [place, place]));
  const top = (place: number): number => {
    let root = place;
    while (above.get(root) !== root) root = above.get(root)!;
    // Later searches are shorter.
    for (let next = place; next !== root; ) {
      const after = above.get(next)!;
      above.set(next, root);
      next = after;
    }
    return root;
  };
  for (const [from, to] of edges) above.set(top(from), top(to));
  const parts = Map.groupBy(places, top);
  return new Map(places.map((place) => [place, parts.get(top(place))!]));
}

/** Edges without some rows: padding in their place. */
function without(edges: Tensor, rows: ReadonlySet<number>): Tensor {
  const width = edges.shape[1]!;
  return int32(
    Int32Array.from(edges.data, (value, at) => (rows.has(Math.floor(at / width)) ? 0 : value)),
    edges.shape,
  );
}

function padded(pairs: readonly (readonly [number, number])[], slots: number): Pairs {
  const column = (of: (pair: readonly [number, number]) => number) =>
    globalThis.Array.from({ length: slots }, (_, slot) => (pairs[slot] ? of(pairs[slot]) : 0));
  return {
    from: int32(
      column(([from]) => from),
      [slots],
    ),
    to: int32(
      column(([, to]) => to),
      [slots],
    ),
    there: float32(
      column(() => 1),
      [slots],
    ),
  };
}
