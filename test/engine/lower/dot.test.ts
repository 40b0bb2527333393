import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, int32, np, Rng, type Traced, type Tree } from "../../../src/array/index.ts";
import { compile, valueAndGrad } from "../../../src/engine/index.ts";
import { attention } from "../../../src/layers/transformer/attention.ts";
import { nodesOf } from "../../support/nodes.ts";

test("attention and its gradients transpose no heads: they move in whole rows, and products are stored as they are read", async () => {
  const layer = attention(32, 2);
  type Params = { layer: Traced<ReturnType<typeof layer.init>>; x: Array };
  const loss = (params: Params) => ({ loss: np.sum(np.square(layer.apply(params.layer, params.x))), aux: [] });
  const step = (params: Params): Tree<Array> => {
    const { gradients } = valueAndGrad(loss, params);
    return gradients;
  };
  const rng = new Rng(0);
  const nodes = await nodesOf(step, [{ layer: layer.init(rng), x: rng.normals([3, 8, 32]) }]);
  assert.deepEqual(
    nodes.filter(({ opType }) => ["Transpose", "Slice", "Split"].includes(opType ?? "")),
    [],
  );
});

test("a product that is read transposed is computed transposed, with the same numbers", async () => {
  const rng = new Rng(1);
  const [a, b] = [rng.normals([2, 5, 3]), rng.normals([2, 3, 4])];
  const turned = (x: Array, y: Array): Array => np.transpose(np.matmul(x, y), [0, 2, 1]);
  assert.ok(!(await nodesOf(turned, [a, b])).some(({ opType }) => opType === "Transpose"));
  const on = async (device: "cpu" | "wasm") => {
    const program = await compile(turned, [a, b], { device });
    const output = await (await program.run(a, b)).read();
    await program.dispose();
    return output;
  };
  const [cpu, wasm] = [await on("cpu"), await on("wasm")];
  assert.deepEqual(cpu.shape, [2, 4, 5]);
  for (const [index, value] of cpu.data.entries()) assert.ok(Math.abs(value - wasm.data[index]!) < 1e-5);
});

test("a sum over many rows is computed in two halves, unless their number is odd", async () => {
  const gradient = (x: Array, y: Array): Array => np.matmul(np.transpose(x), y);
  for (const [terms, halves] of [
    [600, 1],
    [601, 0],
    [64, 0],
  ] as const) {
    const rng = new Rng(terms);
    const [x, y] = [rng.normals([terms, 7]), rng.normals([terms, 5])];
    const nodes = await nodesOf(gradient, [x, y]);
    assert.equal(nodes.filter(({ opType }) => opType === "MatMul").length, halves);
    const program = await compile(gradient, [x, y]);
    const { shape, data } = await (await program.run(x, y)).read();
    await program.dispose();
    assert.deepEqual(shape, [7, 5]);
    for (const [index, value] of data.entries()) {
      let sum = 0;
      for (let row = 0; row < terms; row++)
        sum += x.data[row * 7 + Math.floor(index / 5)]! * y.data[row * 5 + (index % 5)]!;
      assert.ok(Math.abs(value - sum) < 1e-4 * Math.sqrt(terms), `${value} for ${sum}`);
    }
  }
});

test("integers are multiplied in stored order, too", async () => {
  const x = int32(
    Int32Array.from({ length: 600 * 3 }, (_, index) => index % 5),
    [600, 3],
  );
  const squares = (of: Array): Array => np.matmul(np.transpose(of), of);
  const program = await compile(squares, [x]);
  const { data } = await (await program.run(x)).read();
  await program.dispose();
  const column = (at: number) => [...x.data].filter((_, index) => index % 3 === at);
  const expected = [0, 1, 2].flatMap((a) =>
    [0, 1, 2].map((b) => column(a).reduce((sum, value, row) => sum + value * column(b)[row]!, 0)),
  );
  assert.deepEqual([...data], expected);
});
