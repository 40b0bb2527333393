import { type Array, specOf, type Tensor, type TensorSpec, type Tree, type TreeRecord, tree } from "../array/index.ts";
import { sameShape } from "./graph.ts";
import { lower, type WordInputs } from "./lower/index.ts";
import { simplify } from "./passes/index.ts";
import { recompute } from "./passes/recompute.ts";
import type { Device, DeviceTensor, RuntimeOptions } from "./runtime.ts";
import { onnxRuntime } from "./runtimes/onnx.ts";
import { wasmRuntime } from "./runtimes/wasm.ts";
import { trace } from "./trace.ts";

export interface CompileOptions extends Partial<RuntimeOptions> {
  /** Default `cpu`. */
  readonly device?: Device;
  /** Name of the function in errors and profiles. */
  readonly name?: string;
}

/** What a function returned, with every array where the program left it. */
export type OnDevice<Out> = [Tree<Array>] extends [Out]
  ? Tree<DeviceTensor>
  : [TreeRecord<Array>] extends [Out]
    ? TreeRecord<DeviceTensor>
    : Out extends Array
      ? DeviceTensor
      : { readonly [Key in keyof Out]: OnDevice<Out[Key]> };

export interface Program<Out extends Tree<Array> = Tree<Array>> {
  /**
   * Runs on trees of the structure and shapes of the examples; host tensors and earlier outputs may be mixed.
   * @throws Error when a leaf's shape or type is not the example's
   */
  run(...args: Tree<Tensor | DeviceTensor>[]): Promise<OnDevice<Out>>;
  dispose(): Promise<void>;
}

/**
 * Traces a pure function once, at the shapes of the examples, and makes a program of it.
 * @param fn takes one tree of arrays per example and returns a tree of arrays; no value may depend on anything else
 * @param examples trees of tensors or of specifications: only shapes and types are looked at
 * @throws UserError when the device is not available; Error naming `options.name` when an operation is not supported
 *
 * @example
 * const add = await compile((a: Array, b: Array) => np.add(a, b), [float32([1, 2], [2]), float32([3, 4], [2])]);
 */
export async function compile<Out extends Tree<Array>>(
  fn: (...args: never[]) => Out,
  examples: readonly Tree<TensorSpec>[],
  options: CompileOptions = {},
): Promise<Program<Out>> {
  const { device = "cpu", name = fn.name || "the traced function" } = options;
  // Only what it is of the examples is held on to: they may be a model's whole state.
  const given = examples.map((example) => tree.map(example, specOf));
  const traced = await trace(fn, given, name);
  const { outputs } = traced;
  const runtime = device === "wasm" ? wasmRuntime : onnxRuntime;
  const simple = simplify(traced.graph);
  // Other devices' kernels are for a few axes only, and copies have many.
  const graph = device === "cpu" ? recompute(simple) : simple;
  const executable = await runtime({ ...traced, graph }, { ...options, device, name });
  const specs = given.flatMap((example) => tree.leaves(example));
  const paths = examples.flatMap((example, index) => tree.paths(example).map((path) => `${index}.${path}`));
  return {
    async run(...args) {
      const leaves = args.flatMap((arg) => tree.leaves(arg));
      if (leaves.length !== specs.length)
        throw new Error(`${name}: compiled for ${specs.length} arrays, called with ${leaves.length}`);
      leaves.forEach((leaf, index) => {
        const spec = specs[index]!;
        if (leaf.dtype !== spec.dtype || !sameShape(leaf.shape, spec.shape))
          throw new Error(
            `${name}: argument ${paths[index]} is ${leaf.dtype}[${leaf.shape}], compiled for ${spec.dtype}[${spec.shape}]`,
          );
      });
      // The trace recorded the very structure that `fn` returned.
      return tree.unflatten(outputs, await executable.run(leaves)) as OnDevice<Out>;
    },
    dispose: () => executable.dispose(),
  };
}

export interface ExportOptions {
  readonly name: string;
  /** Names of the leaves of `examples`, in order. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Tensors that become constants of the file: the first argument of `fn`. */
  readonly params: Tree<Tensor>;
  /** Where the inputs are words: any number of them in the file. */
  readonly words?: WordInputs;
}

/** No extent of a model is a multiple of it by chance, so that it marks the batch wherever it turns up. */
const BATCH_MARK = 7919;

/**
 * Writes `fn(params, ...examples)` as an ONNX file of standard operators. Examples have a batch dimension in front,
 * whatever its extent; in the file it is free.
 */
export async function toOnnx(
  fn: (...args: never[]) => Tree<Array>,
  examples: readonly Tree<TensorSpec>[],
  { name, inputNames, outputNames, params, words }: ExportOptions,
): Promise<Uint8Array> {
  const marked = examples.map((example) =>
    tree.map(example, ({ dtype, shape }): TensorSpec => ({ dtype, shape: [BATCH_MARK, ...shape.slice(1)] })),
  );
  const { graph, constants } = await trace(fn, [params, ...marked], name);
  const embedded = [...constants, ...tree.leaves(params)];
  const paths = [...constants.map((_, index) => `constant.${index}`), ...tree.paths(params)];
  return lower(simplify(graph), {
    name,
    inputNames: [...paths, ...inputNames],
    outputNames,
    initializers: new Map(embedded.map((tensor, index) => [index, tensor])),
    portable: true,
    batch: BATCH_MARK,
    words,
  });
}
