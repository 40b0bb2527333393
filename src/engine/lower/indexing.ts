import { integer, integers } from "../graph.ts";
import type { Lowering } from "./context.ts";
import { dataTypeOf } from "./onnx.ts";
import { dense } from "./view.ts";

const oneAxis = (axes: readonly number[], primitive: string): number => {
  if (axes.length !== 1) throw new Error(`${primitive}: indexing several axes at once is not supported`);
  return axes[0]!;
};

const gather: Lowering = (context, equation) => {
  const [source, indices] = equation.inputs;
  if (!source || !indices) throw new Error("gather: an array and its indices are needed");
  const axis = oneAxis(integers(equation, "axis"), "gather");
  const outDim = integer(equation, "outDim");
  const output = equation.outputs[0]!;
  const name = context.emit("Gather", [context.full(source), context.full(indices)], { axis });
  const taken = indices.shape.length;
  // The operator leaves the index axes where the indexed axis was.
  const rest = source.shape.map((_, index) => index).filter((index) => index !== axis);
  const stored = [...rest.slice(0, axis), ...indices.shape.map((_, index) => -1 - index), ...rest.slice(axis)];
  const wanted = [...rest];
  wanted.splice(outDim, 0, ...indices.shape.map((_, index) => -1 - index));
  const base = stored.map((label) => (label < 0 ? indices.shape[-1 - label]! : source.shape[label]!));
  if (base.length !== taken + rest.length) throw new Error("gather: shapes do not add up");
  context.set(output, { ...dense(name, base), map: wanted.map((label) => stored.indexOf(label)), shape: output.shape });
};

/** Adds (or writes) rows of updates at indices of one axis, over zeros. */
const scatter: Lowering = (context, equation) => {
  const [updates, indices] = equation.inputs;
  if (!updates || !indices) throw new Error("scatter: updates and their indices are needed");
  const axis = oneAxis(integers(equation, "axis"), "scatter");
  const outDim = integer(equation, "outDim");
  const shape = integers(equation, "shape");
  const output = equation.outputs[0]!;
  const rest = shape.map((_, index) => index).filter((index) => index !== axis);
  const indexAxes = indices.shape.map((_, index) => outDim + index);
  const restAxes = updates.shape.map((_, index) => index).filter((index) => !indexAxes.includes(index));
  const rows = context.emit("Expand", [
    context.inOrder(context.view(updates), [...indexAxes, ...restAxes]),
    context.extents([...indices.shape, ...rest.map((index) => shape[index]!)]),
  ]);
  const where = context.emit("Unsqueeze", [
    context.emit("Cast", [context.full(indices)], { to: dataTypeOf("int64") }),
    context.writer.int64([-1]),
  ]);
  const base = [shape[axis]!, ...rest.map((index) => shape[index]!)];
  const zero = context.writer.constant(output.dtype, [0], []);
  const zeros = context.emit("Expand", [zero, context.extents(base)]);
  const { op } = equation.params;
  const reduction = op === "add" ? "add" : "none";
  const name = context.emit("ScatterND", [zeros, where, rows], { reduction });
  const map = shape.map((_, index) => (index === axis ? 0 : rest.indexOf(index) + 1));
  context.set(output, { ...dense(name, base), map, shape: output.shape });
};

const sorted = (context: Parameters<Lowering>[0], equation: Parameters<Lowering>[1]): string[] => {
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
