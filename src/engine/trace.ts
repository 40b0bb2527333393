import { type ClosedJaxpr, defaultDevice, init, valueAndGrad as jaxValueAndGrad, makeJaxpr, numpy } from "@jax-js/jax";
import {
  type Array,
  type DType,
  isArray,
  np,
  specOf,
  type Tensor,
  type TensorSpec,
  type Tree,
  tree,
} from "../array/index.ts";
import { type Atom, type Equation, type Graph, type Literal, sameShape, type Value } from "./graph.ts";

const dtypes = { float32: numpy.float32, int32: numpy.int32, uint32: numpy.uint32, bool: numpy.bool };

/** A traced function: its graph, the arrays it closes over, and the structure of its result. */
export interface Traced {
  readonly graph: Graph;
  /** Values of the first `constants.length` inputs of the graph; the arguments' leaves follow. */
  readonly constants: readonly Tensor[];
  readonly outputs: Tree<TensorSpec>;
  /** The function for jax-js, with arguments and results flattened. */
  readonly flat: (...args: Array[]) => Array[];
}

let ready: Promise<unknown> | undefined;

/** Starts jax-js' wasm engine once; tracing needs it for constants created inside functions. */
export function startJax(): Promise<unknown> {
  ready ??= init("wasm").then(() => defaultDevice("wasm"));
  return ready;
}

/**
 * Traces `fn` with arrays of the examples' shapes.
 * @throws Error naming `fn` when its result is not a tree of arrays, or when jax-js refuses an operation.
 */
export async function trace(
  fn: (...args: never[]) => Tree<Array>,
  examples: readonly Tree<TensorSpec>[],
  name: string,
): Promise<Traced> {
  await startJax();
  let structure: Tree<Array> | undefined;
  const flat = (...leaves: Array[]): Array[] => {
    let next = 0;
    const args = examples.map((example) => tree.map(example, () => leaves[next++]));
    // The caller's types are erased here: each tree of specifications becomes a tree of arrays.
    structure = Reflect.apply(fn, undefined, args);
    return tree.entries(structure as Tree<Array>).map(([path, leaf]) => {
      if (!isArray(leaf)) throw new Error(`${name}: output ${path || "(whole)"} is ${typeof leaf}, not an array`);
      return leaf.ref;
    });
  };
  // jax-js makes zeros lazily, so examples of any size cost nothing.
  const leaves = examples.flatMap((example) =>
    tree.leaves(example).map(({ shape, dtype }) => numpy.zeros([...shape], { dtype: dtypes[dtype] })),
  );
  let closed: ClosedJaxpr;
  try {
    closed = makeJaxpr(flat)(...leaves).jaxpr;
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const flattened = closed.jaxpr.flatten().simplify();

  const values = new Map<unknown, Value>();
  const dtypeOf = (dtype: string): DType => {
    if (dtype in dtypes) return dtype as DType;
    throw new Error(`${name}: arrays of type ${dtype} are not supported`);
  };
  const valueOf = (variable: { id: number; aval: { dtype: string; shape: number[] } }): Value => {
    const existing = values.get(variable);
    if (existing) return existing;
    const value: Value = { id: values.size, dtype: dtypeOf(variable.aval.dtype), shape: variable.aval.shape };
    values.set(variable, value);
    return value;
  };
  const atomOf = (atom: (typeof flattened.outs)[number]): Atom =>
    "value" in atom
      ? ({ literal: Number(atom.value), dtype: dtypeOf(atom.aval.dtype), shape: [] } satisfies Literal)
      : valueOf(atom);

  // Differentiation produces zero arrays as constants. Written as broadcasts of 0, they fold away and take no memory.
  const zeros: Equation[] = [];
  const inputs: Value[] = [];
  const constants: Tensor[] = [];
  for (const [index, binder] of flattened.inBinders.entries()) {
    const constant = closed.consts[index];
    const value = valueOf(binder);
    if (index >= closed.consts.length) inputs.push(value);
    else if (!isArray(constant)) throw new Error(`${name}: a constant is not an array`);
    else if (await isZero(constant)) {
      const axis = value.shape.map((_, each) => each);
      const literal: Literal = { literal: 0, dtype: value.dtype, shape: [] };
      zeros.push({ primitive: "broadcast", inputs: [literal], params: { shape: value.shape, axis }, outputs: [value] });
    } else {
      const data = await constant.ref.data();
      if (data instanceof Float16Array || data instanceof Float64Array)
        throw new Error(`${name}: constants of type ${constant.dtype} are not supported`);
      const { dtype, shape } = value;
      const tensor = { dtype, shape, data: dtype === "bool" ? Uint8Array.from(data) : data };
      // Equal constants, such as the fixed positions of an encoder that is called twice, become one, so that equal
      // expressions of them are computed once.
      const original = constants.findIndex((other) => sameBits(tensor, other));
      if (original >= 0) values.set(binder, inputs[original]!);
      else {
        constants.push(tensor);
        inputs.push(value);
      }
    }
  }
  for (const constant of closed.consts) if (isArray(constant)) constant.dispose();
  const graph: Graph = {
    inputs,
    equations: [
      ...zeros,
      ...flattened.eqns.map((equation) => ({
        primitive: equation.primitive,
        inputs: equation.inputs.map(atomOf),
        params: equation.params,
        outputs: equation.outBinders.map(valueOf),
      })),
    ],
    outputs: flattened.outs.map(atomOf),
  };
  const specs = graph.outputs.map(specOf);
  return { graph, constants, outputs: tree.unflatten<TensorSpec>(structure as Tree<Array>, specs), flat };
}

/** Whether an array is all zeros, without materialising it: jax-js evaluates such arrays lazily. */
const isZero = async (array: Array): Promise<boolean> => !(await np.any(array).data())[0];

function sameBits(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const [left, right] = [a, b].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return left!.every((byte, at) => byte === right![at]);
}

/**
 * Loss and gradients inside a traced function. `loss` may return further arrays as `aux`.
 * @returns the loss, `aux`, and a tree like `params` of ∂loss/∂params
 */
export function valueAndGrad<Params extends Tree<Array>, Aux extends Tree<Array>>(
  loss: (params: Params) => { loss: Array; aux: Aux },
  params: Params,
): { loss: Array; aux: Aux; gradients: Params } {
  let auxStructure: Aux | undefined;
  const onLeaves = (...leaves: Array[]): [Array, Array[]] => {
    const { loss: value, aux } = loss(tree.unflatten(params, leaves) as Params);
    auxStructure = aux;
    return [value.ref, tree.leaves<Array>(aux).map((leaf) => leaf.ref)];
  };
  const leaves = tree.leaves<Array>(params);
  const argnums = leaves.map((_, index) => index);
  const differentiate: (...args: Array[]) => unknown = jaxValueAndGrad(onLeaves, { argnums, hasAux: true });
  const [[value, aux], gradients] = differentiate(...leaves.map((leaf) => leaf.ref)) as [[Array, Array[]], Array[]];
  return {
    loss: value,
    aux: tree.unflatten(auxStructure as Tree<Array>, aux) as Aux,
    gradients: tree.unflatten(params, gradients) as Params,
  };
}
