import { createHash } from "node:crypto";
import * as z from "zod";
import type { Source } from "../../../data/source.ts";
import type { Cell } from "../../../data/tables/cells.ts";
import { float64Column, int32Column, uint32Column } from "../../../data/tables/growing.ts";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import type { Row } from "../row.ts";

/** Codes of cells that are no text. */
const [NOTHING, NUMBER] = [-1, -2];

/** Cells of one column: a code each, and the numbers where they are some. */
interface StoredColumn {
  readonly name: string;
  /** Index into `texts`, or −1 for nothing and −2 for a number. */
  readonly codes: Int32Array;
  /** Empty if there is none. */
  readonly numbers: Float64Array;
  readonly texts: readonly string[];
}

/** All cells of a table, in memory that threads share; structured-cloneable. */
export interface TableStore {
  readonly kind: "rows";
  /** The file's name. */
  readonly file: string;
  readonly columns: readonly StoredColumn[];
  /** Line or row in the file, from 1. */
  readonly lines: Uint32Array;
  readonly notes: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Int32Array;
  readonly groups?: Pick<StoredColumn, "codes" | "texts">;
  /** The column that the groups come from. */
  readonly groupedBy?: string;
}

export const isStore = (value: unknown): value is TableStore =>
  z.looseObject({ kind: z.literal("rows") }).safeParse(value).success;

/** Texts of a column that are kept; of more, the column is one of free text, and nothing of it is. */
const MOST_TEXTS = 1 << 17;
/** Cells that fit: 12 bytes each. */
const MOST_CELLS = 2 ** 29;

/** Collects the cells of one column. */
class Collected {
  readonly #codes = int32Column();
  readonly #numbers = float64Column();
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  #isFree = false;
  readonly name: string;
  readonly #most: number;

  /** @param most texts that are kept */
  constructor(name: string, most = MOST_TEXTS) {
    this.name = name;
    this.#most = most;
  }

  /** @param row from 0 */
  put(row: number, value: string | number | undefined): void {
    while (this.#codes.length < row) this.#codes.push(NOTHING);
    if (typeof value === "number") {
      while (this.#numbers.length < row) this.#numbers.push(0);
      this.#numbers.push(value);
      this.#codes.push(NUMBER);
    } else this.#codes.push(value === undefined ? NOTHING : this.#codeOf(value));
  }

  #codeOf(text: string): number {
    if (this.#isFree) return NOTHING;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length === this.#most) {
      this.#isFree = true;
      this.#places.clear();
      return NOTHING;
    }
    this.#places.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  end(rows: number): { column: StoredColumn; isFree: boolean } {
    while (this.#codes.length < rows) this.#codes.push(NOTHING);
    const column = {
      name: this.name,
      codes: this.#codes.shared(),
      numbers: this.#numbers.shared(),
      texts: this.#isFree ? [] : this.#texts,
    };
    return { column, isFree: this.#isFree };
  }
}

/** Collects the rows of a table. */
export class TableCollector {
  readonly #columns: Collected[] = [];
  readonly #labels: (string | undefined)[] = [];
  /** However many there are: without them, rows of one group would be split. */
  readonly #groups = new Collected("group", Number.POSITIVE_INFINITY);
  readonly #lines = uint32Column();
  #hasGroups = false;

  get rows(): number {
    return this.#lines.length;
  }

  /** @throws UserError when all of them do not fit into memory */
  add(line: number, cells: Iterable<readonly [at: number, name: string, value: string | number | undefined]>): void {
    const row = this.rows;
    for (const [at, name, value] of cells) {
      this.#columns[at] ??= new Collected(name);
      this.#columns[at].put(row, value);
    }
    this.#lines.push(line);
    const count = this.rows * this.#columns.length;
    if (count > MOST_CELLS)
      throw new UserError(
        `more than ${MOST_CELLS.toLocaleString("en")} cells, which do not fit into memory; choose columns with --column, or take fewer rows`,
      );
  }

  /** Of the row that was added last. */
  label(text: string | undefined): void {
    this.#labels[this.rows - 1] = text;
  }

  /** Of the row that was added last. */
  group(text: string | undefined): void {
    this.#hasGroups = true;
    this.#groups.put(this.rows - 1, text);
  }

  get labels(): readonly (string | undefined)[] | undefined {
    return this.#labels.length === 0 ? undefined : Array.from({ length: this.rows }, (_, row) => this.#labels[row]);
  }

  end(file: string, notes: readonly string[]): TableStore {
    const all = this.#columns.filter(Boolean).map((one) => one.end(this.rows));
    const free = all.filter(({ isFree }) => isFree).map(({ column }) => `"${column.name}"`);
    return {
      kind: "rows",
      file,
      columns: all.filter(({ isFree }) => !isFree).map(({ column }) => column),
      lines: this.#lines.shared(),
      notes: [
        ...notes,
        ...(free.length > 0
          ? [`${file}: more than ${MOST_TEXTS.toLocaleString("en")} different texts in ${free.join(", ")}; not read`]
          : []),
      ],
      ...(this.#hasGroups ? { groups: this.#groups.end(this.rows).column } : {}),
    };
  }
}

const cellAt = ({ codes, numbers, texts }: Pick<StoredColumn, "codes" | "numbers" | "texts">, row: number): Cell => {
  const code = codes[row]!;
  return code === NUMBER ? numbers[row] : texts[code];
};

/** The rows of a store. */
export function tableSource(store: TableStore): Source<Row> {
  const { file, columns, lines, notes, classes, labels, groups, groupedBy } = store;
  const name = (row: number): string => `${file}:${lines[row] ?? row + 1}`;
  return {
    length: lines.length,
    notes,
    ...(classes && labels ? { classes, labels } : {}),
    name,
    ...(groups ? { group: (row: number) => groups.texts[groups.codes[row]!] ?? name(row) } : {}),
    ...(groupedBy === undefined ? {} : { groupedBy }),
    async read(row) {
      const cells = new Map<string, Cell>();
      let isEmpty = true;
      for (const column of columns) {
        const cell = cellAt(column, row);
        cells.set(column.name, cell);
        isEmpty &&= cell === undefined;
      }
      if (isEmpty) throw new BrokenSample("nothing in any of its columns");
      return { cells };
    },
    contents: async () => {
      const hash = createHash("sha256");
      for (const { codes, numbers, ...column } of columns)
        hash.update(JSON.stringify(column)).update(codes).update(numbers);
      return hash.digest("hex").slice(0, 16);
    },
    manifest: store,
    close: async () => undefined,
  };
}
