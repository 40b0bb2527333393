import { sizeOf } from "../../array/index.ts";
import { sameShape } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { ownShape, padRank, storageOrder, type View } from "./view.ts";

/**
 * `dot` multiplies and sums over the last axis, with broadcasting. Every other axis belongs to both operands (batch),
 * to the left (rows) or to the right (columns): a batched product, whose transposes ONNX Runtime takes for nothing.
 */
const dot: Lowering = (context, equation) => {
  const output = equation.outputs[0]!;
  const rank = Math.max(...equation.inputs.map((input) => input.shape.length));
  const inner = rank - 1;
  const [left, right] = equation.inputs.map((input): View => {
    const view = context.view(input);
    // A sum over repeats needs them there.
    const repeats = view.shape.length > 0 && ownShape(view).at(-1) !== view.shape.at(-1);
    return padRank(repeats ? context.whole(input) : view, rank);
  });
  if (!left || !right) throw new Error("dot: two operands are needed");
  const leftOwn = ownShape(left);
  const rightOwn = ownShape(right);
  const outer = output.shape.map((_, axis) => axis);
  const batch = outer.filter((axis) => leftOwn[axis] !== 1 && rightOwn[axis] !== 1);
  const rows = outer.filter((axis) => leftOwn[axis] !== 1 && rightOwn[axis] === 1);
  const columns = outer.filter((axis) => leftOwn[axis] === 1 && rightOwn[axis] !== 1);

  const a = operand(context, left, batch, rows, inner);
  const b = operand(context, right, batch, columns, inner);
  const product = context.matmul(a.name, b.name, {
    transA: a.innerFirst,
    transB: !b.innerFirst,
    rank: batch.length + 2,
  });
  const extents = (axes: readonly number[]) => axes.map((axis) => Math.max(leftOwn[axis]!, rightOwn[axis]!));
  const order = [...batch, ...rows, ...columns];
  const base = extents(order);
  const flat = [...extents(batch), sizeOf(extents(rows)), sizeOf(extents(columns))];
  const map = outer.map((axis) => order.indexOf(axis));
  context.set(output, { name: context.reshape(product, flat, base), base, map, shape: output.shape });
};

/** The operand as `[...batch, free, inner]`, or `[...batch, inner, free]` where it lies so in memory. */
function operand(context: Context, view: View, batch: number[], free: number[], inner: number) {
  const own = ownShape(view);
  const extents = (axes: readonly number[]) => axes.map((axis) => own[axis]!);
  const long = (axes: readonly number[]) => axes.filter((axis) => own[axis] !== 1);
  const freeSize = sizeOf(extents(free));
  const stored = storageOrder(view);
  const innerFirst =
    sameShape(stored, long([...batch, inner, ...free])) && !sameShape(stored, long([...batch, ...free, inner]));
  const order = innerFirst ? [...batch, inner, ...free] : [...batch, ...free, inner];
  const shape = innerFirst ? [...extents(batch), own[inner]!, freeSize] : [...extents(batch), freeSize, own[inner]!];
  return { name: context.reshape(context.inOrder(view, order), extents(order), shape), innerFirst };
}

export const products: Record<string, Lowering> = { dot };
