import { type Cell, cellOf, isMissing, numberIn } from "../../../data/tables/cells.ts";
import type { Value } from "./values.ts";

/** Two numbers or more, separated by blanks or commas: whole ones are words of a vocabulary. */
const WHOLE = /^\d+(?:[\s,;|]+\d+)+$/;
const NUMBERS = /^[+-]?[\d.]+(?:e[+-]?\d+)?(?:[\s,;|]+[+-]?[\d.]+(?:e[+-]?\d+)?)+$/i;
const SEPARATORS = /[\s,;|]+/;
/** Longest list, and longest text in one. */
const LONGEST = 1 << 16;

/** A cell of a table as it is kept: a number, a text, a list, or nothing. */
export function valueOf(cell: Cell): Value {
  if (isMissing(cell)) return undefined;
  if (typeof cell === "string" && cell.length < LONGEST) {
    const text = cell.trim();
    if (text.startsWith("[")) {
      const list = listIn(text);
      if (list) return list;
    }
    const number = numberIn(text);
    if (number !== undefined) return number;
    if (WHOLE.test(text)) return text.split(SEPARATORS);
    if (NUMBERS.test(text)) {
      const numbers = text.split(SEPARATORS).map(Number);
      if (numbers.every(Number.isFinite)) return numbers;
    }
  }
  return numberIn(cell) ?? (String(cell).trim().normalize("NFC") || undefined);
}

/** A list as JSON in a cell; a table of JSON lines has them so. */
function listIn(text: string): Value {
  try {
    return valueIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A value of JSON: what is neither a value nor a list of them is nothing. */
export function valueIn(value: unknown): Value {
  if (Array.isArray(value)) {
    const items = value.slice(0, LONGEST).map((item) => scalarIn(item));
    return items.filter((item) => item !== undefined);
  }
  return scalarIn(value);
}

function scalarIn(value: unknown): string | number | undefined {
  if (typeof value === "object") return undefined;
  const cell = typeof value === "boolean" ? String(value) : cellOf(value);
  if (cell === undefined || isMissing(cell)) return undefined;
  return typeof cell === "number" ? cell : cell.trim().normalize("NFC") || undefined;
}

/** A label as text. */
export function labelIn(value: unknown): string | undefined {
  const scalar = scalarIn(value);
  return scalar === undefined ? undefined : String(scalar);
}
