import { stepInWords } from "../../../data/tables/times.ts";
import { BrokenSample } from "../../../foundation/errors.ts";

/** A series as it was recorded: at times that need not be regular, in any order. */
export interface Recorded {
  /** Column by column: a value for each row, NaN where it is missing. */
  readonly columns: readonly Float64Array[];
  /** Undefined without a column of times: the rows are one step apart. */
  readonly times: Float64Array | undefined;
  /** Whether times are seconds. */
  readonly isDate: boolean;
  /** Line of each row in the file. */
  readonly lines: Float64Array;
}

/** What was done to make a series regular. */
export interface Changes {
  /** Rows that were not in order of time. */
  sorted: number;
  /** Rows that were there twice. */
  repeated: number;
  /** Steps whose values were computed from rows before and after, or from several. */
  filled: number;
  /** Steps that stay empty. */
  empty: number;
}

export interface Regular {
  readonly length: number;
  /** `[channels, length]` */
  readonly values: Float32Array;
  readonly step?: number;
  /** The last row at or before each step, for labels. */
  readonly rows: Int32Array;
  readonly changes: Changes;
}

/** Times may be off by this share of a step. */
const TOLERANCE = 0.05;
/** Longest distance between rows that values between them are computed for, in steps. */
const BRIDGED = 2.5;
/** Largest share of empty steps before a coarser step is tried. */
const MOST_EMPTY = 0.5;
/** Coarser steps that are tried, as shares of the distances that are shorter. */
const QUANTILES = [0.75, 0.9, 0.97];
/** Smallest share of the rows that keep a step of their own at a coarser one. */
const LEAST_KEPT = 0.25;
/** Steps that a series may have for each of its rows. */
const MOST_STEPS = 50;

/**
 * A series at regular steps: the usual distance between its rows, or one so long that most steps have a value. A step's value
 * is that of the row at its time, the mean of several, or is computed from the rows before and after where they are near.
 * @throws BrokenSample when it has too few rows, or two different ones at the same time
 */
export function regular(recorded: Recorded): Regular {
  const { times, lines } = recorded;
  const changes = { sorted: 0, repeated: 0, filled: 0, empty: 0 };
  if (lines.length < 2)
    throw new BrokenSample(`${lines.length === 1 ? "one row" : "no row"}; a series needs at least two`);
  if (!times) {
    const rows = Int32Array.from(lines.keys());
    return { length: lines.length, values: columnsAt(recorded, rows), rows, changes };
  }
  const order = inOrder(recorded, changes);
  if (order.length < 2) throw new BrokenSample("all its rows have the same time");
  const at = Float64Array.from(order, (row) => times[row]!);
  const distances = at
    .slice(1)
    .map((time, index) => time - at[index]!)
    .sort();
  const usual = distances[Math.floor((distances.length - 1) / 2)]!;
  const isRegular = distances.every((distance) => Math.abs(distance - usual) <= TOLERANCE * usual);
  if (isRegular) return { length: order.length, values: columnsAt(recorded, order), step: usual, rows: order, changes };
  const coarser = QUANTILES.map((share) => distances[Math.floor((distances.length - 1) * share)]!);
  const step = [usual, ...coarser].find((candidate) => suits(at, candidate)) ?? usual;
  const span = (at.at(-1)! - at[0]!) / step;
  if (span > MOST_STEPS * at.length + 1000)
    throw new BrokenSample(
      `its ${at.length} rows span ${Math.round(span).toLocaleString("en")} steps of ${stepInWords(step, recorded.isDate)}; is it one series?`,
    );
  return onGrid(recorded, order, at, step, changes);
}

/** Whether most steps have a row near them, and most rows a step of their own. */
function suits(at: Float64Array, step: number): boolean {
  const steps = Math.round((at.at(-1)! - at[0]!) / step) + 1;
  let taken = 0;
  let last = -1;
  for (const time of at) {
    const place = Math.round((time - at[0]!) / step);
    if (place !== last) taken++;
    last = place;
  }
  return taken >= (1 - MOST_EMPTY) * steps && taken >= LEAST_KEPT * at.length;
}

/** The rows in order of time, each once. @throws BrokenSample when two differ at one time */
function inOrder({ times, columns, lines }: Recorded, changes: Changes): Int32Array {
  const own = times!;
  const order = Int32Array.from(own.keys());
  for (let row = 1; row < own.length; row++) changes.sorted += Number(own[row]! < own[row - 1]!);
  if (changes.sorted > 0) order.sort((a, b) => own[a]! - own[b]! || a - b);
  const kept: number[] = [];
  for (const row of order) {
    const before = kept.at(-1);
    if (before !== undefined && own[before] === own[row]) {
      if (!columns.every((column) => Object.is(column[before], column[row])))
        throw new BrokenSample(
          `the lines ${lines[before]} and ${lines[row]} have the same time and other values; if these are several series, name the column that tells them apart with --by`,
        );
      changes.repeated++;
    } else kept.push(row);
  }
  return Int32Array.from(kept);
}

/** `[channels, rows]` */
function columnsAt({ columns }: Recorded, rows: Int32Array): Float32Array {
  const values = new Float32Array(columns.length * rows.length);
  columns.forEach((column, channel) => {
    rows.forEach((row, place) => {
      values[channel * rows.length + place] = column[row]!;
    });
  });
  return values;
}

function onGrid({ columns }: Recorded, order: Int32Array, at: Float64Array, step: number, changes: Changes): Regular {
  const length = Math.round((at.at(-1)! - at[0]!) / step) + 1;
  const places = at.map((time) => (time - at[0]!) / step);
  const values = new Float32Array(columns.length * length);
  const isFilled = new Uint8Array(length);
  columns.forEach((column, channel) => {
    const filled = gridded(
      places,
      Float64Array.from(order, (row) => column[row]!),
      length,
      isFilled,
    );
    values.set(filled, channel * length);
  });
  const rows = new Int32Array(length);
  for (let place = 0, row = 0; place < length; place++) {
    while (row + 1 < places.length && places[row + 1]! <= place + TOLERANCE) row++;
    rows[place] = order[row]!;
    const isEmpty = columns.every((_, channel) => Number.isNaN(values[channel * length + place]!));
    if (isEmpty) changes.empty++;
    else if (isFilled[place]) changes.filled++;
  }
  return { length, values, step, rows, changes };
}

/** One channel on the grid. @param isFilled is set where a value is not a row's own */
function gridded(places: Float64Array, column: Float64Array, length: number, isFilled: Uint8Array): Float32Array {
  const sums = new Float64Array(length);
  const counts = new Int32Array(length);
  const isOwn = new Uint8Array(length);
  // A row at a step's time that has no value there: that is missing, and not filled.
  const isEmpty = new Uint8Array(length);
  for (const [row, at] of places.entries()) {
    const place = Math.min(length - 1, Math.round(at));
    if (Number.isNaN(column[row]!) && Math.abs(at - place) <= TOLERANCE) isEmpty[place] = 1;
  }
  const known = Int32Array.from(places.keys()).filter((row) => !Number.isNaN(column[row]!));
  for (const row of known) {
    const place = Math.min(length - 1, Math.round(places[row]!));
    sums[place]! += column[row]!;
    counts[place]!++;
    if (Math.abs(places[row]! - place) <= TOLERANCE) isOwn[place] = 1;
  }
  const result = new Float32Array(length).fill(Number.NaN);
  for (let place = 0, next = 0; place < length; place++) {
    while (next < known.length && places[known[next]!]! < place) next++;
    const [before, after] = [known[next - 1], known[next]];
    if (isEmpty[place] && counts[place] === 0) continue;
    if (counts[place]! > 1 || isOwn[place]) {
      result[place] = sums[place]! / counts[place]!;
      if (!isOwn[place] || counts[place]! > 1) isFilled[place] = 1;
    } else if (before !== undefined && after !== undefined && places[after]! - places[before]! <= BRIDGED) {
      const share = (place - places[before]!) / (places[after]! - places[before]!);
      result[place] = column[before]! + share * (column[after]! - column[before]!);
      isFilled[place] = 1;
    } else if (counts[place] === 1) {
      result[place] = sums[place]!;
      isFilled[place] = 1;
    }
  }
  return result;
}
