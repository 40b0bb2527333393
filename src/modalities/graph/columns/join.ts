import { type Cells, type Column, NOTHING, type Words } from "../graph.ts";
import type { GraphStore } from "../sources/store.ts";

type Rows = Pick<GraphStore, "nodes" | "edges">;

/** Numbers of a column; of one without numbers so many zeros, which no code refers to. */
const numbersIn = ({ numbers, codes }: Cells): Float64Array =>
  numbers.length > 0 ? numbers : new Float64Array(codes.length);

/** Texts of several columns, each once, and for each column where its own are among them. */
function textsOf(columns: readonly Column[]) {
  const places = new Map<string, number>();
  const moved = columns.map(({ texts }) =>
    texts.map((text) => {
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      return place;
    }),
  );
  return { texts: [...places.keys()], moved };
}

function joinedCells(name: string, columns: readonly Cells[]): Cells {
  const { texts, moved } = textsOf(columns);
  const count = columns.reduce((sum, { codes }) => sum + codes.length, 0);
  const hasNumbers = columns.some(({ numbers }) => numbers.length > 0);
  const codes = new Int32Array(count);
  const numbers = new Float64Array(hasNumbers ? count : 0);
  let start = 0;
  for (const [at, column] of columns.entries()) {
    codes.set(
      column.codes.map((code) => (code < 0 ? code : moved[at]![code]!)),
      start,
    );
    if (hasNumbers) numbers.set(numbersIn(column), start);
    start += column.codes.length;
  }
  return { kind: "cells", name, codes, numbers, texts };
}

function joinedWords(name: string, columns: readonly Words[]): Words {
  const { texts, moved } = textsOf(columns);
  const items = columns.flatMap((column, at) => Array.from(column.items, (item) => moved[at]![item]!));
  const starts = [0];
  for (const column of columns)
    for (let row = 0; row + 1 < column.starts.length; row++)
      starts.push(starts.at(-1)! + column.starts[row + 1]! - column.starts[row]!);
  return { kind: "words", name, starts: Int32Array.from(starts), items: Int32Array.from(items), texts };
}

/** Columns of one name are one. What is a list at one path and a value at another is joined where it is what it was first. */
function joinedColumns(all: readonly (readonly Column[])[], rows: readonly number[]): Column[] {
  const names = [...new Set(all.flatMap((columns) => columns.map(({ name }) => name)))];
  return names.map((name) => {
    const found = all.map((columns) => columns.find((column) => column.name === name));
    const kind = found.find((column) => column !== undefined)?.kind;
    if (kind === "words")
      return joinedWords(
        name,
        found.map((column, at) =>
          column?.kind === "words"
            ? column
            : { kind, name, starts: new Int32Array(rows[at]! + 1), items: new Int32Array(), texts: [] },
        ),
      );
    return joinedCells(
      name,
      found.map((column, at) =>
        column?.kind === "cells"
          ? column
          : {
              kind: "cells",
              name,
              codes: new Int32Array(rows[at]!).fill(NOTHING),
              numbers: new Float64Array(),
              texts: [],
            },
      ),
    );
  });
}

/** The columns of several stores, one below the other, to learn from all what the attributes are. */
export function joinedRows(stores: readonly Pick<GraphStore, "nodes" | "edges" | "nodeStarts" | "edgeStarts">[]): Rows {
  const [only, second] = stores;
  if (only && !second) return only;
  return {
    nodes: joinedColumns(
      stores.map(({ nodes }) => nodes),
      stores.map(({ nodeStarts }) => nodeStarts.at(-1)!),
    ),
    edges: joinedColumns(
      stores.map(({ edges }) => edges),
      stores.map(({ edgeStarts }) => edgeStarts.at(-1)!),
    ),
  };
}
