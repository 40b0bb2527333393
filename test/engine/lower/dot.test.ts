import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, np, Rng, type Traced, type Tree } from "../../../src/array/index.ts";
import { compile, valueAndGrad } from "../../../src/engine/index.ts";
import { attention } from "../../../src/layers/attention.ts";
import { nodesOf } from "../../support/nodes.ts";

/** Axes of every array that the program transposes by itself; matrices' transposes ONNX Runtime takes into products. */
async function transposed(...program: Parameters<typeof nodesOf>) {
  const axes = (await nodesOf(...program))
    .filter(({ opType }) => opType === "Transpose")
    .map(({ attribute }) => attribute?.[0]?.ints?.length);
  return axes.filter((count) => count !== 2);
}

test("attention and its gradients transpose no heads: they move in whole rows, and products lie as they are read", async () => {
  const layer = attention(32, 2);
  type Params = { layer: Traced<ReturnType<typeof layer.init>>; x: Array };
  const loss = (params: Params) => ({ loss: np.sum(np.square(layer.apply(params.layer, params.x))), aux: [] });
  const step = (params: Params): Tree<Array> => {
    const { gradients } = valueAndGrad(loss, params);
    return gradients;
  };
  const rng = new Rng(0);
  assert.deepEqual(await transposed(step, [{ layer: layer.init(rng), x: rng.normals([3, 8, 32]) }]), []);
});

test("a product read transposed is the other way round, and the same numbers", async () => {
  const rng = new Rng(1);
  const [a, b] = [rng.normals([2, 5, 3]), rng.normals([2, 3, 4])];
  const turned = (x: Array, y: Array): Array => np.transpose(np.matmul(x, y), [0, 2, 1]);
  assert.deepEqual(await transposed(turned, [a, b]), []);
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
