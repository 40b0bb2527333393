import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { knnPredict, topIndices } from "../../../src/evaluation/vectors/knn.ts";

test("the largest scores come in order, ties by index", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 }),
      fc.nat(70),
      (scores, count) => {
        const expected = scores
          .map((score, index) => ({ score, index }))
          .sort((a, b) => b.score - a.score || a.index - b.index)
          .slice(0, count)
          .map(({ index }) => index);
        assert.deepEqual([...topIndices(scores, count)], expected);
      },
    ),
  );
});

test("votes match the paper's formula in float64", async () => {
  const rng = new Rng(2);
  const [rows, queries, dim, classes] = [90, 40, 6, 4];
  const train = {
    data: Float32Array.from(rng.normals([rows, dim]).data),
    rows,
    dim,
    labels: Int32Array.from({ length: rows }, () => rng.integer(0, classes - 1)),
  };
  const asked = Float32Array.from(rng.normals([queries, dim]).data);
  const [near, far] = await knnPredict(train, { data: asked, rows: queries }, classes, [5, 200]);
  const cosine = (a: Float32Array, b: Float32Array) => {
    const dot = (u: Float32Array, v: Float32Array) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const predict = (query: number, k: number) => {
    const own = asked.subarray(query * dim, (query + 1) * dim);
    const all = Array.from({ length: rows }, (_, row) => ({
      row,
      s: cosine(own, train.data.subarray(row * dim, (row + 1) * dim)),
    }));
    const votes = new Float64Array(classes);
    for (const { row, s } of all.sort((a, b) => b.s - a.s).slice(0, k))
      votes[train.labels[row]!]! += Math.exp(s / 0.07);
    return votes.indexOf(Math.max(...votes));
  };
  for (let query = 0; query < queries; query++) {
    assert.equal(near?.[query], predict(query, 5));
    // More neighbours than rows: all of them vote.
    assert.equal(far?.[query], predict(query, rows));
  }
});
