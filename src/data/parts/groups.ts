import { UserError } from "../../foundation/errors.ts";
import { type Labels, labelsOf } from "../labels.ts";
import { inWords } from "../paths/in-words.ts";
import type { Paths } from "../paths/joined.ts";
import { pathsIn } from "../paths/paths.ts";
import type { OpenOptions, Source } from "../source.ts";
import { tableFormatOf } from "../tables/rows.ts";
import { cellsOfColumn } from "./column.ts";

/** What entries belong to, by a field or column of their own; structured-cloneable. */
export interface Groups extends Labels {
  readonly by: string;
}

/** The groups of entries as they are written; undefined if nobody asks for groups (`by`), or no entry has one. */
export function groupsOf(written: readonly (string | undefined)[], by: string | undefined): Groups | undefined {
  const groups = by === undefined ? undefined : labelsOf(written);
  return groups && by !== undefined ? { by, ...groups } : undefined;
}

/** What a source says of its groups. An entry without one is its own. @param name of each entry */
export const groupFields = (
  groups: Groups | undefined,
  name: (index: number) => string,
): Pick<Source<unknown>, "groupedBy" | "group"> =>
  groups ? { groupedBy: groups.by, group: (index) => groups.classes[groups.labels[index] ?? -1] ?? name(index) } : {};

/** Whether a group is a pattern for names, and no column: it has a part in parentheses. */
const isPattern = (group: string): boolean => /\(.*\)/.test(group);

/**
 * The group of every entry: `group` as a pattern for the names, or else as a column of the data or of the table of labels.
 * @param path of the data, for messages
 * @throws UserError when it is neither, or leaves entries without a group
 */
async function groupNames(
  path: Paths,
  source: Source<unknown>,
  group: string,
  labels: string | undefined,
): Promise<readonly string[]> {
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  if (isPattern(group)) {
    const pattern = patternOf(group);
    const found = names.map((name) =>
      pattern
        .exec(name)
        ?.slice(1)
        .find((part) => part !== undefined),
    );
    const missing = found.indexOf(undefined);
    if (missing >= 0) throw new UserError(`--group ${group}: does not match ${names[missing]}`);
    return found.map((part) => part ?? "");
  }
  if (labels === undefined && !source.column && !(await pathsIn(path)).every(tableFormatOf))
    throw new UserError(
      `--group ${group}: not a column that is read from ${inWords(path)}; give a table of labels that has it, or a pattern for names: ^(s\\d+)_`,
    );
  const orElse = ", or is a pattern for names: ^(s\\d+)_";
  const found = await cellsOfColumn(path, source, group, { labels, flag: "--group", orElse });
  // An entry that the table does not name is its own group.
  return names.map((name, index) => found[index] ?? name);
}

function patternOf(group: string): RegExp {
  try {
    return new RegExp(group, "u");
  } catch {
    throw new UserError(`--group ${group}: not a regular expression`);
  }
}

/**
 * The source with what must not be split, as the user says. A source that has it as a column of its own keeps that.
 * @throws UserError when `group` fits neither its names nor a column
 */
export async function grouped<Sample>(
  path: Paths,
  source: Source<Sample>,
  { group, labels }: Pick<OpenOptions, "group" | "labels">,
): Promise<Source<Sample>> {
  if (group === undefined || source.groupedBy === group) return source;
  const names = await groupNames(path, source, group, labels);
  return { ...source, groupedBy: group, group: (index) => names[index] ?? source.name(index) };
}

/** Windows of a source, with the groups of the entries that they were cut from. */
export const windowsWithGroups = <Sample>(windows: Source<Sample>, whole: Source<Sample>): Source<Sample> =>
  whole.group && windows.whole
    ? { ...windows, group: (index) => whole.group?.(windows.whole?.(index) ?? index) ?? windows.name(index) }
    : windows;
