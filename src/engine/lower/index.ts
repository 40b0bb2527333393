import type { Tensor } from "../../array/index.ts";
import { type Graph, isLiteral, type Value } from "../graph.ts";
import { Context, type ContextOptions, type Lowering } from "./context.ts";
import { convolutions } from "./conv.ts";
import { products } from "./dot.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { dataTypeOf } from "./onnx.ts";
import { reductions } from "./reduce.ts";
import { shapes } from "./shape.ts";
import { dense } from "./view.ts";
import { windows } from "./window.ts";

const lowerings: Record<string, Lowering> = {
  ...elementwise,
  ...reductions,
  ...products,
  ...convolutions,
  ...windows,
  ...shapes,
  ...indexing,
};

/** Every primitive that has a lowering, sorted. */
export const supportedPrimitives: readonly string[] = Object.keys(lowerings).sort();

export interface LowerOptions extends ContextOptions {
  /** Name of the traced function, for errors. */
  readonly name: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Inputs, by position, that become constants of the file. */
  readonly initializers?: ReadonlyMap<number, Tensor>;
  readonly tokens?: TokenInputs;
}

/** How a model that reads tokens is called. */
export interface TokenInputs {
  /**
   * Most tokens of a sequence. Inputs of `[batch, length]` int32 become int64 `[batch, sequence]` with up to `length`
   * tokens, and outputs of `[batch, length, …]` with at least three axes are cut to the same sequence.
   */
  readonly length: number;
  /** Inputs that are declared because callers feed them, but not read; int64 `[batch, sequence]`. */
  readonly ignored?: readonly string[];
  /**
   * For models that generate token by token: names of an input and an output, float32 `[batch, 1, past, 1]`, in the
   * place of a cache of keys and values. They hold the earlier tokens themselves, which are processed again in each
   * call. The first input holds the new tokens only; the other inputs, all of them.
   */
  readonly cache?: { readonly past: string; readonly present: string };
}

/** Whether a constant counts the rows of a batch: 0, 1, 2 … */
const isRamp = ({ dtype, shape, data }: Tensor): boolean =>
  dtype === "int32" && shape.length === 1 && data.every((value, index) => value === index);

/** Writes a graph as an ONNX model. @throws Error naming the function and the primitive if one has no lowering. */
export function lower(graph: Graph, options: LowerOptions): Uint8Array {
  const context = new Context(graph, options);
  const { batches } = context;
  const used = new Set(graph.equations.flatMap((equation) => equation.inputs).concat(graph.outputs));
  const { tokens } = options;
  // transformers.js makes an empty cache by these names of extents.
  const past = tokens?.cache && context.writer.input(tokens.cache.past, "float32", ["batch_size", 1, "past", 1]);
  const before =
    past &&
    context.emit("Cast", [context.emit("Squeeze", [past, context.writer.int64([1, 3])])], { to: dataTypeOf("int64") });
  const ramps: { readonly value: Value; readonly batch: number }[] = [];
  /** The first input of tokens. */
  let first: { readonly name: string; readonly batch: number } | undefined;
  graph.inputs.forEach((input, index) => {
    const name = options.inputNames[index] ?? `input${index}`;
    const constant = options.initializers?.get(index);
    const [batch = 0, length = 0] = input.shape;
    if (constant && batches.isBatch(batch) && isRamp(constant)) ramps.push({ value: input, batch });
    else if (constant) {
      if (used.has(input)) context.set(input, dense(context.writer.initializer(name, constant), input.shape));
    } else {
      const isTokens = input.shape.length === 2 && length === tokens?.length;
      const declared = isTokens
        ? context.tokens(name, [batch, length], first ? undefined : before)
        : context.writer.input(name, input.dtype, batches.dimensions(input.shape));
      if (isTokens) first ??= { name, batch };
      context.set(input, dense(declared, input.shape));
      if (batches.isBatch(batch)) batches.note(batch, name);
    }
  });
  for (const { value, batch } of ramps) context.set(value, dense(batches.places(batch), value.shape));
  for (const name of tokens?.ignored ?? [])
    context.writer.input(name, "int64", [first ? batches.name(first.batch) : "batch", "sequence"]);
  for (const equation of graph.equations) {
    const lowering = lowerings[equation.primitive];
    if (!lowering) throw new Error(`${options.name} uses "${equation.primitive}", which has no ONNX lowering`);
    try {
      lowering(context, equation);
    } catch (error) {
      throw new Error(`${options.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  graph.outputs.forEach((output, index) => {
    const name = options.outputNames[index] ?? `output${index}`;
    const value = isLiteral(output)
      ? context.writer.constant(output.dtype, [output.literal], [])
      : context.full(output);
    const [batch = "batch", , ...others] = batches.dimensions(output.shape);
    if (first && output.shape.length > 2 && output.shape[0] === first.batch && output.shape[1] === tokens?.length) {
      const start = past ? context.emit("Shape", [past], { start: 2, end: 3 }) : context.writer.int64([0]);
      const end = context.emit("Add", [start, context.sequence(first.name)]);
      const cut = context.emit("Slice", [value, start, end, context.writer.int64([1])]);
      context.writer.output(name, cut, output.dtype, [batch, "sequence", ...others]);
    } else context.writer.output(name, value, output.dtype, batches.dimensions(output.shape));
  });
  if (tokens?.cache && before && first) {
    const all = context.emit("Concat", [before, first.name], { axis: 1 });
    const kept = context.emit("Unsqueeze", [all, context.writer.int64([1, 3])]);
    const cache = context.emit("Cast", [kept], { to: dataTypeOf("float32") });
    context.writer.output(tokens.cache.present, cache, "float32", ["batch_size", 1, "all", 1]);
  }
  return context.writer.finish();
}
