import { isDeepStrictEqual } from "node:util";

const isBranch = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The leaves of a tree of settings by path: `training.epochs` → 20. */
const leavesOf = (settings: object, prefix = ""): [path: string, value: unknown][] =>
  Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    isBranch(value) ? leavesOf(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );

/**
 * The first difference between the settings of an existing folder and the requested ones, so that the same command resumes
 * and another is refused: `training.epochs 20 and not 10`. Undefined if they are equal.
 * @param ignored paths that are not compared
 */
export function firstDifference(
  existing: object,
  requested: object,
  ignored: readonly string[] = [],
): string | undefined {
  const [found, wanted] = [new Map(leavesOf(existing)), new Map(leavesOf(requested))];
  const format = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
  for (const path of new Set([...found.keys(), ...wanted.keys()]))
    if (!ignored.includes(path) && !isDeepStrictEqual(found.get(path), wanted.get(path)))
      return `${path} ${format(found.get(path))} and not ${format(wanted.get(path))}`;
  return undefined;
}
