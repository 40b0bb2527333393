import onnxProto, { type onnx } from "onnx-proto";
import { sizeOf } from "../../array/index.ts";

export type OnnxGraph = onnx.IGraphProto;
export type OnnxNode = onnx.INodeProto;

/** A pass over the graph of an ONNX file; has no side effects. */
export type OnnxPass = (graph: OnnxGraph) => OnnxGraph;

/** ONNX's numbers for the types that quantised models add. */
export const onnxTypes = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;
interface Stored {
  readonly float32: Float32Array;
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int32: Int32Array;
}

/** Applies passes, one after the other, to a file. */
export function transformModel(model: Uint8Array, passes: readonly OnnxPass[]): Uint8Array {
  const { ModelProto } = onnxProto.onnx;
  const decoded = ModelProto.decode(model);
  const graph = passes.reduce<OnnxGraph>((current, pass) => pass(current), decoded.graph ?? {});
  return ModelProto.encode({ ...decoded, graph: withoutUnused(graph) }).finish();
}

/** The graph of a file. */
export const graphOf = (model: Uint8Array): OnnxGraph => onnxProto.onnx.ModelProto.decode(model).graph ?? {};

/** A constant of the file. */
export function initializerOf<Name extends keyof Stored>(
  name: string,
  dtype: Name,
  dims: readonly number[],
  data: Stored[Name],
): onnx.ITensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dataType: onnxTypes[dtype], dims: [...dims], rawData };
}

/** A float32 constant of a file, read. */
export interface FloatConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The float32 constants of a graph by name; each is read when it is asked for. */
export function floatConstants({ initializer }: OnnxGraph): (name: string | undefined) => FloatConstant | undefined {
  const byName = new Map((initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  return (name = "") => {
    const tensor = byName.get(name);
    if (!tensor || tensor.dataType !== onnxTypes.float32) return undefined;
    const shape = (tensor.dims ?? []).map(Number);
    if (!tensor.rawData?.length) return { name, shape, data: Float32Array.from(tensor.floatData ?? []) };
    // A copy: the bytes lie in the file wherever they may, and an array of floats wants a multiple of four.
    return { name, shape, data: new Float32Array(new Uint8Array(tensor.rawData).buffer, 0, sizeOf(shape)) };
  };
}

/** What constant a product's right side is: one of the file, as it lies there or transposed. */
export function weightsOf(graph: OnnxGraph): (name: string | undefined) => (FloatConstant & Turned) | undefined {
  const constant = floatConstants(graph);
  const turned = new Map(
    (graph.node ?? [])
      .filter(({ opType, attribute }) => opType === "Transpose" && attribute?.[0]?.ints?.map(Number).join() === "1,0")
      .map(({ input, output }) => [output?.[0] ?? "", input?.[0] ?? ""]),
  );
  return (name = "") => {
    const straight = constant(name);
    if (straight) return { ...straight, isTransposed: false };
    const other = constant(turned.get(name));
    return other && { ...other, isTransposed: true };
  };
}

interface Turned {
  /** Whether the node reads the constant through a `Transpose`. */
  readonly isTransposed: boolean;
}

export const attributeOf = ({ attribute }: OnnxNode, name: string): onnx.IAttributeProto | undefined =>
  attribute?.find((one) => one.name === name);

/**
 * Replaces each node by what `rewrite` makes of it (itself when undefined), and adds the constants that this leaves in
 * `made`, by name; one that is there already is the same.
 */
export function rewriteNodes(
  graph: OnnxGraph,
  rewrite: (node: OnnxNode) => readonly OnnxNode[] | undefined,
  made: ReadonlyMap<string, onnx.ITensorProto> = new Map(),
): OnnxGraph {
  const node = (graph.node ?? []).flatMap((one) => rewrite(one) ?? [one]);
  const there = new Set(graph.initializer?.map(({ name }) => name));
  const added = [...made.values()].filter(({ name }) => !there.has(name));
  return { ...graph, node, initializer: [...(graph.initializer ?? []), ...added] };
}

/** Leaves out nodes and constants that no output needs. */
function withoutUnused(graph: OnnxGraph): OnnxGraph {
  const needed = new Set(graph.output?.map(({ name }) => name ?? ""));
  const node = (graph.node ?? []).toReversed().filter(({ input, output }) => {
    const used = output?.some((name) => needed.has(name)) ?? false;
    if (used) for (const name of input ?? []) needed.add(name);
    return used;
  });
  const initializer = graph.initializer?.filter(({ name }) => needed.has(name ?? ""));
  return { ...graph, node: node.toReversed(), initializer, valueInfo: [] };
}
