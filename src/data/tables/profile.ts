import { timeIn } from "./times.ts";

/** Different values of a column that are counted. */
const MOST_VALUES = 200_000;

/** What the values of one column are, met one after the other. */
export class Profile {
  readonly name: string;
  /** Cells that were met, and those that were empty. */
  rows = 0;
  missing = 0;
  /** All values that are numbers. */
  readonly numbers: number[] = [];
  /** How often each text is there. */
  readonly texts = new Map<string, number>();
  textCount = 0;
  dates = 0;
  blanks = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(value: string | number | undefined): void {
    this.rows++;
    if (value === undefined) this.missing++;
    else if (typeof value === "number") this.numbers.push(value);
    else {
      const count = this.texts.get(value) ?? 0;
      this.textCount++;
      this.dates += Number(timeIn(value)?.isDate ?? false);
      this.blanks += value.split(/\s+/).length - 1;
      if (count > 0 || this.texts.size < MOST_VALUES) this.texts.set(value, count + 1);
    }
  }

  get known(): number {
    return this.numbers.length + this.textCount;
  }

  /** How often each value is there, numbers as texts, the most frequent first. */
  get counts(): [value: string, count: number][] {
    const all = new Map(this.texts);
    for (const number of this.numbers) all.set(String(number), (all.get(String(number)) ?? 0) + 1);
    return [...all].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1));
  }
}

export type ColumnType = "number" | "category" | "date" | "left out";

/** A column is of numbers, or of dates, if at least this share of its values are some. */
const MOSTLY = 0.9;
/** Fewer values than this are never taken for identifiers. */
const SEVERAL = 20;
/** Texts are identifiers, or free texts, if more than this share of them are different. */
const DIFFERENT = 0.9;
/** Texts of so many words are free texts already at half as many. */
const WORDS = 4;
/** Whole numbers that are all different are identifiers if they rise from row to row with few gaps, or are called so. */
const DENSE = 2;
const IDENTIFIER = /(^|[_\s-])(id|uuid|guid|key|index|no|nr)$|^unnamed: \d+$/i;

/** What a column is taken for, and why it is left out if it is. */
export function typeOf(profile: Profile): { type: ColumnType; why?: string } {
  const { known, numbers, texts, textCount, missing, name } = profile;
  const leftOut = (why: string) => ({ type: "left out", why }) as const;
  if (known === 0) return leftOut("no value");
  if (numbers.length >= MOSTLY * known) {
    let [least, most, isWhole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
    for (const value of numbers) {
      least = Math.min(least, value);
      most = Math.max(most, value);
      isWhole &&= Number.isInteger(value);
    }
    if (least === most && missing === 0) return leftOut("always the same");
    const isUnique = isWhole && numbers.length >= SEVERAL && new Set(numbers).size === numbers.length;
    const isCounted =
      most - least < DENSE * numbers.length && numbers.every((value, at) => at === 0 || value > numbers[at - 1]!);
    if (isUnique && (isCounted || IDENTIFIER.test(name))) return leftOut("identifiers: whole numbers, all different");
    return { type: "number" };
  }
  if (profile.dates >= MOSTLY * known) return { type: "date" };
  if (numbers.length === 0 && texts.size === 1 && missing === 0) return leftOut("always the same");
  if (known >= SEVERAL) {
    const share = (texts.size + new Set(numbers).size) / known;
    const words = 1 + profile.blanks / Math.max(1, textCount);
    if (words >= WORDS && share > DIFFERENT / 2) return leftOut("free text");
    if (share > DIFFERENT) return leftOut(words >= 2 ? "free text" : "identifiers: nearly all different");
  }
  return { type: "category" };
}
