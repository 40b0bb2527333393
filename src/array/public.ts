/**
 * Arrays as model code borrows them, tensors on the host, trees of both, the seeded generator.
 * @module autodidact/array
 */
export * from "./index.ts";
export { type KMeansOptions, kMeans, whiten } from "./k-means.ts";
