/** Names of columns with times. */
const NAMES =
  /^(time|timestamp|date|datetime|date[ _-]?time|time[ _-]?stamp|ds|ts|utc|recorded[ _-]?at|created[ _-]?at)$/i;

export const isTimeName = (name: string): boolean => NAMES.test(name.trim());

/** ISO 8601, also with a blank for the T, and only a date; a comma before the fraction. */
const ISO =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/** A time: seconds since 1970 of a date, in UTC where it says no zone, or the number itself. Undefined if it is neither. */
export function timeIn(cell: string | number | undefined): { value: number; isDate: boolean } | undefined {
  if (typeof cell === "number") return Number.isFinite(cell) ? { value: cell, isDate: false } : undefined;
  const text = cell?.trim() ?? "";
  if (text === "") return undefined;
  const number = Number(text);
  if (Number.isFinite(number)) return { value: number, isDate: false };
  const found = ISO.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return undefined;
  const fraction = found[7] ? Number(`0.${found[7]}`) : 0;
  const zone = found[8]?.replace(":", "") ?? "Z";
  const offset = /^[+-]/.test(zone)
    ? Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5)))
    : 0;
  // A day that the month does not have would silently become another.
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCDate() !== day) return undefined;
  return { value: date.getTime() / 1000 + hour * 3600 + (minute - offset) * 60 + second + fraction, isDate: true };
}

/** Steps as people read them: `1 h`, `0.5 s`, `10`. */
export function stepInWords(step: number, isDate: boolean): string {
  const round = (value: number) => Number(value.toPrecision(4)).toLocaleString("en");
  if (!isDate) return round(step);
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
  ] as const)
    if (step >= seconds) return `${round(step / seconds)} ${unit}`;
  return `${round(step)} s`;
}
