import type { Cell } from "../../data/tables/cells.ts";

/** One row of a table, as it was read. */
export interface Row {
  /** By the names of the columns; one that is not there is missing. */
  readonly cells: ReadonlyMap<string, Cell>;
}

/** A row as the encoder reads it: a view, which is not prepared again. */
export interface Encoded {
  /** `[columns]`: numbers on the encoder's scale, 0 for missing ones and for categories. */
  readonly values: Float32Array;
  /** `[columns]`: of a number 1, of a category its place from 2, 1 for one that is not known; 0 for what is missing. */
  readonly codes: Int32Array;
}

export type TableSample = Row | Encoded;

export const isEncoded = (sample: TableSample): sample is Encoded => "codes" in sample;

/** Codes that every column has. */
export const MISSING = 0;
/** Of a column of numbers that it is there; of categories that the value is not one of them. */
export const PRESENT = 1;
/** Code of a column's first category. */
export const FIRST = 2;
