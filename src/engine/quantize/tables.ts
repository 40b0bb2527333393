import { nodeOf } from "../lower/onnx.ts";
import { floatConstants, initializerOf, type OnnxPass, onnxTypes, rewriteNodes } from "./onnx-graph.ts";
import { quantizeWeight } from "./weights.ts";

/** Smaller tables are left alone. */
const LEAST_VALUES = 4096;

/**
 * Quantises lookup tables (token embeddings) to int8 with a scale for each row; looked-up rows are floats. To be run
 * before the products are quantised.
 */
export const quantizeTables =
  ({ largest }: { readonly largest: number }): OnnxPass =>
  (graph) => {
    const constant = floatConstants(graph);
    const made = new Map<string, ReturnType<typeof initializerOf>>();
    const rewrite: Parameters<typeof rewriteNodes>[1] = ({ opType, input, output, attribute }) => {
      const [name = "", indices = ""] = input ?? [];
      const table = opType === "Gather" && !Number(attribute?.[0]?.i ?? 0) ? constant(name) : undefined;
      if (table?.shape.length !== 2 || table.data.length < LEAST_VALUES || !output) return undefined;
      const { values, scales } = quantizeWeight(table.data, table.shape, 0, largest);
      made.set(`${name}.int8`, initializerOf(`${name}.int8`, "int8", table.shape, values));
      made.set(`${name}.rowScale`, initializerOf(`${name}.rowScale`, "float32", [table.shape[0]!, 1], scales));
      const at = (suffix: string) => `${output[0]}.${suffix}`;
      return [
        nodeOf("Gather", [`${name}.int8`, indices], [at("row.int8")], { axis: 0 }),
        nodeOf("Cast", [at("row.int8")], [at("row.float")], { to: onnxTypes.float32 }),
        nodeOf("Gather", [`${name}.rowScale`, indices], [at("row.scale")], { axis: 0 }),
        nodeOf("Mul", [at("row.float"), at("row.scale")], output),
      ];
    };
    return rewriteNodes(graph, rewrite, made);
  };
