import { type Dimension, dataTypeOf, type GraphWriter } from "./onnx.ts";

/**
 * Free extents of a file, such as a batch of images and one of texts. While a function is traced, each is marked by an
 * extent of its own, a large prime: wherever it or a multiple of it occurs, the extent is computed at run time.
 */
export class Batches {
  readonly #writer: GraphWriter;
  readonly #names: ReadonlyMap<number, string>;
  readonly #sources = new Map<number, string>();

  /** @param names of the free extents, by their marks */
  constructor(writer: GraphWriter, names: ReadonlyMap<number, string> = new Map()) {
    this.#writer = writer;
    this.#names = names;
  }

  /** Whether an extent is that of a batch itself. */
  isBatch(extent: number | undefined): extent is number {
    return extent !== undefined && this.#names.has(extent);
  }

  name(mark: number): string {
    return this.#names.get(mark) ?? "batch";
  }

  /** Extents as a file declares them. */
  dimensions(shape: readonly number[]): Dimension[] {
    return shape.map((extent) => this.#names.get(extent) ?? extent);
  }

  /** Tells a tensor whose first extent is the batch. The first one of each batch is used. */
  note(mark: number, tensor: string): void {
    if (!this.#sources.has(mark)) this.#sources.set(mark, tensor);
  }

  /** A tensor whose first extent is the batch. */
  source(mark: number): string {
    const source = this.#sources.get(mark);
    if (source === undefined) throw new Error(`no input has the extent ${this.name(mark)}`);
    return source;
  }

  /** Extents as a tensor; those that depend on a batch are computed at run time. */
  extents(shape: readonly number[], allowInferred = false): string {
    const parts = shape.map((extent) => this.#factors(extent));
    const free = parts.filter(({ marks }) => marks.length > 0).length;
    if (free === 0) return this.#writer.int64(shape);
    if (allowInferred && free === 1)
      return this.#writer.int64(parts.map(({ marks, rest }) => (marks.length > 0 ? -1 : rest)));
    const tensors = parts.map(({ marks, rest }) => {
      const factors = marks.map((mark) => this.#size(mark));
      if (rest !== 1 || factors.length === 0) factors.push(this.#writer.int64([rest]));
      return factors.reduce((product, factor) => this.#writer.emit("Mul", [product, factor]));
    });
    return this.#writer.emit("Concat", tensors, { axis: 0 });
  }

  /** int32 `[batch]`: 0, 1, 2 … */
  places(mark: number): string {
    const [first, step] = [0, 1].map((value) => this.#writer.emit("Squeeze", [this.#writer.int64([value])]));
    const range = this.#writer.emit("Range", [first!, this.#writer.emit("Squeeze", [this.#size(mark)]), step!]);
    return this.#writer.emit("Cast", [range], { to: dataTypeOf("int32") });
  }

  /** Rows of a batch, `[1]`. */
  #size(mark: number): string {
    return this.#writer.emit("Shape", [this.source(mark)], { start: 0, end: 1 });
  }

  /** An extent as the product of marks and of what is fixed. */
  #factors(extent: number): { readonly marks: number[]; readonly rest: number } {
    const marks: number[] = [];
    let rest = extent;
    for (const mark of this.#names.keys()) for (; rest !== 0 && rest % mark === 0; rest /= mark) marks.push(mark);
    return { marks, rest };
  }
}
