import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../src/array/index.ts";
import { kMeans, whiten } from "../../src/array/k-means.ts";

/** Points around `count` centres far from each other, the i-th around centre i mod count. */
function blobs(rows: number, dim: number, count: number): Float32Array {
  const rng = new Rng(1);
  return Float32Array.from(
    { length: rows * dim },
    (_, index) => (index % dim === Math.floor(index / dim) % count ? 10 : 0) + rng.normal(0, 0.1),
  );
}

test("well-separated clusters are found, and sizes count their points", () => {
  const points = blobs(90, 8, 6);
  // A random start may leave two centres in one cluster for good; one of a few starts does not.
  const found = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((seed) =>
    kMeans(points, { rows: 90, dim: 8, clusters: 6, iterations: 20 }, new Rng(seed)),
  );
  const whole = found.filter(({ sizes }) => sizes.every((size) => size === 15));
  assert.ok(whole.length > 0);
  for (const { assignments } of whole)
    assignments.forEach((cluster, row) => {
      assert.equal(cluster, assignments[row % 6]);
    });
  for (const { assignments, sizes } of found)
    sizes.forEach((size, cluster) => {
      assert.equal(size, assignments.filter((at) => at === cluster).length);
    });
});

test("k-means++ starts in every cluster, for any seed", () => {
  const points = blobs(90, 8, 6);
  for (let seed = 0; seed < 20; seed++) {
    const options = { rows: 90, dim: 8, clusters: 6, iterations: 1, start: "k-means++" } as const;
    const { sizes } = kMeans(points, options, new Rng(seed));
    assert.deepEqual([...sizes], [15, 15, 15, 15, 15, 15]);
  }
  // Duplicates only: every distance is 0.
  const same = kMeans(
    new Float32Array(12).fill(1),
    { rows: 6, dim: 2, clusters: 3, iterations: 1, start: "k-means++" },
    new Rng(0),
  );
  assert.equal(same.assignments.length, 6);
});

test("each point ends in the cluster of the nearest mean, and another iteration finds no worse", () => {
  const points = new Rng(3).normals([200, 5]).data as Float32Array;
  const spread = (iterations: number) => {
    const { assignments, sizes } = kMeans(points, { rows: 200, dim: 5, clusters: 7, iterations }, new Rng(4));
    const means = new Float64Array(7 * 5);
    assignments.forEach((cluster, row) => {
      for (let at = 0; at < 5; at++) means[cluster * 5 + at]! += points[row * 5 + at]! / sizes[cluster]!;
    });
    const distance = (row: number, cluster: number) =>
      [0, 1, 2, 3, 4].reduce((sum, at) => sum + (points[row * 5 + at]! - means[cluster * 5 + at]!) ** 2, 0);
    return { assignments, distance, total: assignments.reduce((sum, cluster, row) => sum + distance(row, cluster), 0) };
  };
  const totals = [0, 1, 3, 10, 60].map((iterations) => spread(iterations).total);
  totals.slice(1).forEach((total, index) => {
    assert.ok(total <= totals[index]! + 1e-6, totals.join());
  });
  const { assignments, distance } = spread(60);
  assignments.forEach((cluster, row) => {
    for (let other = 0; other < 7; other++) assert.ok(distance(row, cluster) <= distance(row, other) + 1e-4);
  });
});

test("clusters that lose all their points split others: none is empty if there are enough points", () => {
  // Half of the points coincide: centres that start there coincide too, and all but one of their clusters are empty.
  const points = Float32Array.from({ length: 80 }, (_, index) => (index < 40 ? 1 : index));
  const { sizes } = kMeans(points, { rows: 80, dim: 1, clusters: 8, iterations: 30 }, new Rng(0));
  assert.ok(sizes.filter((size) => size > 0).length >= 7, `${sizes}`);
  assert.throws(
    () => kMeans(points, { rows: 3, dim: 1, clusters: 4, iterations: 1 }, new Rng(0)),
    /3 points are too few/,
  );
});

test("whitened rows have length 1, and before that mean 0 and identity covariance; constant features do no harm", () => {
  const rows = 500;
  const noise = [...new Rng(5).normals([rows, 3]).data];
  // Correlated and shifted features, and a fourth that is constant.
  const points = Float32Array.from({ length: rows * 4 }, (_, index) => {
    const [row, at] = [Math.floor(index / 4), index % 4];
    const [a, b, c] = [noise[row * 3]!, noise[row * 3 + 1]!, noise[row * 3 + 2]!];
    return [5 + 3 * a, a + 0.5 * b, 2 * b - 4 * c, 7][at]!;
  });
  const white = whiten(points, rows, 4);
  // By hand: the angle between two rows follows from their Mahalanobis products, for any rotation.
  const mean = [0, 1, 2].map(
    (at) => noise.reduce((sum, value, index) => sum + (index % 3 === at ? value : 0), 0) / rows,
  );
  const covariance = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += (noise[row * 3 + i]! - mean[i]!) * (noise[row * 3 + j]! - mean[j]!);
      return sum / rows;
    }),
  );
  const inverse = invert(covariance);
  const product = (one: number, other: number) => {
    let sum = 0;
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        sum += (noise[one * 3 + i]! - mean[i]!) * inverse[i]![j]! * (noise[other * 3 + j]! - mean[j]!);
    return sum;
  };
  for (let row = 1; row < 50; row++) {
    let cosine = 0;
    for (let at = 0; at < 4; at++) cosine += white[at]! * white[row * 4 + at]!;
    const expected = product(0, row) / Math.sqrt(product(0, 0) * product(row, row));
    assert.ok(Math.abs(cosine - expected) < 1e-2, `${cosine}, not ${expected}`);
    assert.ok(Math.abs(Math.hypot(...white.slice(row * 4, row * 4 + 4)) - 1) < 1e-5);
  }
});

/** The inverse of a 3 × 3 matrix by cofactors. */
function invert(m: readonly (readonly number[])[]): number[][] {
  const at = (i: number, j: number) => m[i % 3]![j % 3]!;
  const cofactor = (i: number, j: number) => at(i + 1, j + 1) * at(i + 2, j + 2) - at(i + 1, j + 2) * at(i + 2, j + 1);
  const determinant = [0, 1, 2].reduce((sum, j) => sum + at(0, j) * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant));
}
