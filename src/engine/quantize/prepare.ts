import { nodeOf } from "../lower/onnx.ts";
import { attributeOf, floatConstants, type OnnxGraph, type OnnxPass, rewriteNodes } from "./onnx-graph.ts";

/** `max(x, 0)` → `Relu`, which ONNX Runtime can fuse with its neighbours. */
const relus: OnnxPass = (graph) => {
  const constant = floatConstants(graph);
  const isZero = (name: string) => {
    const found = constant(name);
    return found?.data.length === 1 && found.data[0] === 0;
  };
  const rewrite = ({ opType, input, output }: NonNullable<OnnxGraph["node"]>[number]) => {
    if (opType !== "Max" || input?.length !== 2 || !output) return undefined;
    const [other] = input.filter((name) => !isZero(name));
    return other !== undefined && input.some(isZero) ? [nodeOf("Relu", [other], output)] : undefined;
  };
  return rewriteNodes(graph, rewrite);
};

/** `Gemm` → `MatMul` and `Add`, so that its weight is treated like that of any other product. */
const products: OnnxPass = (graph) =>
  rewriteNodes(graph, (node) => {
    const { opType, input, output } = node;
    if (opType !== "Gemm" || !input || !output) return undefined;
    const plain = ["alpha", "beta"].every((name) => (attributeOf(node, name)?.f ?? 1) === 1);
    const isSet = (name: string) => Number(attributeOf(node, name)?.i ?? 0) === 1;
    if (!plain || isSet("transA")) return undefined;
    const [a = "", b = "", bias] = input;
    const right = isSet("transB") ? `${output[0]}.weight` : b;
    const product = bias ? `${output[0]}.product` : output[0]!;
    return [
      ...(isSet("transB") ? [nodeOf("Transpose", [b], [right], { perm: [1, 0] })] : []),
      nodeOf("MatMul", [a, right], [product]),
      ...(bias ? [nodeOf("Add", [product, bias], output)] : []),
    ];
  });

/**
 * Restores weight tying between a token embedding and the output layer, for which ONNX Runtime has made a transposed
 * copy of the table.
 */
const ties: OnnxPass = (graph) => {
  const constant = floatConstants(graph);
  const tables = new Set((graph.node ?? []).flatMap(({ opType, input }) => (opType === "Gather" ? [input?.[0]] : [])));
  return rewriteNodes(graph, ({ opType, input, output, ...rest }) => {
    const right = opType === "MatMul" ? constant(input?.[1]) : undefined;
    if (!right || !input || !output) return undefined;
    const original = [...tables].find((name) => {
      const table = constant(name);
      return table !== undefined && isTranspose(table, right);
    });
    if (original === undefined) return undefined;
    const transposed = `${output[0]}.weight`;
    return [
      nodeOf("Transpose", [original], [transposed], { perm: [1, 0] }),
      { ...rest, opType, output, input: [input[0]!, transposed] },
    ];
  });
};

interface Matrix {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function isTranspose(a: Matrix, b: Matrix): boolean {
  const [rows = 0, columns = 0] = a.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || b.shape[0] !== columns || b.shape[1] !== rows) return false;
  return a.data.every((value, at) => value === b.data[(at % columns) * rows + Math.floor(at / columns)]);
}

/** Passes that prepare a file simplified by ONNX Runtime for quantisation. */
export const preparation: readonly OnnxPass[] = [relus, products, ties];
