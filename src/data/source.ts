/** Samples on disk (or in memory), decoded one at a time when read. */
export interface Source<Sample> {
  /** How many entries there are, broken ones included: what is broken is found out by reading. */
  readonly length: number;
  /** Rows of a table that have nothing to read and are no entries. */
  readonly skipped?: number | undefined;
  /** Names of the classes, sorted; absent when nothing is labelled. */
  readonly classes?: readonly string[];
  /** Class of each entry as an index into `classes`; −1 for an entry without a label. */
  readonly labels?: Int32Array;
  /** Where entry `index` comes from, for messages and tables: `cats/0031.jpg`. */
  name(index: number): string;
  /** Decodes one entry. @throws BrokenSample, never anything else, when the entry cannot be decoded. */
  read(index: number): Promise<Sample>;
  /** Structured-cloneable; `definition.reopen(manifest)` gives the same source in a worker without a second scan. */
  readonly manifest: unknown;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Table (CSV, TSV, JSONL, Parquet) with the columns `path` and `label`; paths relative to the data. */
  readonly labels?: string;
  /** Where the data are a table: the column with the samples and the one with their labels, by name or by number from 1. */
  readonly column?: string;
  readonly labelColumn?: string;
}
