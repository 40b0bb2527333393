import { nodeOf } from "../lower/onnx.ts";
import {
  type FloatConstant,
  initializerOf,
  type OnnxNode,
  type OnnxPass,
  onnxTypes,
  rewriteNodes,
  weightsOf,
} from "./onnx-graph.ts";
import { quantizeWeight } from "./weights.ts";

/**
 * Products with a constant (linear layers) in whole numbers: the weight is int8 per output channel, its input becomes
 * uint8 with the scale and zero of the very batch, as `DynamicQuantizeLinear` finds them; the result is a float again.
 * ONNX Runtime joins these nodes into one (`DynamicQuantizeMatMul`). Kernels of convolutions are stored as int8 and
 * computed with as floats: ONNX Runtime's `ConvInteger` takes nearly twice as long as its float `Conv`.
 */
export const quantizeDynamically =
  ({ largest }: { readonly largest: number }): OnnxPass =>
  (graph) => {
    const weightOf = weightsOf(graph);
    const made = new Map<string, ReturnType<typeof initializerOf>>();
    const started = new Set<string>();

    /** The nodes that turn an input into whole numbers, the first time it is met. */
    const input = (name: string): OnnxNode[] => {
      if (started.has(name)) return [];
      started.add(name);
      return [nodeOf("DynamicQuantizeLinear", [name], [`${name}.uint8`, `${name}.scale`, `${name}.zero`])];
    };
    /** Casts the sums of products and gives them their scale. */
    const output = (x: string, scales: string, sums: string, name: string): OnnxNode[] => [
      nodeOf("Cast", [sums], [`${name}.float`], { to: onnxTypes.float32 }),
      nodeOf("Mul", [`${x}.scale`, scales], [`${name}.outputScale`]),
      nodeOf("Mul", [`${name}.float`, `${name}.outputScale`], [name]),
    ];

    const product = (x: string, weight: FloatConstant & { isTransposed: boolean }, name: string): OnnxNode[] => {
      const stored = `${weight.name}.int8`;
      const { values, scales } = quantizeWeight(weight.data, weight.shape, weight.isTransposed ? 0 : 1, largest);
      made.set(stored, initializerOf(stored, "int8", weight.shape, values));
      made.set(`${weight.name}.scale`, initializerOf(`${weight.name}.scale`, "float32", [scales.length], scales));
      const turned = weight.isTransposed ? `${name}.weight.int8` : stored;
      return [
        ...input(x),
        ...(weight.isTransposed ? [nodeOf("Transpose", [stored], [turned], { perm: [1, 0] })] : []),
        nodeOf("MatMulInteger", [`${x}.uint8`, turned, `${x}.zero`], [`${name}.sums`]),
        ...output(x, `${weight.name}.scale`, `${name}.sums`, name),
      ];
    };

    const convolution = (node: OnnxNode, kernel: FloatConstant): OnnxNode[] => {
      const at = (suffix: string) => `${kernel.name}.${suffix}`;
      const restored = { ...node, input: node.input?.with(1, at("restored")) ?? [] };
      if (made.has(at("int8"))) return [restored];
      const { values, scales } = quantizeWeight(kernel.data, kernel.shape, 0);
      const spread = [scales.length, ...kernel.shape.slice(1).map(() => 1)];
      made.set(at("int8"), initializerOf(at("int8"), "int8", kernel.shape, values));
      made.set(at("scale"), initializerOf(at("scale"), "float32", spread, scales));
      return [
        // Not `DequantizeLinear`: ONNX Runtime would compute that in every call, and this once, when it opens the file.
        nodeOf("Cast", [at("int8")], [at("float")], { to: onnxTypes.float32 }),
        nodeOf("Mul", [at("float"), at("scale")], [at("restored")]),
        restored,
      ];
    };

    const rewrite = (node: OnnxNode): readonly OnnxNode[] | undefined => {
      const [x = "", right] = node.input ?? [];
      const [name] = node.output ?? [];
      const weight = node.opType === "MatMul" || node.opType === "Conv" ? weightOf(right) : undefined;
      if (!weight || name === undefined) return undefined;
      return node.opType === "Conv" ? convolution(node, weight) : product(x, weight, name);
    };
    return rewriteNodes(graph, rewrite, made);
  };
