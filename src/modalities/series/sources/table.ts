import { Tally } from "../../../data/files/left-out.ts";
import type { OpenOptions } from "../../../data/source.ts";
import { type Cell, type CellRow, cellsOf, numberIn } from "../../../data/tables/cells.ts";
import type { TableFormat } from "../../../data/tables/rows.ts";
import { stepInWords, timeIn } from "../../../data/tables/times.ts";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { listed, type Roles, rolesOf } from "./columns.ts";
import { type Changes, type Recorded, type Regular, regular } from "./regular.ts";
import type { Found } from "./store.ts";

/** Numbers that grow. */
class Numbers {
  #values = new Float64Array(256);
  length = 0;
  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }
  get all(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}

/** Rows of one series while they are read. */
class Rows {
  readonly columns: Numbers[] = [];
  readonly times = new Numbers();
  readonly lines = new Numbers();
  readonly labels: (string | undefined)[] = [];
  group: string | undefined;
  isDate = false;
  badTime: string | undefined;
  /** Of a long table: the row of each time. */
  readonly places = new Map<number, number>();
  /** Values of a long table that are there twice. */
  twice: string | undefined;
}

/** A table read as series, and what was left out or changed. */
export interface TableSeries {
  readonly found: readonly Found[];
  readonly leftOut: Tally;
  readonly notes: readonly string[];
}

/** A column is no channel if more than this share of its values is text. */
const TEXT_SHARE = 0.5;

/** Texts among the values of a channel. */
interface Texts {
  count: number;
  values: number;
  first?: { readonly text: string; readonly line: number };
}

/**
 * The series of a table: one, or one for each value of the column `by`.
 * @param name of the file, for the names of the entries
 * @throws UserError when a column is missing, nothing is a number, or the file is broken
 */
export async function tableSeries(
  path: string,
  format: TableFormat | "blanks",
  name: string,
  options: OpenOptions,
): Promise<TableSeries> {
  const series = new Map<string, Rows>();
  const texts: Texts[] = [];
  const channels = new Map<string, number>();
  let roles: Roles | undefined;
  let columns: readonly string[] = [];
  let count = 0;
  for await (const batch of cellsOf(path, format)) {
    columns = batch.columns;
    // Of JSON lines, later rows may have columns that the first have not.
    if (!roles || format === "json") roles = rolesOf(path, columns, batch.rows, options);
    for (const row of batch.rows) {
      count++;
      take(row, columns, roles, { series, texts, channels });
    }
  }
  if (!roles || count === 0) throw new UserError(`${path}: no rows; a series needs at least two`);
  return finish(path, name, { series, texts, channels }, roles, columns);
}

interface State {
  readonly series: Map<string, Rows>;
  /** By channel. */
  readonly texts: Texts[];
  /** Channels in the order in which they are met. */
  readonly channels: Map<string, number>;
}

const textOf = (cell: Cell): string | undefined => (cell === undefined ? undefined : String(cell).trim() || undefined);

function take({ cells, line }: CellRow, columns: readonly string[], roles: Roles, state: State): void {
  const id = roles.by === undefined ? "" : (textOf(cells[roles.by]) ?? "");
  const rows = state.series.get(id) ?? new Rows();
  state.series.set(id, rows);
  let time = Number.NaN;
  if (roles.time !== undefined) {
    const found = timeIn(cells[roles.time]);
    if (!found)
      rows.badTime ??= `line ${line}: "${shortened(String(cells[roles.time] ?? ""))}" is no time; write 2026-01-31 12:00:00, or numbers`;
    else time = found.value;
    if (found && rows.lines.length > 0 && found.isDate !== rows.isDate)
      rows.badTime ??= `line ${line}: dates and numbers as times`;
    rows.isDate = found?.isDate ?? rows.isDate;
  }
  const { long } = roles;
  let at = rows.lines.length;
  if (long && roles.time !== undefined) at = rows.places.get(time) ?? at;
  if (at === rows.lines.length) {
    rows.lines.push(line);
    rows.times.push(time);
    rows.places.set(time, at);
    if (roles.label !== undefined) rows.labels.push(textOf(cells[roles.label]));
    if (roles.group !== undefined) rows.group ??= textOf(cells[roles.group]);
  }
  if (long) {
    const channel = textOf(cells[long.channel]);
    if (channel !== undefined) store(rows, state, channel, cells[long.value], at, line, true);
  } else for (const column of roles.channels) store(rows, state, columns[column]!, cells[column], at, line, false);
}

function store(rows: Rows, state: State, name: string, cell: Cell, at: number, line: number, isLong: boolean): void {
  let channel = state.channels.get(name);
  if (channel === undefined) {
    channel = state.channels.size;
    state.channels.set(name, channel);
    state.texts.push({ count: 0, values: 0 });
  }
  const value = numberIn(cell);
  const texts = state.texts[channel]!;
  if (value === undefined) {
    texts.count++;
    texts.first ??= { text: String(cell), line };
  } else if (!Number.isNaN(value)) texts.values++;
  while (rows.columns.length <= channel) rows.columns.push(new Numbers());
  const column = rows.columns[channel]!;
  if (isLong && at < column.length && !Number.isNaN(column.all[at]!) && column.all[at] !== value)
    rows.twice ??= `line ${line}: a second value of "${shortened(name)}" at the same time; if these are several series, name the column that tells them apart with --by`;
  while (column.length < at) column.push(Number.NaN);
  if (at < column.length) column.all[at] = value ?? Number.NaN;
  else column.push(value ?? Number.NaN);
}

function finish(
  path: string,
  name: string,
  { series, texts, channels }: State,
  roles: Roles,
  columns: readonly string[],
): TableSeries {
  const leftOut = new Tally();
  const kept: { name: string; at: number }[] = [];
  for (const [channel, at] of channels) {
    const { count, values, first } = texts[at]!;
    if (values === 0 || count > TEXT_SHARE * (count + values)) {
      leftOut.add(channel, {
        what:
          count > 0 ? `columns of text (${shortened(channel)})` : `columns without a number (${shortened(channel)})`,
      });
      continue;
    }
    if (count > 0 && first)
      leftOut.add(
        channel,
        {
          what: `${count === 1 ? "text" : "texts"} in column "${shortened(channel)}"`,
          advice: `no number: the first is "${shortened(first.text)}" on line ${first.line}; taken as missing`,
        },
        count,
      );
    kept.push({ name: channel, at });
  }
  if (kept.length === 0) throw new UserError(`${path}: no column of numbers; there are: ${listed(columns)}`);
  const found: Found[] = [];
  const all: { id: string; changes: Changes; rate?: string }[] = [];
  for (const [id, rows] of series) {
    const whole = roles.by === undefined ? name : name === "" ? id || "unnamed" : `${name}/${id || "unnamed"}`;
    try {
      if (rows.badTime) throw new BrokenSample(rows.badTime);
      if (rows.twice) throw new BrokenSample(rows.twice);
      const recorded = recordedOf(
        rows,
        kept.map(({ at }) => at),
        roles,
      );
      const result = regular(recorded);
      const { changes, step } = result;
      all.push({ id: whole, changes, ...(step === undefined ? {} : { rate: stepInWords(step, rows.isDate) }) });
      found.push(
        foundOf(
          whole,
          rows,
          kept.map((one) => one.name),
          result,
        ),
      );
    } catch (error) {
      if (!(error instanceof BrokenSample)) throw error;
      found.push({ name: whole, broken: error.message });
    }
  }
  const [only] = found;
  if (found.length === 1 && only?.broken !== undefined) throw new UserError(`${path}: ${only.broken}`);
  return { found, leftOut, notes: notesOf(all) };
}

function recordedOf(rows: Rows, channels: readonly number[], roles: Roles): Recorded {
  const length = rows.lines.length;
  const columns = channels.map((channel) => {
    const column = rows.columns[channel]?.all ?? new Float64Array();
    if (column.length === length) return column;
    const padded = new Float64Array(length).fill(Number.NaN);
    padded.set(column);
    return padded;
  });
  if (columns.every((column) => column.every(Number.isNaN))) throw new BrokenSample("none of its values is a number");
  return {
    columns,
    times: roles.time === undefined ? undefined : rows.times.all,
    isDate: rows.isDate,
    lines: rows.lines.all,
  };
}

function foundOf(name: string, rows: Rows, channels: readonly string[], made: Regular): Found {
  const { length, values, step } = made;
  const labels = rows.labels.length > 0 ? Array.from(made.rows, (row) => rows.labels[row]) : undefined;
  const label = labels?.findLast((one) => one !== undefined);
  return {
    ...{ name, channels, length, values },
    ...(rows.group === undefined ? {} : { group: rows.group }),
    ...(step === undefined ? {} : { step }),
    ...(labels ? { stepLabels: labels } : {}),
    ...(label === undefined ? {} : { label }),
  };
}

/** One line for each thing that was done to the times, over all series. */
function notesOf(all: readonly { id: string; changes: Changes; rate?: string }[]): string[] {
  const changed = (key: keyof Changes) => all.filter(({ changes }) => changes[key] > 0);
  const sum = (key: keyof Changes) => all.reduce((total, { changes }) => total + changes[key], 0).toLocaleString("en");
  const of = (some: readonly { id: string }[]) =>
    all.length === 1 ? (some[0]?.id ?? "") : `${some.length} of ${all.length} series (the first: ${some[0]?.id})`;
  const notes: string[] = [];
  if (changed("sorted").length > 0)
    notes.push(`${of(changed("sorted"))}: the rows were not in order of time, and are sorted`);
  if (changed("repeated").length > 0)
    notes.push(`${of(changed("repeated"))}: ${sum("repeated")} rows are there twice, and count once`);
  const irregular = all.filter(({ changes: { filled, empty } }) => filled + empty > 0);
  const rates = [...new Set(irregular.map(({ rate }) => rate))];
  if (irregular.length > 0)
    notes.push(
      `${of(irregular)}: irregular times, read at steps of ${rates.slice(0, 3).join(", ")}${rates.length > 3 ? " …" : ""}: ${sum("filled")} steps computed from rows near them, ${sum("empty")} left empty`,
    );
  return notes;
}
