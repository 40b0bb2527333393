/** One feature vector per readable entry. */
export interface Features {
  /** `[rows, dim]`, row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** Index of each row's entry in the source; broken entries are skipped. */
  readonly indices: Int32Array;
  /** Class of each row, −1 for none; absent when the source has no labels. */
  readonly labels?: Int32Array;
  readonly classes?: readonly string[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}
