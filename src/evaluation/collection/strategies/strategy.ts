import type { Rng } from "../../../array/index.ts";

/** The samples to choose from. */
export interface Candidates {
  /** Vectors at unit length, `[rows, dim]`. */
  readonly units: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** Rows that are labelled already and never chosen. */
  readonly labelled: Int32Array;
}

export interface Choice {
  readonly row: number;
  /** The strategy's score; absent if it has none. */
  readonly score?: number;
  readonly reason: string;
}

/**
 * Chooses what to label next, most useful first.
 * @param budget how many; at most the number of unlabelled rows
 */
export type Strategy = (candidates: Candidates, budget: number, rng: Rng) => Choice[];

/** Rows that may be chosen. */
export function unlabelled({ rows, labelled }: Candidates): Int32Array {
  const excluded = new Set(labelled);
  return Int32Array.from({ length: rows }, (_, row) => row).filter((row) => !excluded.has(row));
}
