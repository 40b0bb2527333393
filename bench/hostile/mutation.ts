import type { Rng } from "../../src/array/rng.ts";

/**
 * Changes a file. The same generator gives the same mutant.
 * @param other another seed of the same kind, to borrow from
 */
export type Mutation = (bytes: Buffer, rng: Rng, other: Buffer) => Buffer;

/** One of a list. */
export const pick = <Value>(rng: Rng, values: readonly Value[]): Value => values[rng.integer(0, values.length - 1)]!;

/** A place in a file: most faults are found in headers and footers, so a third is there. */
export function placeIn(length: number, rng: Rng): number {
  if (length === 0) return 0;
  const edge = Math.min(64, length) - 1;
  const where = rng.integer(0, 5);
  if (where === 0) return rng.integer(0, edge);
  return where === 1 ? length - 1 - rng.integer(0, edge) : rng.integer(0, length - 1);
}

export const randomBytes = (count: number, rng: Rng): Buffer =>
  Buffer.from(Uint8Array.from({ length: count }, () => rng.integer(0, 255)));

/** Replaces `removed` bytes at `at`. */
export const replaced = (bytes: Buffer, at: number, removed: number, by: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + removed)]);
