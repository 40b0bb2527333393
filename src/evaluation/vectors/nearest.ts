import { createRequire } from "node:module";
import { unitRows } from "./normalize.ts";

// Its ES module searches for the binary from `__dirname`, which in `node -e` and the REPL is ".": it never returns.
const usearch: typeof import("usearch") = createRequire(import.meta.url)("usearch");

/** The nearest rows of each query, nearest first. */
export interface Nearest {
  /** `[queries, count]`; −1 if an approximate search found fewer. */
  readonly rows: Int32Array;
  /** Cosines, −1 to 1, `[queries, count]`. */
  readonly similarities: Float32Array;
}

export interface Bank {
  /** @param queries `[n, dim]` @param count at most the number of rows */
  nearest(queries: Float32Array, count: number): Nearest;
}

/** With more rows an approximate index is faster than comparing all. */
const EXACT_ROWS = 50_000;
/** Queries per call: exact search stores a distance for each pair. */
const CHUNK = 256;

/**
 * Nearest-neighbour search by cosine: exact, or for many rows by an approximate index (HNSW, Malkov and Yashunin 2016,
 * https://arxiv.org/abs/1603.09320).
 * @param data `[rows, dim]`, of any norm; rows of zeros have cosine 0 to all others
 */
export function bankOf(data: Float32Array, dim: number, exactRows = EXACT_ROWS): Bank {
  const count = data.length / dim;
  const units = unitRows(data, count, dim);
  const find = count <= exactRows ? exact(units, dim) : approximate(units, dim);
  return {
    nearest(queries, wanted) {
      const total = queries.length / dim;
      const unitQueries = unitRows(queries, total, dim);
      const rows = new Int32Array(total * wanted);
      const similarities = new Float32Array(total * wanted);
      for (let start = 0; start < total; start += CHUNK) {
        // A copy, because usearch reads a view from the start of its buffer.
        const part = unitQueries.slice(start * dim, (start + CHUNK) * dim);
        const { keys, distances } = find(part, wanted);
        for (let at = 0; at < keys.length; at++) {
          // Rows that were not found have distance NaN.
          const isFound = !Number.isNaN(distances[at]!);
          rows[start * wanted + at] = isFound ? Number(keys[at]) : -1;
          similarities[start * wanted + at] = isFound ? 1 - distances[at]! : Number.NEGATIVE_INFINITY;
        }
      }
      return { rows, similarities };
    },
  };
}

type Find = (queries: Float32Array, count: number) => { keys: BigUint64Array; distances: Float32Array };

// For unit rows the inner product is the cosine; usearch's distance is 1 − cosine.
const exact =
  (units: Float32Array, dim: number): Find =>
  (queries, count) =>
    usearch.exactSearch(units, queries, dim, count, usearch.MetricKind.IP);

function approximate(units: Float32Array, dim: number): Find {
  const index = new usearch.Index(dim, usearch.MetricKind.IP);
  index.add(
    BigUint64Array.from({ length: units.length / dim }, (_, row) => BigInt(row)),
    units,
  );
  return (queries, count) => index.search(queries, count, 0);
}

/**
 * For each row of the bank's data the nearest other rows.
 * @param count less than the number of rows
 * @param which rows to use as queries; all by default
 */
export function nearestOthers(bank: Bank, data: Float32Array, dim: number, count: number, which?: Int32Array): Nearest {
  const queryRows = which ?? Int32Array.from({ length: data.length / dim }, (_, row) => row);
  const queries = new Float32Array(queryRows.length * dim);
  queryRows.forEach((row, at) => {
    queries.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  const found = bank.nearest(queries, count + 1);
  const rows = new Int32Array(queryRows.length * count);
  const similarities = new Float32Array(queryRows.length * count);
  queryRows.forEach((row, query) => {
    const nearest = found.rows.subarray(query * (count + 1), (query + 1) * (count + 1));
    // Among many copies the row may be missing from its own list; the last entry is dropped then.
    const itself = nearest.indexOf(row);
    let at = query * count;
    nearest.forEach((other, rank) => {
      if (rank === (itself < 0 ? count : itself)) return;
      rows[at] = other;
      similarities[at] = found.similarities[query * (count + 1) + rank]!;
      at++;
    });
  });
  return { rows, similarities };
}
