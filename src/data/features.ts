/** One vector per readable entry. */
export interface Features {
  /** `[rows, dim]`, row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** Entry of the source that each row is of; broken ones are left out. */
  readonly indices: Int32Array;
  /** Class of each row, −1 for none; absent when the source has no labels. */
  readonly labels?: Int32Array;
  readonly classes?: readonly string[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}
