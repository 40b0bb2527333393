import { chancePlace, medianRank, type Place, placeOf, recallOf } from "../scores/recall.ts";
import { cosinesOf } from "../vectors/cosines.ts";
import { topIndices } from "../vectors/knn.ts";
import type { SideVectors } from "./side-vectors.ts";

/** How many of a query's candidates are kept, for pages. */
const SHOWN = 8;

/** One query with what was found for it. */
export interface RankedQuery {
  /** Row of the queries. */
  readonly query: number;
  readonly place: Place;
  readonly candidates: number;
  /** How many of them are hits. */
  readonly hits: number;
  /** Rows of the candidates, the nearest first. */
  readonly nearest: Int32Array;
  /** Cosines of these. */
  readonly similarities: Float32Array;
  /** The nearest row that is a hit. */
  readonly hit: number;
}

export interface RankOptions {
  /** What each entry of the source shows: rows of entries with the same key are hits. */
  readonly keys: ArrayLike<number>;
  /** Part of the entries, by number: candidates are of the query's part. −1: of no part. */
  readonly parts?: Int32Array;
  /** The queries are among the candidates: none finds its own entry. */
  readonly isSameSide?: boolean;
}

/** Ranks the candidates of each query by cosine. Queries without a hit among their candidates are left out. */
export async function rank(
  queries: SideVectors,
  candidates: SideVectors,
  { keys, parts, isSameSide = false }: RankOptions,
): Promise<RankedQuery[]> {
  const partOf = (entry: number) => parts?.[entry] ?? 0;
  const byPart = Map.groupBy(candidates.entries.keys(), (row) => partOf(candidates.entries[row]!));
  const queryRows = Map.groupBy(queries.entries.keys(), (row) => partOf(queries.entries[row]!));
  const ranked: RankedQuery[] = [];
  for (const [part, rows] of queryRows) {
    const among = byPart.get(part);
    if (part < 0 || !among) continue;
    let at = 0;
    for await (const cosines of cosinesOf(rowsOf(queries, rows), rowsOf(candidates, among), queries.dim)) {
      const query = rows[at++]!;
      const entry = queries.entries[query]!;
      let [left, hits, hit, highest] = [among.length, 0, -1, Number.NEGATIVE_INFINITY];
      const isHit = (candidate: number) => keys[candidates.entries[among[candidate]!]!] === keys[entry];
      for (let candidate = 0; candidate < among.length; candidate++) {
        if (isSameSide && candidates.entries[among[candidate]!] === entry) {
          cosines[candidate] = Number.NEGATIVE_INFINITY;
          left--;
        } else if (isHit(candidate)) {
          hits++;
          if (cosines[candidate]! > highest) [hit, highest] = [among[candidate]!, cosines[candidate]!];
        }
      }
      const place = placeOf(cosines, (candidate) => cosines[candidate]! > Number.NEGATIVE_INFINITY && isHit(candidate));
      if (!place) continue;
      const nearest = topIndices(cosines, Math.min(SHOWN, left));
      ranked.push({
        ...{ query, place, candidates: left, hits, hit },
        nearest: nearest.map((candidate) => among[candidate]!),
        similarities: Float32Array.from(nearest, (candidate) => cosines[candidate]!),
      });
    }
  }
  return ranked.sort((a, b) => a.query - b.query);
}

function rowsOf({ data, dim }: SideVectors, rows: readonly number[]) {
  const part = new Float32Array(rows.length * dim);
  for (const [at, row] of rows.entries()) part.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  return { data: part, rows: rows.length };
}

/** Ranks that recall is given at. */
export const RECALL_AT = [1, 5, 10] as const;

/** How well hits are found. */
export interface Recall {
  /** Share of the queries with a hit among the first k, in [0, 1], for each of `RECALL_AT`, by `k`. */
  readonly recall: Readonly<Record<number, number>>;
  /** Smallest k with which half of the queries have a hit. */
  readonly medianRank: number;
}

const recallFrom = (places: readonly Place[]): Recall => ({
  recall: Object.fromEntries(RECALL_AT.map((k) => [k, recallOf(places, k)])),
  medianRank: medianRank(places),
});

/** Recalls of ranked queries, at least one. */
export const recallOfRanked = (ranked: readonly RankedQuery[]): Recall => recallFrom(ranked.map(({ place }) => place));

/** What chance would give the same queries with the same candidates. */
export const chanceOfRanked = (ranked: readonly RankedQuery[]): Recall =>
  recallFrom(ranked.map(({ candidates, hits }) => chancePlace(candidates, hits)));

/** The mean of several: of their median ranks, too. */
export const meanRecall = (recalls: readonly Recall[]): Recall => {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    recall: Object.fromEntries(RECALL_AT.map((k) => [k, mean(recalls.map(({ recall }) => recall[k] ?? 0))])),
    medianRank: mean(recalls.map((one) => one.medianRank)),
  };
};
