import { basename } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { inWords } from "../paths/in-words.ts";
import type { Paths } from "../paths/joined.ts";
import { pathsIn, placesOf } from "../paths/paths.ts";
import { nameAt } from "../paths/place.ts";
import type { Source } from "../source.ts";
import { cellsByPath } from "../tables/by-path.ts";
import { rowsOf, tableFormatOf } from "../tables/rows.ts";

/**
 * What the entries have in a column: of the data, or of the table of labels beside them.
 * @param path of the data
 * @param options.flag that names the column, for messages
 * @param options.orElse what else the flag may be, for messages
 * @throws UserError when neither has it
 */
export async function cellsOfColumn(
  path: Paths,
  source: Pick<Source<unknown>, "length" | "name" | "column">,
  column: string,
  {
    labels,
    flag,
    orElse = "",
  }: { readonly labels?: string | undefined; readonly flag: string; readonly orElse?: string },
): Promise<readonly (string | undefined)[]> {
  const own = source.column?.(column);
  if (own) return own;
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  const advice = `${flag} names a column of the data or of the table of labels${orElse}`;
  if (labels !== undefined) return cellsByPath(labels, names, { column, advice, verb: "has for", lenient: true });
  const all = await pathsIn(path);
  const places = all.length > 1 ? await placesOf(all) : [undefined];
  const byName = new Map<string, string | undefined>();
  for (const [at, one] of all.entries()) {
    const format = tableFormatOf(one);
    if (!format) throw new UserError(`${flag} ${column}: neither a file nor a column, as ${one} is no table`);
    const file = basename(one);
    const place = places[at];
    for await (const rows of rowsOf(one, format, { column, labelColumn: column, advice }))
      for (const { label, line } of rows)
        byName.set(place ? nameAt(place, `${file}:${line}`) : `${file}:${line}`, label);
  }
  if (names.some((name) => byName.has(name))) return names.map((name) => byName.get(name));
  const [only = ""] = all;
  if (all.length > 1) throw new UserError(`${flag} ${column}: no column that is read from ${inWords(path)}`);
  // The rows of a table that lists files are called as those.
  return cellsByPath(only, names, { column, advice, verb: "has for", lenient: true });
}
