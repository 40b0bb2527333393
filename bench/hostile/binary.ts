import type { Rng } from "../../src/array/rng.ts";
import { type Mutation, pick, placeIn, randomBytes, replaced } from "./mutation.ts";

/** What goes wrong with any file: on the disk, on the way, or in the hands of an attacker. */

const bits: Mutation = (bytes, rng) => {
  const mutant = Buffer.from(bytes);
  for (let count = rng.integer(1, 8); count > 0 && mutant.length > 0; count--)
    mutant[placeIn(mutant.length, rng)]! ^= 1 << rng.integer(0, 7);
  return mutant;
};

const rot: Mutation = (bytes, rng) => {
  const length = Math.min(bytes.length, pick(rng, [1, 4, 16, 64]));
  return replaced(bytes, placeIn(Math.max(1, bytes.length - length), rng), length, randomBytes(length, rng));
};

const zeros: Mutation = (bytes, rng) => {
  const length = bytes.length >> 2;
  return replaced(bytes, rng.integer(0, bytes.length - length), length, Buffer.alloc(length, pick(rng, [0, 255])));
};

const cut: Mutation = (bytes, rng) => bytes.subarray(0, rng.integer(0, Math.max(0, bytes.length - 1)));

const appended: Mutation = (bytes, rng) => Buffer.concat([bytes, randomBytes(rng.integer(1, 256), rng)]);

const removed: Mutation = (bytes, rng) => {
  const at = placeIn(bytes.length, rng);
  return replaced(bytes, at, rng.integer(1, Math.max(1, Math.min(64, bytes.length - at))), Buffer.alloc(0));
};

const repeated: Mutation = (bytes, rng) => {
  const at = placeIn(bytes.length, rng);
  const block = bytes.subarray(at, at + rng.integer(1, 128));
  return replaced(bytes, at, 0, Buffer.concat(Array.from({ length: pick(rng, [1, 2, 100]) }, () => block)));
};

const spliced: Mutation = (bytes, rng, other) =>
  Buffer.concat([
    bytes.subarray(0, rng.integer(0, bytes.length)),
    other.subarray(rng.integer(0, Math.max(0, other.length - 1))),
  ]);

const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 62n,
  (1n << 64n) - 1n,
];

/** A whole number of 1, 2, 4 or 8 bytes at the ends of its range, in either byte order. */
export function extreme(rng: Rng): Buffer {
  const size = pick(rng, [1, 2, 4, 8]);
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(pick(rng, extremes));
  const little = number.subarray(0, size);
  return rng.chance(0.5) ? little : Buffer.from(little.toReversed());
}

const sized: Mutation = (bytes, rng) => {
  const number = extreme(rng);
  return replaced(bytes, placeIn(bytes.length, rng), number.length, number);
};

export const binary: readonly Mutation[] = [bits, rot, zeros, cut, appended, removed, repeated, spliced, sized, sized];
