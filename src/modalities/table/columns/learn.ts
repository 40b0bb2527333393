import { Rng } from "../../../array/rng.ts";
import type { RunFiles } from "../../../data/modality.ts";
import type { Source } from "../../../data/source.ts";
import type { Cell } from "../../../data/tables/cells.ts";
import { Profile } from "../../../data/tables/profile.ts";
import { timeIn } from "../../../data/tables/times.ts";
import { evenly } from "../../../evaluation/vectors/evenly.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type TableColumnType, tableTypeOf } from "../formula/column.ts";
import { describeFormula, descriptors as descriptorNames } from "../formula/describe.ts";
import { fractionsIn } from "../formula/parse.ts";
import type { TableOptions } from "../options.ts";
import type { Row } from "../row.ts";
import { givenColumns } from "./given.ts";
import { type LearnedColumn, listed, toFile } from "./learned.ts";

/** Rows that are looked at, spread evenly. */
const LOOKED = 100_000;
/** Values of each column that views draw from. */
const MARGINAL = 1000;
/** Ranks whose values are kept: per cents. */
const QUANTILES = 101;
/**
 * What each column is: a number, a category, a date, or left out. A file for the run folder.
 * @throws UserError when fewer than two columns can be learned from, or an option names a column that is not there
 */
export async function learnColumns(
  source: Source<Row>,
  options: TableOptions,
  onNote?: (note: string) => void,
): Promise<RunFiles> {
  if (options.columnsFrom !== undefined) return givenColumns(source, options.columnsFrom, options, onNote);
  const met = new Map<string, Cell[]>();
  const looked = Math.min(LOOKED, source.length);
  let rows = 0;
  for (let at = 0; at < looked; at++) {
    const row = await source.read(Math.floor((at * source.length) / looked)).catch(skipBroken);
    if (!row) continue;
    for (const [name, cell] of row.cells) {
      const column = met.get(name);
      if (column) column[rows] = cell;
      else met.set(name, Object.assign(new Array<Cell>(looked), { [rows]: cell }));
    }
    rows++;
  }
  if (rows === 0) throw new UserError(`${source.name(0)}: no row has a value in any column`);
  const profiles = new Map<string, Profile>();
  for (const [name, cells] of met) {
    const profile = new Profile(name);
    for (let row = 0; row < rows; row++) profile.add(cells[row]);
    profiles.set(name, profile);
  }
  requireColumns(source, [...profiles.keys()], options);

  const columns: LearnedColumn[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const [name, profile] of profiles) {
    const { type, why = "" } = chosen(profile, options);
    if (type === "left out") {
      leftOut.push({ name, why });
      continue;
    }
    const rng = new Rng(0).split("marginal", name);
    const drawn = rng.permutation(rows).slice(0, MARGINAL);
    const values = Array.from(drawn, (row) => met.get(name)?.[row] ?? null);
    columns.push(learned(profile, type, values, options, onNote));
  }
  // A formula alone has hundreds of numbers.
  if (columns.length < 2 && columns[0]?.type !== "formula")
    throw new UserError(
      `${source.name(0)}: ${columns.length === 0 ? "no column" : `one column (${shortened(columns[0]!.name)})`} to learn from, and at least two are needed${leftOut.length > 0 ? `; left out: ${described(leftOut)}` : ""}`,
    );
  const of = (type: LearnedColumn["type"], words: string) => {
    const names = columns.filter((column) => column.type === type).map(({ name }) => name);
    return names.length === 0 ? [] : [`${names.length} ${words} (${listed(names)})`];
  };
  const kinds = [
    ...of("number", "of numbers"),
    ...of("category", "of categories"),
    ...of("date", "of dates"),
    ...of("formula", "of formulas"),
  ];
  onNote?.(`columns that are read: ${kinds.join(", ")}`);
  if (leftOut.length > 0) onNote?.(`columns that are left out: ${described(leftOut)}`);
  return toFile({ rows, columns, leftOut });
}

/** `id (identifiers), note, remark (free text)` */
const described = (leftOut: readonly { name: string; why: string }[]): string =>
  [...Map.groupBy(leftOut, ({ why }) => why)]
    .map(([why, some]) => `${listed(some.map(({ name }) => name))} (${why})`)
    .join(", ");

/** @throws UserError when an option names a column that is not there */
function requireColumns(source: Source<Row>, names: readonly string[], options: TableOptions): void {
  for (const [flag, wanted] of [
    ["--leave-out", options.leaveOut],
    ["--categories", options.categories],
    ["--numbers", options.numbers],
    ["--formulas", options.formulas],
  ] as const)
    for (const name of wanted)
      if (!names.includes(name))
        throw new UserError(
          `${flag} ${shortened(name)}: no such column in ${source.name(0).replace(/:\d+$/, "")}; there are: ${listed(names)}`,
        );
}

/** The column's type: as the user says, or by its values. */
function chosen(
  profile: Profile,
  { leaveOut, categories, numbers, formulas }: TableOptions,
): { type: TableColumnType; why?: string } {
  const { name } = profile;
  if (leaveOut.includes(name)) return { type: "left out", why: "as asked" };
  const found = tableTypeOf(profile);
  if (categories.includes(name)) return profile.known > 0 ? { type: "category" } : found;
  if (numbers.includes(name))
    return profile.numbers.length > 0 ? { type: "number" } : { type: "left out", why: "no number" };
  if (formulas.includes(name)) return { type: "formula" };
  return found;
}

function learned(
  profile: Profile,
  type: Exclude<TableColumnType, "left out">,
  marginal: (string | number | null)[],
  { mostCategories }: TableOptions,
  onNote?: (note: string) => void,
): LearnedColumn {
  const { name, rows } = profile;
  const missing = profile.missing / rows;
  switch (type) {
    case "number": {
      const [text] = profile.texts.keys();
      if (text !== undefined)
        onNote?.(
          `column "${shortened(name)}": ${profile.textCount.toLocaleString("en")} of its values ${profile.textCount === 1 ? "is" : "are"} no number and taken as missing; the first is "${shortened(text)}"`,
        );
      return { type, name, missing, marginal, ...momentsOf(profile.numbers) };
    }
    case "date": {
      const seconds: number[] = [];
      for (const [text, count] of profile.texts) {
        const time = timeIn(text);
        if (time?.isDate) for (let at = 0; at < count; at++) seconds.push(time.value);
      }
      return { type, name, missing, marginal, ...momentsOf(seconds), hours: seconds.some((one) => one % 86_400 !== 0) };
    }
    case "formula": {
      const { descriptors, unread } = describedBy(profile);
      const [first] = unread;
      if (first !== undefined)
        onNote?.(
          `column "${shortened(name)}": ${unread.length.toLocaleString("en")} of its texts ${unread.length === 1 ? "is no formula" : "are no formulas"} and taken as missing; the first is "${shortened(first)}"`,
        );
      return { type, name, missing, marginal, descriptors };
    }
    case "category": {
      const counts = profile.counts;
      if (counts.length > mostCategories)
        onNote?.(
          `column "${shortened(name)}": ${counts.length.toLocaleString("en")} categories; the ${mostCategories.toLocaleString("en")} most frequent are read, the others as unknown (--most-categories)`,
        );
      const categories = counts.slice(0, mostCategories).map(([value, count]) => ({ value, count }));
      return { type, name, missing, marginal, categories };
    }
  }
}

/** Formulas whose descriptors are measured, spread evenly over the different ones. */
const DESCRIBED = 20_000;

/** The descriptors that are not the same for all formulas, and the texts that are none. @throws UserError when all are none */
function describedBy({ name, texts }: Profile) {
  const all = [...texts.keys()];
  const unread = all.filter((text) => fractionsIn(text) === undefined);
  const some = [...evenly(all.length, DESCRIBED)].flatMap((at) => describeFormula(all[at]!) ?? []);
  if (some.length === 0) throw new UserError(`column "${shortened(name)}": none of its texts is a formula`);
  const measured = descriptorNames.flatMap((descriptor, at) => {
    const values = some.map((one) => one[at]!);
    return values.every((value) => value === values[0]) ? [] : [{ name: descriptor, ...momentsOf(values) }];
  });
  if (measured.length === 0)
    throw new UserError(`column "${shortened(name)}": all of its formulas are of the same composition`);
  return { descriptors: measured, unread };
}

/** Numbers beyond this are taken as it: the squares of greater ones are not finite. */
const GREATEST = 1e150;

/** Mean, deviation and the values at equal steps of rank. */
function momentsOf(values: readonly number[]) {
  const sorted = Float64Array.from(values, (value) => Math.max(-GREATEST, Math.min(GREATEST, value))).sort();
  let [mean, squares] = [0, 0];
  sorted.forEach((value, at) => {
    // Welford's way: large numbers may differ little from their mean.
    const difference = value - mean;
    mean += difference / (at + 1);
    squares += difference * (value - mean);
  });
  const deviation = Math.sqrt(squares / sorted.length);
  const quantiles = Array.from({ length: QUANTILES }, (_, at) => {
    const place = (at * (sorted.length - 1)) / (QUANTILES - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (place % 1) * (above - below);
  });
  // A column that hardly changes is not blown up to noise.
  const std = deviation > 1e-9 * Math.abs(mean) && deviation > 1e-12 ? deviation : 1;
  return { mean, std, median: quantiles[(QUANTILES - 1) / 2]!, quantiles };
}
