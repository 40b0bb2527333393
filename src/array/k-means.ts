import type { Rng } from "./rng.ts";

/** Relative perturbation that separates the halves of a split cluster; faiss' value. */
const SPLIT = 1 / 1024;

export interface KMeansOptions {
  readonly rows: number;
  readonly dim: number;
  /** No more than rows. */
  readonly clusters: number;
  readonly iterations: number;
  /** Initial centres: points drawn uniformly, as in faiss, or by k-means++. */
  readonly start?: "points" | "k-means++";
}

/**
 * k-means by Lloyd's iterations, as faiss runs it for DeepCluster (https://github.com/facebookresearch/faiss): an empty
 * cluster takes half of another one, drawn with probability proportional to its size, and the two centres are moved
 * slightly apart.
 * @param points `[rows, dim]`, row-major
 * @returns each row's cluster, how many rows each cluster has, and the centres `[clusters, dim]`
 */
export function kMeans(
  points: Float32Array,
  { rows, dim, clusters, iterations, start = "points" }: KMeansOptions,
  rng: Rng,
): { assignments: Int32Array; sizes: Int32Array; centers: Float32Array } {
  if (rows < clusters) throw new Error(`k-means: ${rows} points are too few for ${clusters} clusters`);
  const centers = new Float32Array(clusters * dim);
  const initial =
    start === "points" ? rng.permutation(rows).subarray(0, clusters) : plusPlus(points, rows, clusters, rng);
  initial.forEach((row, cluster) => {
    centers.set(points.subarray(row * dim, (row + 1) * dim), cluster * dim);
  });
  const assignments = new Int32Array(rows);
  const sizes = new Int32Array(clusters);
  assign(points, centers, dim, assignments, sizes);
  for (let iteration = 0; iteration < iterations; iteration++) {
    centers.fill(0);
    assignments.forEach((cluster, row) => {
      for (let at = 0; at < dim; at++) centers[cluster * dim + at]! += points[row * dim + at]!;
    });
    sizes.forEach((size, cluster) => {
      for (let at = 0; at < dim; at++) centers[cluster * dim + at]! /= Math.max(size, 1);
    });
    splitForEmpty(centers, dim, sizes, rng);
    assign(points, centers, dim, assignments, sizes);
  }
  return { assignments, sizes, centers };
}

/**
 * Rows of the initial centres by k-means++: each is drawn with a probability proportional to its squared distance from
 * the nearest one drawn before. Arthur and Vassilvitskii 2007, https://doi.org/10.5555/1283383.1283494
 */
function plusPlus(points: Float32Array, rows: number, clusters: number, rng: Rng): Int32Array {
  const dim = points.length / rows;
  const drawn = Int32Array.of(rng.integer(0, rows - 1), ...new Int32Array(clusters - 1));
  const distances = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  for (let cluster = 1; cluster < clusters; cluster++) {
    const last = drawn[cluster - 1]! * dim;
    let total = 0;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let at = 0; at < dim; at++) sum += (points[row * dim + at]! - points[last + at]!) ** 2;
      total += distances[row] = Math.min(distances[row]!, sum);
    }
    let left = rng.uniform() * total;
    // If every point coincides with one drawn before, any will do.
    const row = distances.findIndex((distance) => {
      left -= distance;
      return distance > 0 && left <= 0;
    });
    drawn[cluster] = row < 0 ? rng.integer(0, rows - 1) : row;
  }
  return drawn;
}

/** The nearest centre of each point: the largest x · c − ‖c‖² / 2. Four centres at a time, for speed. */
function assign(
  points: Float32Array,
  centers: Float32Array,
  dim: number,
  assignments: Int32Array,
  sizes: Int32Array,
): void {
  const clusters = sizes.length;
  const halves = Float32Array.from({ length: clusters }, (_, cluster) => {
    let sum = 0;
    for (let at = cluster * dim; at < (cluster + 1) * dim; at++) sum += centers[at]! * centers[at]!;
    return sum / 2;
  });
  sizes.fill(0);
  for (let row = 0; row < assignments.length; row++) {
    const start = row * dim;
    let best = Number.NEGATIVE_INFINITY;
    let nearest = 0;
    const offer = (cluster: number, product: number) => {
      const score = product - halves[cluster]!;
      if (score > best) {
        best = score;
        nearest = cluster;
      }
    };
    let cluster = 0;
    for (; cluster + 4 <= clusters; cluster += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      const first = cluster * dim;
      for (let at = 0; at < dim; at++) {
        const value = points[start + at]!;
        a += value * centers[first + at]!;
        b += value * centers[first + dim + at]!;
        c += value * centers[first + 2 * dim + at]!;
        d += value * centers[first + 3 * dim + at]!;
      }
      offer(cluster, a);
      offer(cluster + 1, b);
      offer(cluster + 2, c);
      offer(cluster + 3, d);
    }
    for (; cluster < clusters; cluster++) {
      let product = 0;
      for (let at = 0; at < dim; at++) product += points[start + at]! * centers[cluster * dim + at]!;
      offer(cluster, product);
    }
    assignments[row] = nearest;
    sizes[nearest]!++;
  }
}

function splitForEmpty(centers: Float32Array, dim: number, sizes: Int32Array, rng: Rng): void {
  sizes.forEach((size, empty) => {
    if (size > 0) return;
    let drawn = rng.uniform() * sizes.reduce((sum, other) => sum + Math.max(other - 1, 0), 0);
    const large = sizes.findIndex((other) => {
      drawn -= Math.max(other - 1, 0);
      return drawn < 0;
    });
    if (large < 0) return;
    for (let at = 0; at < dim; at++) {
      const value = centers[large * dim + at]!;
      const by = at % 2 === 0 ? SPLIT : -SPLIT;
      centers[empty * dim + at] = value * (1 + by);
      centers[large * dim + at] = value * (1 - by);
    }
    sizes[empty] = sizes[large]! >> 1;
    sizes[large]! -= sizes[empty]!;
  });
}

/**
 * Whitened rows of unit length: mean 0, identity covariance, then each divided by its length. Uses the Cholesky factor
 * of the covariance; PCA whitening differs only by a rotation, which leaves distances unchanged.
 * @param points `[rows, dim]`, row-major
 * @param ridge added to the variances, as a share of their mean, so that constant features do no harm
 */
export function whiten(points: Float32Array, rows: number, dim: number, ridge = 1e-5): Float32Array {
  const mean = new Float64Array(dim);
  for (let row = 0; row < rows; row++) for (let at = 0; at < dim; at++) mean[at]! += points[row * dim + at]! / rows;
  const centred = Float32Array.from(points.subarray(0, rows * dim), (value, index) => value - mean[index % dim]!);
  const factor = new Float64Array(dim * dim);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < dim; i++) {
      const value = centred[row * dim + i]! / rows;
      for (let j = 0; j <= i; j++) factor[i * dim + j]! += value * centred[row * dim + j]!;
    }
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += factor[i * dim + i]!;
  for (let i = 0; i < dim; i++) factor[i * dim + i]! += Math.max((ridge * trace) / dim, Number.MIN_VALUE);
  for (let i = 0; i < dim; i++)
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * dim + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * dim + k]! * factor[j * dim + k]!;
      factor[i * dim + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / factor[j * dim + j]!;
    }
  // Solves L · w = x for each row by forward substitution.
  for (let row = 0; row < rows; row++) {
    const w = centred.subarray(row * dim, (row + 1) * dim);
    let length = 0;
    for (let i = 0; i < dim; i++) {
      let sum = w[i]!;
      for (let j = 0; j < i; j++) sum -= factor[i * dim + j]! * w[j]!;
      w[i] = sum / factor[i * dim + i]!;
      length += w[i]! * w[i]!;
    }
    const scale = length > 0 ? 1 / Math.sqrt(length) : 0;
    for (let i = 0; i < dim; i++) w[i]! *= scale;
  }
  return centred;
}
