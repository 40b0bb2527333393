import onnxProto, { type onnx } from "onnx-proto";
import { sizeOf } from "../../array/index.ts";

export type OnnxGraph = onnx.IGraphProto;
export type OnnxNode = onnx.INodeProto;

/** A pass over the graph of an ONNX file, without side effects. */
export type OnnxPass = (graph: OnnxGraph) => OnnxGraph;

/** ONNX's codes of the types in quantised models. */
export const onnxTypes = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;
interface Stored {
  readonly float32: Float32Array;
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int32: Int32Array;
}

/** Applies passes to a file in turn. */
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

/** The values of a float32 constant. */
export interface FloatConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Looks up float32 constants of a graph by name; each is decoded when looked up. */
export function floatConstants({ initializer }: OnnxGraph): (name: string | undefined) => FloatConstant | undefined {
  const byName = new Map((initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  return (name = "") => {
    const tensor = byName.get(name);
    if (!tensor || tensor.dataType !== onnxTypes.float32) return undefined;
    const shape = (tensor.dims ?? []).map(Number);
    if (!tensor.rawData?.length) return { name, shape, data: Float32Array.from(tensor.floatData ?? []) };
    // Copied, since an array of floats needs an offset that is a multiple of four.
    return { name, shape, data: new Float32Array(new Uint8Array(tensor.rawData).buffer, 0, sizeOf(shape)) };
  };
}

/** Looks up the constant behind a product's right operand, as stored in the file or transposed. */
export function weightsOf(graph: OnnxGraph): (name: string | undefined) => (FloatConstant & Orientation) | undefined {
  const constant = floatConstants(graph);
  const transposes = new Map(
    (graph.node ?? [])
      .filter(({ opType, attribute }) => opType === "Transpose" && attribute?.[0]?.ints?.map(Number).join() === "1,0")
      .map(({ input, output }) => [output?.[0] ?? "", input?.[0] ?? ""]),
  );
  return (name = "") => {
    const direct = constant(name);
    if (direct) return { ...direct, isTransposed: false };
    const source = constant(transposes.get(name));
    return source && { ...source, isTransposed: true };
  };
}

interface Orientation {
  /** Whether the node reads the constant through a `Transpose`. */
  readonly isTransposed: boolean;
}

export const attributeOf = ({ attribute }: OnnxNode, name: string): onnx.IAttributeProto | undefined =>
  attribute?.find((one) => one.name === name);

/**
 * Replaces each node by the result of `rewrite` (undefined keeps it), then adds the constants that `rewrite` put in
 * `made`, except names that the graph already has.
 */
export function rewriteNodes(
  graph: OnnxGraph,
  rewrite: (node: OnnxNode) => readonly OnnxNode[] | undefined,
  made: ReadonlyMap<string, onnx.ITensorProto> = new Map(),
): OnnxGraph {
  const node = (graph.node ?? []).flatMap((one) => rewrite(one) ?? [one]);
  const existing = new Set(graph.initializer?.map(({ name }) => name));
  const added = [...made.values()].filter(({ name }) => !existing.has(name));
  return { ...graph, node, initializer: [...(graph.initializer ?? []), ...added] };
}

/** Removes nodes and constants that no output needs. */
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
