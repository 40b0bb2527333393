import onnxProto, { type onnx } from "onnx-proto";
import type { Array, TensorSpec, Tree } from "../../src/array/index.ts";
import { lower } from "../../src/engine/lower/index.ts";
import { simplify } from "../../src/engine/passes/index.ts";
import { trace } from "../../src/engine/trace.ts";

/** The ONNX nodes that a function is written with for the CPU. */
export async function nodesOf(
  fn: (...args: never[]) => Tree<Array>,
  examples: readonly Tree<TensorSpec>[],
): Promise<readonly onnx.INodeProto[]> {
  const { graph } = await trace(fn, examples, "nodes");
  const names = (values: readonly unknown[], letter: string) => values.map((_, index) => `${letter}${index}`);
  const bytes = lower(simplify(graph), {
    name: "nodes",
    inputNames: names(graph.inputs, "i"),
    outputNames: names(graph.outputs, "o"),
    portable: false,
  });
  return onnxProto.onnx.ModelProto.decode(bytes).graph?.node ?? [];
}
