import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, integer, integers, sameShape } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { dataTypeOf } from "./onnx.ts";
import { dense } from "./view.ts";

/** The array, its index arrays and their broadcast shape, the axes they index, and where these go in the output. */
function indexed(equation: Equation) {
  const [array, ...indices] = equation.inputs;
  if (!array || indices.length === 0) throw new Error(`${equation.primitive}: an array and its indices are needed`);
  const shape = indices.reduce<readonly number[]>(
    (widest, index) =>
      index.shape.length > widest.length || sizeOf(index.shape) > sizeOf(widest) ? index.shape : widest,
    [],
  );
  return { array, indices, shape, axes: integers(equation, "axis"), outDim: integer(equation, "outDim") };
}

/** Index arrays joined into one of coordinates: `[…shape, axes]`. */
function coordinates(context: Context, indices: readonly Atom[], shape: readonly number[]): string {
  const columns = indices.map((index) => {
    const name = context.emit("Cast", [context.full(index)], { to: dataTypeOf("int64") });
    const spread = sameShape(index.shape, shape) ? name : context.emit("Expand", [name, context.extents(shape)]);
    return context.emit("Unsqueeze", [spread, context.writer.int64([-1])]);
  });
  return columns.length === 1 ? columns[0]! : context.emit("Concat", columns, { axis: -1 });
}

const gather: Lowering = (context, equation) => {
  const { array, indices, shape, axes, outDim } = indexed(equation);
  const output = equation.outputs[0]!;
  const rest = array.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const places = shape.map((_, index) => -1 - index);
  const extent = (label: number) => (label < 0 ? shape[-1 - label]! : array.shape[label]!);
  const [axis = 0] = axes;
  // A single axis is gathered in place; several are first moved to the front.
  const stored = axes.length === 1 ? [...rest.slice(0, axis), ...places, ...rest.slice(axis)] : [...places, ...rest];
  const name =
    axes.length === 1
      ? context.emit("Gather", [context.full(array), context.full(indices[0]!)], { axis })
      : context.emit("GatherND", [
          context.inOrder(context.whole(array), [...axes, ...rest]),
          coordinates(context, indices, shape),
        ]);
  const wanted = [...rest];
  wanted.splice(outDim, 0, ...places);
  const map = wanted.map((label) => stored.indexOf(label));
  context.set(output, { ...dense(name, stored.map(extent)), map, shape: output.shape });
};

/**
 * Sums rows at indices of the first axes. On a CPU, ONNX Runtime's ScatterND adds on several threads without
 * synchronisation, so that one of two rows with the same index may be lost (microsoft/onnxruntime#18048); its
 * ScatterElements adds in order.
 * @param base extents of the result, the indexed axes first
 * @param places broadcast shape of the indices
 */
function sumRows(
  context: Context,
  indices: readonly Atom[],
  rows: string,
  { base, places, zero }: { base: readonly number[]; places: readonly number[]; zero: string },
): string {
  const rest = base.slice(indices.length);
  const [count, total] = [sizeOf(places), sizeOf(base.slice(0, indices.length))];
  const at = coordinates(context, indices, places);
  // Row-major place among the indexed axes; of a single axis the index itself.
  const strides = indices.map((_, axis) => sizeOf(base.slice(axis + 1, indices.length)));
  const linear =
    indices.length === 1
      ? at
      : context.emit("ReduceSum", [
          context.emit("Mul", [at, context.writer.int64(strides)]),
          context.writer.int64([-1]),
        ]);
  const column = context.emit("Reshape", [linear, context.extents([count, ...rest.map(() => 1)])]);
  const updates = context.emit("Reshape", [rows, context.extents([count, ...rest])]);
  const zeros = context.emit("Expand", [zero, context.extents([total, ...rest])]);
  const sums = context.emit(
    "ScatterElements",
    [zeros, context.emit("Expand", [column, context.extents([count, ...rest])]), updates],
    { axis: 0, reduction: "add" },
  );
  return indices.length === 1 ? sums : context.emit("Reshape", [sums, context.extents(base)]);
}

/** Adds (or writes) updates into zeros, at indices of some axes. */
const scatter: Lowering = (context, equation) => {
  const { array: updates, indices, shape: places, axes, outDim } = indexed(equation);
  const shape = integers(equation, "shape");
  const output = equation.outputs[0]!;
  const rest = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const indexAxes = places.map((_, index) => outDim + index);
  const restAxes = updates.shape.map((_, axis) => axis).filter((axis) => !indexAxes.includes(axis));
  const rows = context.emit("Expand", [
    context.inOrder(context.view(updates), [...indexAxes, ...restAxes]),
    context.extents([...places, ...rest.map((axis) => shape[axis]!)]),
  ]);
  const order = [...axes, ...rest];
  const base = order.map((axis) => shape[axis]!);
  const zero = context.writer.constant(output.dtype, [0], []);
  const isSum = equation.params.op === "add";
  const name =
    isSum && (!context.portable || context.isFile)
      ? sumRows(context, indices, rows, { base, places, zero })
      : context.emit(
          "ScatterND",
          [context.emit("Expand", [zero, context.extents(base)]), coordinates(context, indices, places), rows],
          { reduction: isSum ? "add" : "none" },
        );
  const map = shape.map((_, axis) => order.indexOf(axis));
  context.set(output, { ...dense(name, base), map, shape: output.shape });
};

const sorted = (context: Context, equation: Equation): string[] => {
  const input = equation.inputs[0]!;
  const count = input.shape.at(-1) ?? 1;
  const attributes = { axis: -1, largest: 0, sorted: 1 };
  return context.writer.emitMany("TopK", [context.full(input), context.writer.int64([count])], 2, attributes);
};

export const indexing: Record<string, Lowering> = {
  gather,
  scatter,
  sort: (context, equation) => context.setDense(equation, sorted(context, equation)[0]!),
  argsort: (context, equation) => {
    const [values, order] = sorted(context, equation);
    const [sortedValues, indices] = equation.outputs;
    if (!values || !order || !sortedValues || !indices) throw new Error("argsort: two outputs are needed");
    context.set(sortedValues, dense(values, sortedValues.shape));
    context.set(indices, dense(context.emit("Cast", [order], { to: dataTypeOf("int32") }), indices.shape));
  },
};
