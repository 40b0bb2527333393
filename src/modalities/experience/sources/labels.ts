import { labelIn } from "../../../data/tables/records.ts";
import { UserError } from "../../../foundation/errors.ts";
import { ACTION, OBSERVATION } from "../record/layout.ts";
import { numberText } from "./source.ts";
import { arraysOf, episodeAt, type Store } from "./store.ts";

/** A column of the recording as one number of every row. */
type Column = (row: number) => number;

/** Every column that may be a label: single numbers, and parts of observations and actions: `observation.state.2`, `action.x`. */
export function columnNames({ extras, vectors, action }: Store): string[] {
  const parts = (key: string, size: number, names: readonly string[]) =>
    size === 1 ? [key] : Array.from({ length: size }, (_, at) => `${key}.${names[at] ?? at}`);
  return [
    ...extras,
    ...vectors.flatMap(({ name, size, names }) => parts(OBSERVATION + name, size, names)),
    ...parts(ACTION, action.size, action.names),
    "episode_index",
  ];
}

function columnOf(store: Store, name: string): Column | undefined {
  const { values, actions, further, places } = arraysOf(store);
  const extra = store.extras.indexOf(name);
  if (extra >= 0) return (row) => further[row * store.extras.length + extra]!;
  if (name === "episode_index") return (row) => episodeAt(store, places[row]!).number;
  const part = (key: string, size: number, names: readonly string[]): number => {
    if (name === key) return size === 1 ? 0 : -1;
    if (!name.startsWith(`${key}.`)) return -1;
    const rest = name.slice(key.length + 1);
    const named = names.indexOf(rest);
    return named >= 0 ? named : /^\d+$/.test(rest) && Number(rest) < size ? Number(rest) : -1;
  };
  for (const { name: own, size, names, offset } of store.vectors) {
    const at = part(OBSERVATION + own, size, names);
    if (at >= 0) return (row) => values[row * store.width + offset + at]!;
  }
  const at = part(ACTION, store.action.size, store.action.names);
  return at < 0 ? undefined : (row) => actions[row * store.action.size + at]!;
}

/** Columns that a message lists. */
const LISTED = 20;

/**
 * The label of every row, from one column or several.
 * @throws UserError when there is no such column
 */
export function labelsOfRows(folder: string, store: Store, labelColumn: string): (string | undefined)[] {
  const names = labelColumn.split(",").map((name) => name.trim());
  const columns = names.map((name) => {
    const column = columnOf(store, name);
    if (column) return column;
    const there = columnNames(store);
    throw new UserError(
      `${folder}: no column "${name}" of single numbers; there are ${there.slice(0, LISTED).join(", ")}${there.length > LISTED ? " …" : ""}`,
    );
  });
  return Array.from({ length: store.rows }, (_, row) => {
    const cells = columns.map((column) => {
      const value = column(row);
      return Number.isNaN(value) ? "" : numberText(value);
    });
    return labelIn(names, cells);
  });
}
