import type { Rng } from "../../../array/index.ts";

/** What there is to choose from. */
export interface Candidates {
  /** Vectors at unit length, `[rows, dim]`. */
  readonly units: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** Rows that have a label already: never chosen. */
  readonly labelled: Int32Array;
}

export interface Choice {
  readonly row: number;
  /** What the strategy goes by; absent where it goes by nothing. */
  readonly score?: number;
  readonly reason: string;
}

/**
 * Chooses what to label next, the most useful first.
 * @param budget how many; no more than there are rows without a label
 */
export type Strategy = (candidates: Candidates, budget: number, rng: Rng) => Choice[];

/** Rows that may be chosen. */
export function unlabelled({ rows, labelled }: Candidates): Int32Array {
  const known = new Set(labelled);
  return Int32Array.from({ length: rows }, (_, row) => row).filter((row) => !known.has(row));
}
