import { createRequire } from "node:module";
import { unitRows } from "./normalize.ts";

// Its ES module looks for the binary where `__dirname` says, which in `node -e` and the REPL is ".": it never ends.
const usearch: typeof import("usearch") = createRequire(import.meta.url)("usearch");

/** For each query its nearest rows, nearest first. */
export interface Nearest {
  /** `[queries, count]`; −1 where an approximate search found no more. */
  readonly rows: Int32Array;
  /** Cosines, −1 to 1, `[queries, count]`. */
  readonly similarities: Float32Array;
}

export interface Bank {
  /** @param queries `[n, dim]` @param count no more than rows */
  nearest(queries: Float32Array, count: number): Nearest;
}

/** Above this an approximate index beats comparing with every row. */
const EXACT_ROWS = 50_000;
/** Queries at once: exact search keeps a distance for each pair. */
const CHUNK = 256;

/**
 * Vectors to find the nearest of by cosine: by comparing with all of them, or where there are many by an approximate
 * index (HNSW, Malkov and Yashunin 2016, https://arxiv.org/abs/1603.09320).
 * @param data `[rows, dim]`, of any length each; rows of zeros are like nothing (cosine 0)
 */
export function bankOf(data: Float32Array, dim: number, exactRows = EXACT_ROWS): Bank {
  const count = data.length / dim;
  const units = unitRows(data, count, dim);
  const find = count <= exactRows ? exact(units, dim) : approximate(units, dim);
  return {
    nearest(queries, wanted) {
      const total = queries.length / dim;
      const asked = unitRows(queries, total, dim);
      const rows = new Int32Array(total * wanted);
      const similarities = new Float32Array(total * wanted);
      for (let start = 0; start < total; start += CHUNK) {
        // usearch reads a view from the start of its buffer: a copy it is.
        const part = asked.slice(start * dim, (start + CHUNK) * dim);
        const { keys, distances } = find(part, wanted);
        for (let at = 0; at < keys.length; at++) {
          // What was not found has no distance.
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

// Of rows at unit length the inner product is the cosine; usearch's distance is one less it.
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
 * For each row of the bank's own data its nearest others, itself left out.
 * @param count fewer than rows
 * @param which rows to ask for; all by default
 */
export function nearestOthers(bank: Bank, data: Float32Array, dim: number, count: number, which?: Int32Array): Nearest {
  const asked = which ?? Int32Array.from({ length: data.length / dim }, (_, row) => row);
  const queries = new Float32Array(asked.length * dim);
  asked.forEach((row, at) => {
    queries.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  const found = bank.nearest(queries, count + 1);
  const rows = new Int32Array(asked.length * count);
  const similarities = new Float32Array(asked.length * count);
  asked.forEach((row, query) => {
    const own = found.rows.subarray(query * (count + 1), (query + 1) * (count + 1));
    // Among many copies the row itself may not be in its own list; the last is left out then.
    const itself = own.indexOf(row);
    let at = query * count;
    own.forEach((other, rank) => {
      if (rank === (itself < 0 ? count : itself)) return;
      rows[at] = other;
      similarities[at] = found.similarities[query * (count + 1) + rank]!;
      at++;
    });
  });
  return { rows, similarities };
}
