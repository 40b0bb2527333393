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
 * Dynamic quantisation. Products with a constant (linear layers) are computed in integers: weights are int8 per output
 * channel, inputs become uint8 with the scale and zero point of the current batch (`DynamicQuantizeLinear`), results
 * are floats. ONNX Runtime fuses these nodes (`DynamicQuantizeMatMul`). Convolution kernels are stored as int8 but
 * computed in floats: ONNX Runtime's `ConvInteger` takes nearly twice as long as its float `Conv`.
 */
export const quantizeDynamically =
  ({ largest }: { readonly largest: number }): OnnxPass =>
  (graph) => {
    const weightOf = weightsOf(graph);
    const made = new Map<string, ReturnType<typeof initializerOf>>();
    const quantized = new Set<string>();

    /** The nodes that quantise an input, on its first use. */
    const input = (name: string): OnnxNode[] => {
      if (quantized.has(name)) return [];
      quantized.add(name);
      return [nodeOf("DynamicQuantizeLinear", [name], [`${name}.uint8`, `${name}.scale`, `${name}.zero`])];
    };
    /** Casts the integer sums to floats and scales them. */
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
      const oriented = weight.isTransposed ? `${name}.weight.int8` : stored;
      return [
        ...input(x),
        ...(weight.isTransposed ? [nodeOf("Transpose", [stored], [oriented], { perm: [1, 0] })] : []),
        nodeOf("MatMulInteger", [`${x}.uint8`, oriented, `${x}.zero`], [`${name}.sums`]),
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
        // ONNX Runtime would compute `DequantizeLinear` in every call; this it computes once, when it opens the file.
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
