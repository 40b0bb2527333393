import { nodeOf } from "../lower/onnx.ts";
import {
  floatConstants,
  initializerOf,
  type OnnxGraph,
  type OnnxNode,
  type OnnxPass,
  rewriteNodes,
  weightsOf,
} from "./onnx-graph.ts";
import { quantizeWeight } from "./weights.ts";

/** The range of a tensor's values. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Tensors to quantise to uint8: inputs of products, for that product only; inputs and outputs of convolutions, for all
 * readers.
 */
function activationsOf(graph: OnnxGraph): { ofProducts: Set<string>; ofConvolutions: Set<string> } {
  const weightOf = weightsOf(graph);
  const nodes = graph.node ?? [];
  const found = { ofProducts: new Set<string>(), ofConvolutions: new Set<string>() };
  for (const { opType, input, output } of nodes) {
    const [x = "", right] = input ?? [];
    if ((opType !== "MatMul" && opType !== "Conv") || !weightOf(right)) continue;
    if (opType === "MatMul") {
      found.ofProducts.add(x);
      continue;
    }
    const made = output?.[0] ?? "";
    const readers = nodes.filter((node) => node.input?.includes(made));
    const isReluAlone = readers.length === 1 && readers[0]!.opType === "Relu";
    found.ofConvolutions.add(x).add(isReluAlone ? (readers[0]!.output?.[0] ?? "") : made);
  }
  return found;
}

/** The tensors whose ranges `quantizeStatically` needs. */
export function observedTensors(graph: OnnxGraph): string[] {
  const { ofProducts, ofConvolutions } = activationsOf(graph);
  return [...new Set([...ofProducts, ...ofConvolutions])];
}

/**
 * Static quantisation: products with a constant, and convolutions, between `QuantizeLinear` and `DequantizeLinear`,
 * which ONNX Runtime fuses to integer kernels. Weights are int8 per output channel, activations uint8 in their
 * calibrated ranges, biases of convolutions int32. Nagel et al. 2021, https://arxiv.org/abs/2106.08295
 * @param ranges of `observedTensors`
 * @throws Error when a range is missing
 */
export const quantizeStatically =
  (ranges: ReadonlyMap<string, Range>, { largest }: { readonly largest: number }): OnnxPass =>
  (graph) => {
    const weightOf = weightsOf(graph);
    const constant = floatConstants(graph);
    const { ofConvolutions } = activationsOf(graph);
    const made = new Map<string, ReturnType<typeof initializerOf>>();
    const emitted = new Set<string>();
    const scaleOf = (name: string) => asymmetric(rangeOf(ranges, name));

    /** The nodes that quantise a tensor and back, on its first use. */
    const rounded = (name: string): OnnxNode[] => {
      if (emitted.has(name)) return [];
      emitted.add(name);
      const { scale, zero } = scaleOf(name);
      const grid = [`${name}.scale`, `${name}.zero`];
      made.set(grid[0]!, initializerOf(grid[0]!, "float32", [], Float32Array.of(scale)));
      made.set(grid[1]!, initializerOf(grid[1]!, "uint8", [], Uint8Array.of(zero)));
      return [
        nodeOf("QuantizeLinear", [name, ...grid], [`${name}.uint8`]),
        nodeOf("DequantizeLinear", [`${name}.uint8`, ...grid], [`${name}.rounded`]),
      ];
    };
    const restored = (name: string, stored: string, axis: number): OnnxNode =>
      nodeOf("DequantizeLinear", [stored, `${name}.scale`], [`${stored}.restored`], { axis });

    const product = (node: OnnxNode): OnnxNode[] | undefined => {
      const [x = "", right] = node.input ?? [];
      const weight = weightOf(right);
      if (!weight) return undefined;
      const stored = `${weight.name}.int8`;
      const { values, scales } = quantizeWeight(weight.data, weight.shape, weight.isTransposed ? 0 : 1, largest);
      made.set(stored, initializerOf(stored, "int8", weight.shape, values));
      made.set(`${weight.name}.scale`, initializerOf(`${weight.name}.scale`, "float32", [scales.length], scales));
      const oriented = weight.isTransposed ? `${node.output?.[0]}.int8` : stored;
      const isFirst = !emitted.has(oriented);
      emitted.add(oriented);
      return [
        ...rounded(x),
        ...(weight.isTransposed ? [nodeOf("Transpose", [stored], [oriented], { perm: [1, 0] })] : []),
        ...(isFirst ? [restored(weight.name, oriented, 1)] : []),
        { ...node, input: [`${x}.rounded`, `${oriented}.restored`] },
      ];
    };

    const convolution = (node: OnnxNode): OnnxNode[] | undefined => {
      const [x = "", right, bias] = node.input ?? [];
      const kernel = weightOf(right);
      if (!kernel) return undefined;
      const stored = `${kernel.name}.int8`;
      const { values, scales } = quantizeWeight(kernel.data, kernel.shape, 0, largest);
      const isFirst = !made.has(stored);
      made.set(stored, initializerOf(stored, "int8", kernel.shape, values));
      made.set(`${kernel.name}.scale`, initializerOf(`${kernel.name}.scale`, "float32", [scales.length], scales));
      const added = bias === undefined ? undefined : constant(bias);
      if (bias !== undefined && !added) throw new Error(`the bias ${bias} of a convolution is not a constant`);
      const sums = `${node.output?.[0]}.bias`;
      if (added) {
        const steps = scales.map((scale) => scale * scaleOf(x).scale);
        const whole = Int32Array.from(added.data, (value, channel) => Math.round(value / steps[channel]!));
        made.set(`${sums}.scale`, initializerOf(`${sums}.scale`, "float32", [steps.length], steps));
        made.set(`${sums}.int32`, initializerOf(`${sums}.int32`, "int32", [whole.length], whole));
      }
      return [
        ...rounded(x),
        ...(isFirst ? [restored(kernel.name, stored, 0)] : []),
        ...(added ? [restored(sums, `${sums}.int32`, 0)] : []),
        {
          ...node,
          input: [`${x}.rounded`, `${stored}.restored`, ...(added ? [`${sums}.int32.restored`] : [])],
        },
      ];
    };

    return rewriteNodes(
      graph,
      (one) => {
        if (one.opType === "MatMul") return product(one);
        if (one.opType === "Conv") return convolution(one);
        const read = (one.input ?? []).filter((name) => ofConvolutions.has(name));
        if (read.length === 0) return undefined;
        const input = one.input?.map((name) => (ofConvolutions.has(name) ? `${name}.rounded` : name));
        return [...read.flatMap(rounded), { ...one, input }];
      },
      made,
    );
  };

function rangeOf(ranges: ReadonlyMap<string, Range>, name: string): Range {
  const range = ranges.get(name);
  if (!range) throw new Error(`${name} was not calibrated`);
  return range;
}

/** Scale and zero point of uint8 for a range, widened to include 0, since padding must be exact. */
export function asymmetric({ min, max }: Range): { scale: number; zero: number } {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zero: Math.min(255, Math.round(-low / scale)) };
}
