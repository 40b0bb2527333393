/** Borrowing arrays, trees, tensors and the seeded generator, which all other rooms build on. */
export { type Array, isArray, lax, nn, np } from "./borrow.ts";
export { constant } from "./constant.ts";
export { withDerivative } from "./derivative.ts";
export { Rng, Zeros } from "./rng.ts";
export { segmentSum } from "./segment-sum.ts";
export * from "./tensor.ts";
export type { Traced } from "./traced.ts";
export type { Tree, TreeRecord } from "./tree.ts";
export * as tree from "./tree.ts";
