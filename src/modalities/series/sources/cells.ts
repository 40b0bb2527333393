import { shortened } from "../../../foundation/printable.ts";
import type { Found } from "./store.ts";

/** Written values of one channel. */
export type Cells = readonly string[];

const MISSING = /^\s*(\?|nan|)\s*$/i;

/** A series from its written channels; the shorter ones have nothing at their end. @param written its class */
export function seriesOf(channels: readonly Cells[], written: string | undefined, line: number): Omit<Found, "name"> {
  const label = written?.trim() === "" || written?.trim() === "?" ? undefined : written?.trim();
  const labelled = label === undefined ? {} : { label };
  const rows: number[][] = [];
  for (const [channel, cells] of channels.entries()) {
    const row: number[] = [];
    for (const cell of cells) {
      const value = MISSING.test(cell) ? Number.NaN : Number(cell);
      if (Number.isNaN(value) && !MISSING.test(cell))
        return {
          broken: `line ${line}: "${shortened(cell.trim())}" in channel ${channel + 1} is not a number`,
          ...labelled,
        };
      row.push(Number.isFinite(value) ? value : Number.NaN);
    }
    rows.push(row);
  }
  const length = Math.max(0, ...rows.map((row) => row.length));
  if (length < 2)
    return {
      broken: `line ${line}: ${length === 1 ? "one value" : "no value"}; a series needs at least two`,
      ...labelled,
    };
  const values = new Float32Array(rows.length * length).fill(Number.NaN);
  rows.forEach((row, channel) => {
    values.set(row, channel * length);
  });
  if (values.every(Number.isNaN)) return { broken: `line ${line}: none of its values is a number`, ...labelled };
  return { channels: rows.map((_, channel) => String(channel + 1)), length, values, ...labelled };
}
