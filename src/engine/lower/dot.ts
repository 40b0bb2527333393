import { sizeOf } from "../../array/index.ts";
import { type Equation, integers, sameShape, type Value } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { dense, padRank, squeezed, storageOrder, storedShape, transposed, type View } from "./view.ts";

/** From this many terms on, a sum is computed in two halves. */
const MANY = 512;

/**
 * `dot` multiplies and sums over the last axis, with broadcasting. Every other axis belongs to both operands (batch),
 * to the left one (rows) or to the right one (columns): a batched product, whose operands may be transposed at no cost.
 */
const dot: Lowering = (context, equation) => {
  const output = equation.outputs[0]!;
  const rank = Math.max(...equation.inputs.map((input) => input.shape.length));
  const inner = rank - 1;
  const [left, right] = equation.inputs.map((input): View => {
    const view = context.view(input);
    // A sum over a repeated axis needs the repeats written out.
    const repeats = view.shape.length > 0 && storedShape(view).at(-1) !== view.shape.at(-1);
    return padRank(repeats ? context.whole(input) : view, rank);
  });
  if (!left || !right) throw new Error("dot: two operands are needed");
  const leftStored = storedShape(left);
  const rightStored = storedShape(right);
  const outer = output.shape.map((_, axis) => axis);
  const batch = outer.filter((axis) => leftStored[axis] !== 1 && rightStored[axis] !== 1);
  const rows = outer.filter((axis) => leftStored[axis] !== 1 && rightStored[axis] === 1);
  const columns = outer.filter((axis) => leftStored[axis] === 1 && rightStored[axis] !== 1);

  const factors = [operand(context, left, batch, rows, inner), operand(context, right, batch, columns, inner)] as const;
  // (a · b)ᵀ = bᵀ · aᵀ: compute the one whose memory order suits the next reader.
  const first = readingOrder(context, output).find((axis) => !batch.includes(axis));
  // A vector lies the same in either; it goes first if the other side lies as rows of the terms, which are then read in order.
  const isTurned =
    rows.length === 0 || columns.length === 0
      ? factors[rows.length === 0 ? 1 : 0].innerFirst === (columns.length === 0)
      : first !== undefined && columns.includes(first);
  const [a, b] = isTurned ? [factors[1], factors[0]] : factors;
  const extents = (axes: readonly number[]) => axes.map((axis) => Math.max(leftStored[axis]!, rightStored[axis]!));
  const [terms, rowCount, columnCount] = [leftStored[inner]!, sizeOf(extents(a.free)), sizeOf(extents(b.free))];
  const { dtype } = output;
  // A product of one term is elementwise, for which ONNX Runtime's matrix products take several times as long.
  const spread = ({ name, innerFirst }: typeof a, free: number, matrix: number[]) =>
    context.reshape(name, [...extents(batch), ...(innerFirst ? [1, free] : [free, 1])], [...extents(batch), ...matrix]);
  const isLong = terms >= MANY && terms % 2 === 0 && dtype === "float32" && !context.portable;
  const product =
    terms === 1
      ? context.emit("Mul", [spread(a, rowCount, [rowCount, 1]), spread(b, columnCount, [1, columnCount])])
      : isLong && batch.length === 0 && a.innerFirst && b.innerFirst
        ? sumOfHalves(context, a.name, b.name, terms, rowCount, columnCount)
        : context.matmul(a.name, b.name, {
            transA: a.innerFirst,
            transB: !b.innerFirst,
            rank: batch.length + 2,
            dtype,
          });
  const order = [...batch, ...a.free, ...b.free];
  const base = extents(order);
  const flat = [...extents(batch), rowCount, columnCount];
  const map = outer.map((axis) => order.indexOf(axis));
  context.set(output, { name: context.reshape(product, flat, base), base, map, shape: output.shape });
};

/**
 * aᵀ · b of a `[terms, rows]` and b `[terms, columns]`, with the two halves of the terms as a batch of two. ONNX
 * Runtime splits a product among threads by rows of the result, so that each thread would read what all of them wrote.
 * In a batch of two, each of two threads reads only the half of the samples that it wrote. A weight's gradient is such
 * a product.
 */
function sumOfHalves(context: Context, a: string, b: string, terms: number, rows: number, columns: number): string {
  const half = (name: string, extent: number) => context.reshape(name, [terms, extent], [2, terms / 2, extent]);
  const halves = context.matmul(half(a, rows), half(b, columns), { transA: true, transB: false, rank: 3 });
  // ONNX Runtime's `ReduceSum` takes several times as long for two rows.
  const ones = context.writer.constant("float32", [1, 1], [1, 2]);
  const sum = context.emit("MatMul", [ones, context.reshape(halves, [2, rows, columns], [2, rows * columns])]);
  return context.reshape(sum, [1, rows * columns], [rows, columns]);
}

/** The operand as `[...batch, free, inner]`, or as `[...batch, inner, free]` if that moves less. */
function operand(context: Context, view: View, batch: number[], free: number[], inner: number) {
  const compact = storedShape(view);
  const extents = (axes: readonly number[]) => axes.map((axis) => compact[axis]!);
  const long = (axes: readonly number[]) => axes.filter((axis) => compact[axis] !== 1);
  const freeSize = sizeOf(extents(free));
  const stored = storageOrder(view);
  const orders = { innerLast: [...batch, ...free, inner], innerFirst: [...batch, inner, ...free] };
  const lies = (order: readonly number[]) => sameShape(stored, long(order));
  // If elements must move, then in rows that are contiguous in memory.
  const innerFirst =
    !lies(orders.innerLast) && (lies(orders.innerFirst) || stored.at(-1) === long(orders.innerFirst).at(-1));
  const order = innerFirst ? orders.innerFirst : orders.innerLast;
  const matrix = innerFirst ? [compact[inner]!, freeSize] : [freeSize, compact[inner]!];
  const shape = [...extents(batch), ...matrix];
  return { name: context.reshape(context.inOrder(view, order), extents(order), shape), innerFirst, free };
}

/**
 * The axes of a value in the order in which the first equation that reads its elements (not only its view) sees them.
 */
function readingOrder(context: Context, value: Value): number[] {
  let read = value;
  let view = dense("", value.shape);
  for (;;) {
    const [use, another] = context.usesOf(read);
    const next = use && !another ? viewThrough(use, view) : undefined;
    if (!use || !next) return view.map.filter((axis) => axis >= 0 && value.shape[axis] !== 1);
    view = next;
    read = use.outputs[0]!;
  }
}

/** The view after an equation that moves no element; undefined if it does. */
function viewThrough(use: Equation, view: View): View | undefined {
  if (use.primitive === "transpose") return transposed(view, integers(use, "perm"));
  return use.primitive === "reshape" ? squeezed(view, use.outputs[0]!.shape) : undefined;
}

export const products: Record<string, Lowering> = { dot };
