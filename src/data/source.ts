import type { LeftOut } from "./files/left-out.ts";

/** Samples on disk (or in memory), decoded one at a time when read. */
export interface Source<Sample> {
  /** Number of entries, including broken ones, which are only found by reading. */
  readonly length: number;
  /** What lies at the path and is no entry, by reason: files of other kinds, encrypted ones, empty rows of a table. */
  readonly leftOut?: readonly LeftOut[] | undefined;
  /** What was done to read the entries, a line each: rows that were sorted, times that were filled. */
  readonly notes?: readonly string[];
  /** Names of the classes, sorted; absent without labels. */
  readonly classes?: readonly string[];
  /** Class of each entry as an index into `classes`; −1 for an entry without a label. */
  readonly labels?: Int32Array;
  /** Name of entry `index` in messages and tables: `cats/0031.jpg`. */
  name(index: number): string;
  /** The entry that a window was cut from, as the index it had there; by default every entry is whole. */
  whole?(index: number): number;
  /** What the entry belongs to and must not be split from: see `OpenOptions.group`. By default the kind of data says. */
  group?(index: number): string;
  /** The column that the groups come from, if the data have it. */
  readonly groupedBy?: string;
  /** What the entries have in a column that is no part of the samples, such as `split`; undefined if there is no such column. */
  column?(name: string): readonly (string | undefined)[] | undefined;
  /**
   * What each entry shows, as a number: entries of the same key are never in one batch of a method that contrasts entries, where
   * they would be each other's false negatives. By default all differ.
   */
  readonly keys?: Int32Array;
  /** The part of every entry, if the data were opened with a split: see `PartOf`. */
  readonly parts?: Uint8Array;
  /** The fold of every entry, −1 for none, if the data were opened with folds. */
  readonly folds?: Int32Array;
  /**
   * Decodes one entry.
   * @throws BrokenSample when it cannot be decoded; UserError when it cannot be read for a reason that may pass (see `retried`)
   */
  read(index: number): Promise<Sample>;
  /**
   * Entries of a batch in training, whatever the method's recipe says, where each holds as much as a batch of others: parts of
   * a large graph. The learning rate is then the recipe's for a usual batch, and one entry is enough.
   */
  readonly perBatch?: number;
  /** The sources that this one is made of, in their order, where the data lie at several paths: see `eachOf`. */
  readonly sources?: readonly Source<Sample>[] | undefined;
  /**
   * Digest of what the entries contain, in their order, so that a run is not resumed on others of the same names. By default
   * that of the files at the data's path.
   */
  contents?(): Promise<string>;
  /** Structured-cloneable; `definition.reopen(manifest)` opens the same source in a worker without a second scan. */
  readonly manifest: unknown;
  close(): Promise<void>;
}

/** How data in a table are read, and which entries belong together. */
export interface TableOptions {
  /** The columns with the samples (of pairs those with the captions) and with their labels, by name or by number from 1. */
  readonly column?: string;
  readonly labelColumn?: string;
  /**
   * Where several rows make one entry: the column that says which: machine, patient, episode. Of entries that are contrasted with
   * each other: the column that says what each shows (see `Source.keys`).
   */
  readonly by?: string;
  /** Where entries have a course of time: the column with the times of the rows. */
  readonly time?: string;
  /**
   * What must not be split between training and validation: a column of the data or of the table of labels (speaker,
   * patient), or a pattern for names with a part in parentheses, `^(s\d+)_`: names with the same part belong together.
   */
  readonly group?: string;
}

export interface OpenOptions extends TableOptions {
  /** Table (CSV, TSV, JSONL, Parquet) with the columns `path` and `label`; paths relative to the data. */
  readonly labels?: string;
  /** A file at the data's path that is none of them: a table of labels that is read elsewhere. */
  readonly except?: string;
  /** Table with the columns `path` and `split`: train, validation or test. */
  readonly splitFile?: string;
  /** Table with the columns `path` and `fold`. */
  readonly foldsFile?: string;
}

/** The file at the data's path that is none of them. */
export const exceptOf = ({ labels, except }: OpenOptions): string | undefined => labels ?? except;

const tableOptions = ["column", "labelColumn", "by", "time", "group"] as const;

/** The options of a table among others, as far as they are set. */
export const tableOptionsOf = (options: TableOptions): TableOptions =>
  Object.fromEntries(tableOptions.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
