/** Element types the engine moves in and out of programs. `bool` is one byte per element, 0 or 1. */
export type DType = "float32" | "int32" | "uint32" | "bool";

export type TensorData = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** An array's type and shape, without values. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The specification alone, so that keeping it does not keep the data. */
export const specOf = ({ dtype, shape }: TensorSpec): TensorSpec => ({ dtype, shape });

/** An array on the host, row-major. */
export interface Tensor extends TensorSpec {
  readonly data: TensorData;
}

/** Number of elements of `shape`; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

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
  float32(new Float32Array(sizeOf(shape)).fill(value), shape);

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
