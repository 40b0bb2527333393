import { type Array, specOf, type Tensor, type TensorSpec, type Tree, type TreeRecord, tree } from "../array/index.ts";
import { sameShape } from "./graph.ts";
import { lower, type TokenInputs } from "./lower/index.ts";
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

/** A function's result, with each array left on its device. */
export type OnDevice<Out> = [Tree<Array>] extends [Out]
  ? Tree<DeviceTensor>
  : [TreeRecord<Array>] extends [Out]
    ? TreeRecord<DeviceTensor>
    : Out extends Array
      ? DeviceTensor
      : { readonly [Key in keyof Out]: OnDevice<Out[Key]> };

export interface Program<Out extends Tree<Array> = Tree<Array>> {
  /**
   * Runs on trees with the structure and shapes of the examples; host tensors and earlier outputs may be mixed.
   * @throws Error when a leaf's shape or type differs from the example's
   */
  run(...args: Tree<Tensor | DeviceTensor>[]): Promise<OnDevice<Out>>;
  dispose(): Promise<void>;
}

/**
 * Traces a pure function once, with the shapes of the examples, and compiles it.
 * @param fn takes one tree of arrays per example and returns a tree of arrays, which must depend on nothing else
 * @param examples trees of tensors or of specifications: only shapes and types matter
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
  // Keeps specifications only: the examples may be a model's whole state.
  const exampleSpecs = examples.map((example) => tree.map(example, specOf));
  const traced = await trace(fn, exampleSpecs, name);
  const { outputs } = traced;
  const runtime = device === "wasm" ? wasmRuntime : onnxRuntime;
  const simple = simplify(traced.graph);
  // Recomputed values get extra axes, more than other devices' kernels support.
  const graph = device === "cpu" ? recompute(simple) : simple;
  const executable = await runtime({ ...traced, graph }, { ...options, device, name });
  const specs = exampleSpecs.flatMap((example) => tree.leaves(example));
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
      // The trace recorded the structure that `fn` returned.
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
  /** The first argument of `fn`, stored in the file as constants. */
  readonly params: Tree<Tensor>;
  /** For inputs that are tokens: the file accepts sequences of any length. */
  readonly tokens?: TokenInputs;
  /**
   * Of inputs that come in batches of their own: the name of the batch, by the input's. The others' is `batch`. A model
   * of images and texts has two.
   */
  readonly batches?: Readonly<Record<string, string>>;
}

/** Mark batch dimensions: primes that no extent of a model is a multiple of by chance. */
const BATCH_MARKS = [7919, 7907] as const;

/**
 * Writes `fn(params, ...examples)` as an ONNX file of standard operators. The examples' first dimension is the batch,
 * of any extent; in the file it is free.
 * @throws Error when the inputs have more than two batches of their own
 */
export async function toOnnx(
  fn: (...args: never[]) => Tree<Array>,
  examples: readonly Tree<TensorSpec>[],
  { name, inputNames, outputNames, params, tokens, batches = {} }: ExportOptions,
): Promise<Uint8Array> {
  const batchOf = (input: number) => batches[inputNames[input] ?? ""] ?? "batch";
  const names = [...new Set(inputNames.map((_, input) => batchOf(input)))];
  if (names.length > BATCH_MARKS.length)
    throw new Error(`${name}: at most ${BATCH_MARKS.length} batches can be free, not ${names.join(", ")}`);
  let next = 0;
  const marked = examples.map((example) =>
    tree.map(example, ({ dtype, shape }): TensorSpec => {
      const mark = BATCH_MARKS[names.indexOf(batchOf(next++))]!;
      return { dtype, shape: [mark, ...shape.slice(1)] };
    }),
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
    batches: new Map(names.map((batch, index) => [BATCH_MARKS[index]!, batch])),
    tokens,
  });
}
