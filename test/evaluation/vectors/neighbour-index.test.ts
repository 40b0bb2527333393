import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { digestOfWeights } from "../../../src/evaluation/vectors/digest.ts";
import { neighbourIndex } from "../../../src/evaluation/vectors/neighbour-index.ts";
import { writeEmbeddings } from "../../../src/interop/parquet.ts";
import { inFolder } from "../../support/cli.ts";

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, at) => sum + value * y[at]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

test("the nearest rows have the largest cosines, with their names and classes", () =>
  inFolder(async (folder) => {
    const rng = new Rng(7);
    const [rows, dim] = [60, 5];
    const random = (count: number) => Float32Array.from({ length: count }, () => rng.normal());
    const data = random(rows * dim);
    const names = Array.from({ length: rows }, (_, row) => `row ${row}`);
    const labels = names.map((_, row) => (row % 3 ? `class ${row % 3}` : null));
    const file = join(folder, "rows.parquet");
    const params = { weight: rng.normals([2, 3]) };
    const metadata = { data: "rows", run: "runs/a", step: "7", weights: digestOfWeights(params) };
    await writeEmbeddings(file, { paths: names, labels, data, dim, metadata });
    const index = await neighbourIndex(file, { dim, params });
    assert.deepEqual([index.rows, index.metadata], [rows, metadata]);
    for (let trial = 0; trial < 10; trial++) {
      const vector = random(dim);
      const expected = names
        .map((path, row) => ({
          path,
          label: labels[row],
          cosine: cosine(vector, data.subarray(row * dim, (row + 1) * dim)),
        }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 7);
      const found = index.nearest(vector, 7);
      assert.deepEqual(
        found.map(({ path, label }) => [path, label]),
        expected.map(({ path, label }) => [path, label]),
      );
      for (const [rank, { similarity }] of found.entries())
        assert.ok(Math.abs(similarity - expected[rank]!.cosine) < 1e-5);
    }
    assert.equal(index.nearest(random(dim), 1000).length, rows);
    await assert.rejects(neighbourIndex(file, { dim: dim + 1, params }), {
      name: "UserError",
      message: /vectors of width 5.* has 6/,
    });
    await assert.rejects(neighbourIndex(file, { dim, params: { weight: rng.normals([2, 3]) } }), {
      name: "UserError",
      message: /made by runs\/a at step 7, whose encoder has other weights/,
    });
  }));
