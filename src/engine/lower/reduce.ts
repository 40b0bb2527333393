import { sizeOf } from "../../array/index.ts";
import { integers } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { dataTypeOf } from "./onnx.ts";
import { dense, storedShape, type View } from "./view.ts";

const operators: Record<string, string> = { add: "ReduceSum", mul: "ReduceProd", max: "ReduceMax", min: "ReduceMin" };

/**
 * ONNX Runtime is slow at reducing many rows to one (it works row by row) and fast at doing so within each of many
 * blocks, so rows are reduced first within blocks, then over them.
 */
function over(context: Context, operator: string, { name, base }: View, axes: readonly number[]): string {
  if (axes.length === 0) return name;
  const reduce = (from: string, along: number[]) =>
    context.emit(operator, [from, context.writer.int64(along)], { keepdims: 0 });
  const sorted = axes.toSorted((a, b) => a - b);
  const rows = sizeOf(sorted.map((axis) => base[axis]!));
  const leading = sorted.every((axis, index) => axis === index) && sorted.length < base.length;
  if (context.portable || !leading || rows < 512) return reduce(name, sorted);
  let blocks = Math.floor(Math.sqrt(rows));
  while (rows % blocks !== 0) blocks--;
  const kept = base.slice(sorted.length);
  const blocked = context.reshape(name, base, [blocks, rows / blocks, ...kept]);
  return blocks === 1 ? reduce(name, sorted) : reduce(reduce(blocked, [1]), [0]);
}

/** Reduces in memory order, whatever the view's order of axes; a sum over repeats becomes a multiplication. */
const reduce: Lowering = (context, equation) => {
  const input = equation.inputs[0]!;
  const output = equation.outputs[0]!;
  const { op } = equation.params;
  const operation = typeof op === "string" ? op.toLowerCase() : "";
  const operator = operators[operation];
  if (!operator) throw new Error(`reduce: no lowering for ${String(op)}`);
  const axes = integers(equation, "axis");

  if (input.dtype === "bool") {
    const numbers = context.emit("Cast", [context.full(input)], { to: dataTypeOf("int32") });
    const boolean = operation === "add" || operation === "max" ? "ReduceMax" : "ReduceMin";
    const reduced = context.emit(boolean, [numbers, context.writer.int64(axes)], { keepdims: 0 });
    context.setDense(equation, context.emit("Cast", [reduced], { to: dataTypeOf("bool") }));
    return;
  }
  const view = context.view(input);
  const stored = storedShape(view);
  const repeats = axes.filter((axis) => stored[axis] !== view.shape[axis]);
  if (operation === "mul" && repeats.length > 0) {
    const reduced = context.emit(operator, [context.full(input), context.writer.int64(axes)], { keepdims: 0 });
    context.setDense(equation, reduced);
    return;
  }
  const baseAxes = axes.flatMap((axis) => (view.map[axis]! >= 0 ? [view.map[axis]!] : []));
  const kept = view.base.map((_, axis) => axis).filter((axis) => !baseAxes.includes(axis));
  let name = over(context, operator, view, baseAxes);
  const count = sizeOf(repeats.map((axis) => view.shape[axis]!));
  if (operation === "add" && count !== 1)
    name = context.emit("Mul", [name, context.writer.constant(input.dtype, [count], [])]);
  const map = view.map
    .filter((_, axis) => !axes.includes(axis))
    .map((baseAxis) => (baseAxis < 0 ? -1 : kept.indexOf(baseAxis)));
  const base = kept.map((axis) => view.base[axis]!);
  context.set(output, { ...dense(name, base), map, shape: output.shape });
};

export const reductions: Record<string, Lowering> = { reduce };
