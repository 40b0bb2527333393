/** Element types the engine moves in and out of programs. `bool` is one byte per element, 0 or 1. */
export type DType = "float32" | "int32" | "uint32" | "bool";

export type TensorData = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** An array's type and shape, without values. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Of int32 codes along one axis, how many each place has: its values are 0 to one less. For who builds tables of them. */
  readonly below?: readonly number[];
}

/** The specification alone, so that keeping it does not keep the data. */
export const specOf = ({ dtype, shape }: TensorSpec): TensorSpec => ({ dtype, shape });

/** An array on the host, row-major. */
export interface Tensor extends TensorSpec {
  readonly data: TensorData;
}

/** Number of elements of `shape`; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Elements that may still be made within `withAllowance`; outside of it any number. */
let left = Number.POSITIVE_INFINITY;

/** Thrown within `withAllowance`. */
export class OverAllowance extends Error {
  override name = "OverAllowance";
}

/**
 * Runs a function that may make tensors of so many elements together: initial parameters for sizes that come from a file.
 * @throws OverAllowance before more is allocated
 */
export function withAllowance<Result>(elements: number, run: () => Result): Result {
  const outside = left;
  left = elements;
  try {
    return run();
  } finally {
    left = outside;
  }
}

/** The number of elements of a shape, subtracted from the allowance. @throws OverAllowance when it does not suffice */
export function claim(shape: readonly number[]): number {
  const elements = sizeOf(shape);
  if (!(elements <= left)) throw new OverAllowance(`a tensor of shape [${shape}] is more than is allowed here`);
  left -= elements;
  return elements;
}

/** float32 tensor over `data`, which is not copied. @throws if the sizes disagree. */
export function float32(data: Float32Array | readonly number[], shape: readonly number[]): Tensor {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values do not fill shape [${shape}]`);
  return { dtype: "float32", shape, data: values };
}

/** int32 tensor over `data`, which is not copied. @throws if the sizes disagree. */
export function int32(data: Int32Array | readonly number[], shape: readonly number[]): Tensor {
  const values = data instanceof Int32Array ? data : Int32Array.from(data);
  if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values do not fill shape [${shape}]`);
  return { dtype: "int32", shape, data: values };
}

/** Scalar float32. */
export const scalar = (value: number): Tensor => float32(Float32Array.of(value), []);

/** float32 of one repeated value. */
export const filled = (shape: readonly number[], value: number): Tensor =>
  float32(value === 0 ? new Float32Array(claim(shape)) : new Float32Array(claim(shape)).fill(value), shape);

/** A zeroed buffer for `count` elements of `dtype`. */
export function allocate(dtype: DType, count: number): TensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(count);
    case "int32":
      return new Int32Array(count);
    case "uint32":
      return new Uint32Array(count);
    case "bool":
      return new Uint8Array(count);
  }
}

/** The values of several arrays, one after the other. */
export function joinedFloats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
