import assert from "node:assert/strict";
import { type Array, type Tensor, type Tree, tree } from "../../src/array/index.ts";
import { compile, read } from "../../src/engine/index.ts";

/** Asserts that ONNX Runtime computes what jax-js' own engine does, each output up to a share of its norm. */
export async function assertAgreement<Inputs extends Tree<Tensor>>(
  fn: (inputs: never) => Tree<Array>,
  tensors: Inputs,
  share: number,
): Promise<void> {
  const [actual, reference] = await Promise.all(
    (["cpu", "wasm"] as const).map(async (device) => {
      const program = await compile(fn, [tensors], { device });
      const values = new Map(tree.entries<Tensor>(await read(await program.run(tensors))));
      await program.dispose();
      return values;
    }),
  );
  for (const [name, { data }] of reference!) {
    const other = actual!.get(name)!.data;
    const error = Math.hypot(...data.map((value, at) => value - other[at]!)) / Math.hypot(...data);
    assert.ok(error < share, `${name} differs by ${error}`);
  }
}
