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

/**
 * Finds names as tables have them: exactly, else in other characters for the same letters, else without blanks around it,
 * else with `\\` for `/` or `./` before it.
 * @returns a function from a name to its position; undefined for none
 */
export function finderOf(names: readonly string[]): (name: string) => number | undefined {
  const maps: Map<string, number>[] = [];
  const mapAt = (level: number): Map<string, number> => {
    const change = changes[level]!;
    maps[level] ??= new Map(names.map((name, position) => [change(name), position]));
    return maps[level];
  };
  return (name) => {
    for (const [level, change] of changes.entries()) {
      const position = mapAt(level).get(change(name));
      if (position !== undefined) return position;
    }
    return undefined;
  };
}
