/** Ways in which a name may come back changed, the least change first. */
const changes: readonly ((name: string) => string)[] = [
  (name) => name,
  // macOS decomposes names: é is e and an accent.
  (name) => name.normalize("NFC"),
  (name) => name.normalize("NFC").trim(),
  (name) =>
    name
      .normalize("NFC")
      .trim()
      .replaceAll("\\", "/")
      .replace(/^(\.\/)+/, ""),
];

/** What two names become is the name of neither. */
const AMBIGUOUS = -1;

/**
 * Finds names as tables have them: exactly, else in other characters for the same letters, else without blanks around it,
 * else with `\\` for `/` or `./` before it.
 * @returns a function from a name to its position; undefined for none, and for one that may be two
 *
 * @example
 * const find = finderOf(["cafe\u0301/1.png"]);
 * find(".\\\\caf\u00e9\\\\1.png"); // 0
 */
export function finderOf(names: readonly string[]): (name: string) => number | undefined {
  const maps: Map<string, number>[] = [];
  const mapAt = (level: number): Map<string, number> => {
    const existing = maps[level];
    if (existing) return existing;
    const positions = new Map<string, number>();
    for (const [position, name] of names.entries()) {
      const changed = changes[level]!(name);
      positions.set(changed, level > 0 && positions.has(changed) ? AMBIGUOUS : position);
    }
    maps[level] = positions;
    return positions;
  };
  return (name) => {
    for (const [level, change] of changes.entries()) {
      const position = mapAt(level).get(change(name));
      if (position !== undefined) return position === AMBIGUOUS ? undefined : position;
    }
    return undefined;
  };
}
