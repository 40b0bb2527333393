import { isDeepStrictEqual } from "node:util";

const isBranch = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The ends of a tree of settings by their paths: `training.epochs` → 20. */
const endsOf = (settings: object, prefix = ""): [path: string, value: unknown][] =>
  Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    isBranch(value) ? endsOf(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );

/**
 * What first differs between the settings that a folder was made with and those that are asked for now, so that the same
 * command goes on with it and another is refused: `training.epochs 20 and not 10`. Undefined where they are the same.
 * @param ignored paths that do not count
 */
export function firstDifference(there: object, asked: object, ignored: readonly string[] = []): string | undefined {
  const [found, wanted] = [new Map(endsOf(there)), new Map(endsOf(asked))];
  const said = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
  for (const path of new Set([...found.keys(), ...wanted.keys()]))
    if (!ignored.includes(path) && !isDeepStrictEqual(found.get(path), wanted.get(path)))
      return `${path} ${said(found.get(path))} and not ${said(wanted.get(path))}`;
  return undefined;
}
