/** Scales the rows of `[rows, dim]` to unit length; rows of zeros stay zero. */
export function unitRows(data: Float32Array, rows: number, dim: number): Float32Array {
  const unit = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) sum += data[i]! ** 2;
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) unit[i] = data[i]! * scale;
  }
  return unit;
}

/** Subtracts the mean row from the rows of `[rows, dim]`. */
export function centredRows(data: Float32Array, rows: number, dim: number): Float32Array {
  const mean = new Float64Array(dim);
  for (let row = 0; row < rows; row++) for (let i = 0; i < dim; i++) mean[i]! += data[row * dim + i]! / rows;
  return Float32Array.from({ length: rows * dim }, (_, at) => data[at]! - mean[at % dim]!);
}

/** Of each column. */
export interface Scaling {
  readonly mean: Float64Array;
  /** Inverse of the deviation. */
  readonly scale: Float64Array;
}

/** Mean and inverse deviation of each column over the rows that have it; constant columns are left as they are. */
export function scalingOf(data: Float32Array, rows: number, dim: number): Scaling {
  const mean = new Float64Array(dim);
  const square = new Float64Array(dim);
  const counts = new Float64Array(dim);
  for (let i = 0; i < rows * dim; i++) if (!Number.isNaN(data[i]!)) counts[i % dim]!++;
  for (let i = 0; i < rows * dim; i++) if (!Number.isNaN(data[i]!)) mean[i % dim]! += data[i]! / counts[i % dim]!;
  for (let i = 0; i < rows * dim; i++)
    if (!Number.isNaN(data[i]!)) square[i % dim]! += (data[i]! - mean[i % dim]!) ** 2 / counts[i % dim]!;
  return { mean, scale: square.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 1)) };
}
