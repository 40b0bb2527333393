import { float64Column, type Column as Growing, int32Column } from "../../../data/tables/growing.ts";
import { type Cells, type Column, NOTHING, NUMBER } from "../graph.ts";

/** What a node or an edge may have in a column: a value, or a list of them. */
export type Value = string | number | undefined | readonly (string | number)[];

/** Different texts of a column that are kept; of more, the column is one of free text, and nothing of it is. */
const MOST_TEXTS = 1 << 20;
/** Longest list of numbers that becomes columns: one for each place in it. */
const WIDEST = 4096;

/** Collects the values of one column, for all graphs of the data. */
export class Values {
  readonly name: string;
  /** Where each row's items begin. */
  readonly #starts = int32Column();
  readonly #codes = int32Column();
  readonly #numbers = float64Column();
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  #hasLists = false;
  /** Length of all rows that have something, or −1 if they differ. */
  #width = 0;
  #textCount = 0;
  isFree = false;

  constructor(name: string) {
    this.name = name;
  }

  /** @param row from 0, greater than that of the last call */
  put(row: number, value: Value): void {
    this.#fill(row);
    this.#starts.push(this.#codes.length);
    if (value === undefined) return;
    const isList = typeof value === "object";
    const items = isList ? value : [value];
    this.#hasLists ||= isList;
    if (items.length > 0) this.#width = this.#width === 0 || this.#width === items.length ? items.length : -1;
    for (const item of items) {
      if (typeof item === "number") {
        while (this.#numbers.length < this.#codes.length) this.#numbers.push(0);
        this.#numbers.push(item);
        this.#codes.push(NUMBER);
      } else this.#codes.push(this.#codeOf(item));
    }
  }

  #fill(rows: number): void {
    while (this.#starts.length < rows) this.#starts.push(this.#codes.length);
  }

  #codeOf(text: string): number {
    this.#textCount++;
    if (this.isFree) return NOTHING;
    const existing = this.#places.get(text);
    if (existing !== undefined) return existing;
    if (this.#texts.length === MOST_TEXTS) {
      this.isFree = true;
      this.#places.clear();
      return NOTHING;
    }
    this.#places.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /** One column of values or of lists; or, of lists of numbers that are all as long, a column for each place. */
  end(rows: number): Column[] {
    if (this.isFree) return [];
    this.#fill(rows + 1);
    const starts = this.#starts.shared();
    const [codes, numbers] = [this.#codes.shared(), this.#numbers.shared()];
    const cells = (name: string, offset: number): Cells => ({
      kind: "cells",
      name,
      codes: shared(int32Column(), rows, (row) =>
        starts[row + 1]! > starts[row]! + offset ? codes[starts[row]! + offset]! : NOTHING,
      ),
      numbers:
        numbers.length === 0
          ? numbers
          : shared(float64Column(), rows, (row) =>
              starts[row + 1]! > starts[row]! + offset ? (numbers[starts[row]! + offset] ?? 0) : 0,
            ),
      texts: this.#texts,
    });
    if (!this.#hasLists || this.#width === 1) return [cells(this.name, 0)];
    if (this.#textCount === 0 && this.#width > 0 && this.#width <= WIDEST)
      return Array.from({ length: this.#width }, (_, at) => cells(`${this.name} ${at + 1}`, at));
    // Numbers in lists of words are names.
    codes.forEach((code, at) => {
      if (code === NUMBER) codes[at] = this.#codeOf(String(numbers[at]));
    });
    return [{ kind: "words", name: this.name, starts, items: codes, texts: this.#texts }];
  }
}

function shared<Row extends Float64Array | Int32Array>(
  into: Growing<Row>,
  rows: number,
  of: (row: number) => number,
): Row {
  for (let row = 0; row < rows; row++) into.push(of(row));
  return into.shared();
}
