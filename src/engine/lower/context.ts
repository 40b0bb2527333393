import { type DType, sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, type Graph, isLiteral, sameShape, type Value } from "../graph.ts";
import { Batches } from "./batches.ts";
import { dataTypeOf, GraphWriter } from "./onnx.ts";
import { dense, storageOrder, storedShape, type View } from "./view.ts";

/** Writes an equation as ONNX nodes. */
export type Lowering = (context: Context, equation: Equation) => void;

export interface ContextOptions {
  /** Only standard ONNX operators, for files that other software reads. */
  readonly portable: boolean;
  /** Names of the free extents of a file, by the extents that mark them. */
  readonly batches?: ReadonlyMap<number, string>;
}

/** A slice of an axis: `[start, end)`, with a step. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step?: number;
}

/**
 * A transpose becomes a gather of rows if each has at least so many contiguous elements, and there are not more rows.
 */
const LEAST_BLOCK = 16;
const MOST_BLOCKS = 2 ** 20;

/** State of a lowering: the view of each value, and the graph being written. */
export class Context {
  readonly writer = new GraphWriter();
  readonly portable: boolean;
  /** Whether the model is a file for other software, with a free batch. */
  readonly isFile: boolean;
  readonly batches: Batches;
  readonly #views = new Map<Value, View>();
  readonly #uses = new Map<Value, Equation[]>();
  readonly #flipped = new Map<Value, Atom>();
  readonly #sources = new Map<string, string[]>();
  /** Tensors gathered from rows of another: which tensor, which rows, and the result's extents. */
  readonly #lookups = new Map<string, { rows: string; order: readonly number[]; shape: readonly number[] }>();

  constructor({ equations }: Graph, options: ContextOptions) {
    this.portable = options.portable;
    this.isFile = options.batches !== undefined;
    this.batches = new Batches(this.writer, options.batches);
    for (const equation of equations)
      for (const input of new Set(equation.inputs)) {
        if (isLiteral(input)) continue;
        const uses = this.#uses.get(input);
        if (uses) uses.push(equation);
        else this.#uses.set(input, [equation]);
      }
  }

  /** The equations that read a value. */
  usesOf(value: Value): readonly Equation[] {
    return this.#uses.get(value) ?? [];
  }

  /** @param literalType type for a literal that adopts the other operands' type (jax-js' weak types) */
  view(atom: Atom, literalType?: DType): View {
    if (isLiteral(atom)) {
      const name = this.writer.constant(literalType ?? atom.dtype, [atom.literal], []);
      return { name, base: [], map: [], shape: [] };
    }
    const view = this.#views.get(atom);
    if (!view) throw new Error(`value %${atom.id} is used before it is computed`);
    return view;
  }

  set(value: Value, view: View): void {
    this.#views.set(value, view);
  }

  /** Records that a value is another one flipped along all axes after the first two: a flipped kernel. */
  noteFlip(value: Value, of: Atom): void {
    this.#flipped.set(value, of);
  }

  /** The kernel before it was flipped, or the value itself if it was not. */
  unflipped(atom: Atom): { atom: Atom; flipped: boolean } {
    const before = isLiteral(atom) ? undefined : this.#flipped.get(atom);
    return { atom: before ?? atom, flipped: before !== undefined };
  }

  /** Sets the equation's only output to a tensor of the same shape. */
  setDense(equation: Equation, name: string): void {
    const output = equation.outputs[0]!;
    this.set(output, dense(name, output.shape));
  }

  emit(...args: Parameters<GraphWriter["emit"]>): string {
    return this.writer.emit(...args);
  }

  /** Extents as a tensor; those that depend on a batch are computed at run time. */
  extents(shape: readonly number[], allowInferred = false): string {
    return this.batches.extents(shape, allowInferred);
  }

  /**
   * Leading axes of extent 1 for a result computed from `source`; their number differs between sources of results with
   * these extents. ONNX Runtime plans one buffer for all values of equal extents and keeps it from the first to the
   * last of them, so equal extents would hold a large unused buffer from layer to layer, or from forward to backward
   * pass.
   */
  apart(source: string, extents: readonly number[]): number[] {
    const key = extents.join();
    const sources = this.#sources.get(key) ?? [];
    this.#sources.set(key, sources);
    if (!sources.includes(source)) sources.push(source);
    return sources.slice(0, sources.indexOf(source)).map(() => 1);
  }

  reshape(name: string, from: readonly number[], to: readonly number[]): string {
    if (sameShape(from, to)) return name;
    const reshaped = this.emit("Reshape", [name, this.extents(to, true)]);
    const lookup = this.#lookups.get(name);
    if (lookup) this.#lookups.set(reshaped, { ...lookup, shape: to });
    return reshaped;
  }

  /** Gathers rows of a tensor `[rows, block]`. */
  #lookUp(rows: string, order: readonly number[], block: number): string {
    const found = this.emit("Gather", [rows, this.writer.constant("int32", order)], { axis: 0 });
    this.#lookups.set(found, { rows, order, shape: [order.length, block] });
    return found;
  }

  /** @param shape extents before the transpose */
  transpose(name: string, perm: readonly number[], shape: readonly number[]): string {
    if (perm.every((axis, index) => axis === index)) return name;
    const moving = perm.findLastIndex((axis, index) => axis !== index) + 1;
    const block = sizeOf(shape.slice(moving));
    const extents = shape.slice(0, moving);
    const rows = sizeOf(extents);
    if (this.portable || block < LEAST_BLOCK || rows > MOST_BLOCKS) return this.emit("Transpose", [name], { perm });
    // Contiguous rows are gathered, which ONNX Runtime does on all threads; `Transpose` uses one.
    const strides = extents.map((_, axis) => sizeOf(extents.slice(axis + 1)));
    const order = perm
      .slice(0, moving)
      .reduce<number[]>(
        (starts, axis) =>
          starts.flatMap((start) =>
            globalThis.Array.from({ length: extents[axis]! }, (_, index) => start + index * strides[axis]!),
          ),
        [0],
      );
    const moved = this.#lookUp(this.reshape(name, shape, [rows, block]), order, block);
    return this.reshape(
      moved,
      [rows, block],
      perm.map((axis) => shape[axis]!),
    );
  }

  /** The stored elements with the axes in the given order (a repeated axis has extent 1). */
  inOrder(view: View, order: readonly number[]): string {
    const shape = storedShape(view);
    const target = order.map((axis) => shape[axis]!);
    const stored = storageOrder(view);
    const wanted = order.filter((axis) => shape[axis] !== 1);
    if (sameShape(stored, wanted)) return this.reshape(view.name, view.base, target);
    // Axes that stay adjacent are merged into one: ONNX Runtime is fast if only one axis moves.
    const runs = wanted.reduce<number[][]>((list, axis) => {
      const last = list.at(-1);
      if (last && stored.indexOf(axis) === stored.indexOf(last.at(-1)!) + 1) last.push(axis);
      else list.push([axis]);
      return list;
    }, []);
    const place = (run: number[]) => stored.indexOf(run[0]!);
    const inStore = runs.toSorted((a, b) => place(a) - place(b));
    const size = (run: number[]) => sizeOf(run.map((axis) => shape[axis]!));
    const extents = inStore.map(size);
    const perm = runs.map((run) => inStore.indexOf(run));
    const moved = this.transpose(this.reshape(view.name, view.base, extents), perm, extents);
    return this.reshape(moved, runs.map(size), target);
  }

  /** The stored elements with the axes in order; a repeated axis has extent 1. */
  compact(view: View): string {
    return this.inOrder(
      view,
      view.shape.map((_, axis) => axis),
    );
  }

  /** The value written out in full, repeats included. */
  full(atom: Atom): string {
    const view = this.view(atom);
    const tensor = this.compact(view);
    return sameShape(storedShape(view), view.shape) ? tensor : this.emit("Expand", [tensor, this.extents(view.shape)]);
  }

  /** A view without repeats: the value's view if it has none, else of the value written out in full. */
  whole(atom: Atom): View {
    const view = this.view(atom);
    return sameShape(storedShape(view), view.shape) ? view : dense(this.full(atom), view.shape);
  }

  /** Slices a tensor along some of its axes. */
  slice(name: string, cuts: readonly Cut[]): string {
    if (cuts.length === 0) return name;
    const gathered = this.#sliceOfLookup(name, cuts);
    if (gathered) return gathered;
    const { writer } = this;
    return this.emit("Slice", [
      name,
      writer.int64(cuts.map((cut) => cut.start)),
      writer.int64(cuts.map((cut) => cut.end)),
      writer.int64(cuts.map((cut) => cut.axis)),
      writer.int64(cuts.map((cut) => cut.step ?? 1)),
    ]);
  }

  /** A slice of gathered rows is a gather of these rows alone. */
  #sliceOfLookup(name: string, [cut, another]: readonly Cut[]): string | undefined {
    const lookup = this.#lookups.get(name);
    if (!lookup || !cut || another || cut.axis !== 0 || cut.step !== undefined) return undefined;
    const [extent = 1, ...rest] = lookup.shape;
    const each = lookup.order.length / extent;
    if (!Number.isInteger(each)) return undefined;
    const order = lookup.order.slice(cut.start * each, cut.end * each);
    const shape = [cut.end - cut.start, ...rest];
    const block = sizeOf(shape) / order.length;
    return this.reshape(this.#lookUp(lookup.rows, order, block), [order.length, block], shape);
  }

  /** Pads a tensor with zeros; negative widths crop. `widths` has [before, after] for each axis. */
  pad(name: string, widths: readonly (readonly [number, number])[], shape: readonly number[]): string {
    const cuts = widths.flatMap(([before, after], axis) =>
      before < 0 || after < 0 ? [{ axis, start: Math.max(0, -before), end: shape[axis]! - Math.max(0, -after) }] : [],
    );
    const kept = this.slice(name, cuts);
    if (widths.every(([before, after]) => before <= 0 && after <= 0)) return kept;
    const before = widths.map(([low]) => Math.max(0, low));
    const after = widths.map(([, high]) => Math.max(0, high));
    return this.emit("Pad", [kept, this.writer.int64([...before, ...after])]);
  }

  /**
   * Declares an input of tokens, int64 `[batch, sequence]`, both free, as in Hugging Face's models. The program has a
   * fixed `length`: shorter sequences are padded with zeros, longer ones cut off.
   * @param shape of the program's input, `[batch, length]`
   * @param before int64 `[batch, past]`, tokens that precede the input
   * @returns int32 `[batch, length]`
   */
  tokens(name: string, [batch, length]: readonly [number, number], before?: string): string {
    const input = this.writer.input(name, "int64", [this.batches.name(batch), "sequence"]);
    const all = before ? this.emit("Concat", [before, input], { axis: 1 }) : input;
    const missing = this.emit("Sub", [this.writer.int64([length]), this.sequence(all)]);
    const widths = this.emit("Concat", [this.writer.int64([0, 0, 0]), missing], { axis: 0 });
    return this.emit("Cast", [this.emit("Pad", [all, widths])], { to: dataTypeOf("int32") });
  }

  /** Number of tokens in an input, `[1]`. */
  sequence(input: string): string {
    return this.emit("Shape", [input], { start: 1, end: 2 });
  }

  /** Matrix product over the last two axes, with either operand transposed. */
  matmul(a: string, b: string, options: { transA: boolean; transB: boolean; rank: number; dtype?: DType }): string {
    const { transA, transB, rank, dtype = "float32" } = options;
    if (!transA && !transB) return this.emit("MatMul", [a, b]);
    if (!this.portable && dtype === "float32")
      return this.emit("FusedMatMul", [a, b], { transA: +transA, transB: +transB }, "com.microsoft");
    const perm = globalThis.Array.from({ length: rank }, (_, axis) => axis);
    [perm[rank - 2], perm[rank - 1]] = [perm[rank - 1]!, perm[rank - 2]!];
    const transposed = (name: string) => this.emit("Transpose", [name], { perm });
    return this.emit("MatMul", [transA ? transposed(a) : a, transB ? transposed(b) : b]);
  }
}

/** Number of stored elements of a view. */
export const storedSize = (view: View): number => sizeOf(storedShape(view));
