import onnxProto, { type onnx } from "onnx-proto";
import { allocate, type DType, sizeOf, type Tensor } from "../../array/index.ts";
import { nearestOutputsLast } from "./order.ts";

/** Versions of the files written, fixed here only. */
const OPSET = 18;
const IR_VERSION = 9;

const dataTypes: Record<DType | "int64", number> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 };

export const dataTypeOf = (dtype: DType | "int64"): number => dataTypes[dtype];

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/** A dimension: an extent, or the name of a free one. */
export type Dimension = number | string;

function attribute(name: string, value: Attribute): onnx.IAttributeProto {
  const { AttributeType } = onnxProto.onnx.AttributeProto;
  if (typeof value === "number") return { name, i: value, type: AttributeType.INT };
  if (typeof value === "string") return { name, s: new TextEncoder().encode(value), type: AttributeType.STRING };
  if ("float" in value) return { name, f: value.float, type: AttributeType.FLOAT };
  return { name, ints: [...value], type: AttributeType.INTS };
}

/** One node of an ONNX graph. */
export const nodeOf = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  domain = "",
): onnx.INodeProto => ({
  name: `${op}_${outputs[0]}`,
  opType: op,
  input: [...inputs],
  output: [...outputs],
  domain,
  attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
});

const valueInfo = (name: string, dtype: DType | "int64", shape: readonly Dimension[]): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: dataTypes[dtype],
      shape: { dim: shape.map((extent) => (typeof extent === "string" ? { dimParam: extent } : { dimValue: extent })) },
    },
  },
});

/** Collects the nodes and constants of an ONNX graph; equal nodes and equal constants are written once. */
export class GraphWriter {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #initializers: onnx.ITensorProto[] = [];
  readonly #inputs: onnx.IValueInfoProto[] = [];
  readonly #outputs: onnx.IValueInfoProto[] = [];
  readonly #emitted = new Map<string, string[]>();
  readonly #renamed = new Map<string, string>();
  #count = 0;

  fresh(): string {
    return `v${this.#count++}`;
  }

  /** Adds a node of one output, or finds an equal one. @returns the name of its output */
  emit(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ""): string {
    return this.emitMany(op, inputs, 1, attributes, domain)[0]!;
  }

  emitMany(op: string, inputs: readonly string[], outputs: number, attributes: Attributes = {}, domain = ""): string[] {
    const key = `${domain}.${op}(${inputs.join()})${JSON.stringify(attributes)}`;
    const emitted = this.#emitted.get(key);
    if (emitted) return emitted;
    const output = globalThis.Array.from({ length: outputs }, () => this.fresh());
    this.#nodes.push(nodeOf(op, inputs, output, attributes, domain));
    this.#emitted.set(key, output);
    return output;
  }

  /** A constant with a given name, such as a parameter's path. */
  initializer(name: string, { dtype, shape, data }: Tensor): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, dataType: dataTypes[dtype], dims: [...shape], rawData });
    return name;
  }

  constant(dtype: DType, values: readonly number[], shape: readonly number[] = [values.length]): string {
    const key = `constant ${dtype} [${shape}] ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`;
    const emitted = this.#emitted.get(key);
    if (emitted) return emitted[0]!;
    const data = allocate(dtype, sizeOf(shape));
    data.set(values);
    const name = this.initializer(this.fresh(), { dtype, shape, data });
    this.#emitted.set(key, [name]);
    return name;
  }

  int64(values: readonly number[]): string {
    const key = `constant int64 ${values.join()}`;
    const emitted = this.#emitted.get(key);
    if (emitted) return emitted[0]!;
    const data = BigInt64Array.from(values, BigInt);
    const name = this.fresh();
    const rawData = new Uint8Array(data.buffer);
    this.#initializers.push({ name, dataType: dataTypes.int64, dims: [values.length], rawData });
    this.#emitted.set(key, [name]);
    return name;
  }

  input(name: string, dtype: DType | "int64", shape: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, dtype, shape));
    return name;
  }

  /** Makes `value` an output called `name`. */
  output(name: string, value: string, dtype: DType, shape: readonly Dimension[]): void {
    const made = this.#nodes.some((node) => node.output?.includes(value));
    // The node that computes the value writes to the output's name, unless it has one already or is an input.
    if (made && !this.#renamed.has(value)) this.#renamed.set(value, name);
    else this.#nodes.push({ name: `Identity_${name}`, opType: "Identity", input: [value], output: [name] });
    this.#outputs.push(valueInfo(name, dtype, shape));
  }

  finish(): Uint8Array {
    const rename = (names: string[] | null | undefined) => names?.map((name) => this.#renamed.get(name) ?? name);
    // Drops nodes whose results no lowering used.
    const needed = new Set([...this.#renamed.keys(), ...this.#outputs.map(({ name }) => name ?? "")]);
    const live = this.#nodes.toReversed().filter((node) => {
      const used = node.output?.some((name) => needed.has(name)) ?? false;
      if (used) for (const name of node.input ?? []) needed.add(name);
      return used;
    });
    const nodes = live
      .toReversed()
      .map((node) => ({ ...node, input: rename(node.input), output: rename(node.output) }));
    return onnxProto.onnx.ModelProto.encode({
      irVersion: IR_VERSION,
      producerName: "autodidact",
      opsetImport: [
        { domain: "", version: OPSET },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: "program",
        node: nearestOutputsLast(nodes),
        initializer: this.#initializers.filter(({ name }) => needed.has(name ?? "")),
        input: this.#inputs,
        output: this.#outputs,
      },
    }).finish();
  }
}
