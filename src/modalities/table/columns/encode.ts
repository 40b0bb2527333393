import type { Rng } from "../../../array/rng.ts";
import type { Cell } from "../../../data/tables/cells.ts";
import { timeIn } from "../../../data/tables/times.ts";
import { describeFormula, descriptors as descriptorNames } from "../formula/describe.ts";
import { type Encoded, FIRST, isEncoded, MISSING, PRESENT, type TableSample } from "../row.ts";
import type { Learned, LearnedColumn } from "./learned.ts";

/** Numbers on the encoder's scale lie between these: an outlier must not drown all others. */
const FARTHEST = 10;

/** One place of the encoder's input. */
interface Place {
  readonly name: string;
  readonly isNumber: boolean;
  /** Number of its codes. */
  readonly size: number;
}

/** A column of the table, which has one place or several: of a date also month, weekday and hour. */
interface Reader {
  readonly column: LearnedColumn;
  readonly places: readonly Place[];
  /** Writes the cell's values and codes from place `at` on. */
  read(cell: Cell, into: Encoded, at: number): void;
  /** Whether each place of a view may come from another row: of a formula, whose places are many. */
  readonly isApart?: boolean;
}

/** Rows as an encoder reads them. */
export interface RowEncoder {
  readonly places: readonly Place[];
  encode(sample: TableSample): Encoded;
  /** The row with each column, by this probability, as in a random row of those that the run learned from. */
  corrupt(sample: TableSample, rng: Rng, probability: number): Encoded;
}

/** The place of a value among the quantiles, on a scale of mean 0 and deviation 1 for values as frequent as those. */
export function ranked(value: number, quantiles: readonly number[]): number {
  const steps = quantiles.length - 1;
  /** Quantiles that are less, or not greater. */
  const count = (isBefore: (one: number) => boolean): number => {
    let [low, high] = [0, quantiles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(quantiles[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const [less, notGreater] = [count((one) => one < value), count((one) => one <= value)];
  let place: number;
  // Several quantiles that are the value: the middle of them.
  if (notGreater > less) place = (less + notGreater - 1) / 2;
  else if (less === 0) place = 0;
  else if (less > steps) place = steps;
  else {
    const [below, above] = [quantiles[less - 1]!, quantiles[less]!];
    place = less - 1 + (value - below) / (above - below);
  }
  return Math.sqrt(12) * (place / steps - 0.5);
}

const number = (name: string): Place => ({ name, isNumber: true, size: 2 });
const parts = (name: string, count: number): Place => ({ name, isNumber: false, size: FIRST + count });

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly quantiles: readonly number[];
}

function scaledBy(scale: "standard" | "quantile", { mean, std, quantiles }: Moments) {
  return (value: number): number =>
    scale === "quantile" ? ranked(value, quantiles) : Math.max(-FARTHEST, Math.min(FARTHEST, (value - mean) / std));
}

function readerOf(column: LearnedColumn, scale: "standard" | "quantile"): Reader {
  const { name } = column;
  switch (column.type) {
    case "number": {
      const scaled = scaledBy(scale, column);
      return {
        column,
        places: [number(name)],
        read(cell, { values, codes }, at) {
          const isThere = typeof cell === "number";
          codes[at] = isThere ? PRESENT : MISSING;
          values[at] = isThere ? scaled(cell) : 0;
        },
      };
    }
    case "category": {
      const codes = new Map(column.categories.map(({ value }, at) => [value, FIRST + at]));
      return {
        column,
        places: [parts(name, column.categories.length)],
        read(cell, into, at) {
          into.values[at] = 0;
          into.codes[at] = cell === undefined ? MISSING : (codes.get(String(cell)) ?? PRESENT);
        },
      };
    }
    case "formula": {
      const all = column.descriptors.map((one) => ({
        from: descriptorNames.indexOf(one.name),
        to: scaledBy(scale, one),
      }));
      return {
        column,
        isApart: true,
        places: column.descriptors.map((one) => number(`${name}: ${one.name}`)),
        read(cell, { values, codes }, at) {
          const described = typeof cell === "string" ? describeFormula(cell) : undefined;
          codes.fill(described ? PRESENT : MISSING, at, at + all.length);
          all.forEach(({ from, to }, place) => {
            values[at + place] = described ? to(described[from] ?? 0) : 0;
          });
        },
      };
    }
    case "date": {
      const scaled = scaledBy(scale, column);
      const places = [number(name), parts(`${name}: month`, 12), parts(`${name}: weekday`, 7)];
      if (column.hours) places.push(parts(`${name}: hour`, 24));
      return {
        column,
        places,
        read(cell, { values, codes }, at) {
          const time = typeof cell === "string" ? timeIn(cell) : undefined;
          const isThere = time?.isDate ?? false;
          const date = new Date((time?.value ?? 0) * 1000);
          const all = [date.getUTCMonth(), date.getUTCDay(), date.getUTCHours()];
          values.fill(0, at, at + places.length);
          codes[at] = isThere ? PRESENT : MISSING;
          if (isThere && time) values[at] = scaled(time.value);
          for (let part = 1; part < places.length; part++)
            codes[at + part] = isThere ? FIRST + all[part - 1]! : MISSING;
        },
      };
    }
  }
}

/** A column of other rows as it is read. */
const othersOf = ({ column, places, read }: Reader): readonly Encoded[] =>
  column.marginal.map((cell) => {
    const one = { values: new Float32Array(places.length), codes: new Int32Array(places.length) };
    read(cell ?? undefined, one, 0);
    return one;
  });

/** Each place of a column, by this probability, as in another row. */
function corruptApart(others: readonly Encoded[], row: Encoded, start: number, rng: Rng, probability: number): void {
  const width = others[0]?.values.length ?? 0;
  for (let place = 0; place < width; place++) {
    if (!rng.chance(probability)) continue;
    const other = others[rng.integer(0, others.length - 1)]!;
    row.values[start + place] = other.values[place]!;
    row.codes[start + place] = other.codes[place]!;
  }
}

export function rowEncoder({ columns }: Pick<Learned, "columns">, scale: "standard" | "quantile"): RowEncoder {
  const readers = columns.map((column) => readerOf(column, scale));
  const places = readers.flatMap((reader) => reader.places);
  /** Of each column whose places are corrupted apart, read when they are first needed. */
  const others: (readonly Encoded[])[] = [];
  const starts: number[] = [];
  let width = 0;
  for (const reader of readers) {
    starts.push(width);
    width += reader.places.length;
  }
  const empty = (): Encoded => ({ values: new Float32Array(width), codes: new Int32Array(width) });
  const encode = (sample: TableSample): Encoded => {
    if (isEncoded(sample)) return sample;
    const row = empty();
    readers.forEach((reader, at) => {
      reader.read(sample.cells.get(reader.column.name), row, starts[at]!);
    });
    return row;
  };
  return {
    places,
    encode,
    corrupt(sample, rng, probability) {
      const { values, codes } = encode(sample);
      const row = { values: values.slice(), codes: codes.slice() };
      readers.forEach((reader, at) => {
        const { marginal } = reader.column;
        if (reader.isApart) {
          others[at] ??= othersOf(reader);
          corruptApart(others[at], row, starts[at]!, rng, probability);
        } else if (rng.chance(probability) && marginal.length > 0)
          reader.read(marginal[rng.integer(0, marginal.length - 1)] ?? undefined, row, starts[at]!);
      });
      return row;
    },
  };
}
