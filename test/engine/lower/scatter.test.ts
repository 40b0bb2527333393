import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, int32, np, Rng } from "../../../src/array/index.ts";
import { compile, valueAndGrad } from "../../../src/engine/index.ts";

const [ROWS, TABLE, WIDTH] = [4096, 32, 64];

test("rows that are looked up often get every gradient, on several threads and each time the same", async () => {
  const rng = new Rng(0);
  const table = rng.split("table").normals([TABLE, WIDTH]);
  const weights = rng.split("weights").normals([ROWS, WIDTH]);
  const ids = int32(
    globalThis.Array.from({ length: ROWS }, () => rng.integer(0, TABLE - 1)),
    [ROWS],
  );
  // The gradient of a row is the sum of the weights wherever it was looked up.
  const expected = new Float64Array(TABLE * WIDTH);
  ids.data.forEach((id, row) => {
    for (let i = 0; i < WIDTH; i++) expected[id * WIDTH + i]! += weights.data[row * WIDTH + i]!;
  });
  const gradient = (rows: Array, at: Array, scale: Array) =>
    valueAndGrad((params: Array) => ({ loss: np.sum(np.multiply(np.take(params, at, 0), scale)), aux: {} }), rows)
      .gradients;
  const program = await compile(
    (rows: Array, at: Array, scale: Array) => ({ gradient: gradient(rows, at, scale) }),
    [table, ids, weights],
    { name: "lookup", threads: 4 },
  );
  try {
    let first: Float32Array | undefined;
    for (let run = 0; run < 40; run++) {
      const outputs = await program.run(table, ids, weights);
      const { data } = await outputs.gradient.read();
      assert.ok(data instanceof Float32Array);
      first ??= data;
      assert.deepEqual(data, first, `run ${run}`);
    }
    first?.forEach((value, at) => {
      assert.ok(Math.abs(value - expected[at]!) < 1e-3, `element ${at}: ${value} for ${expected[at]}`);
    });
  } finally {
    await program.dispose();
  }
});
