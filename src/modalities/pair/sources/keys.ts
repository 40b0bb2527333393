/**
 * What each entry shows, as a number from 0: by its key, or, where it has none, by its captions. Entries with an equal caption,
 * whatever its case, show the same.
 * @param captions of each entry
 */
export function keysOf(captions: readonly (readonly string[])[], keys: readonly (string | undefined)[]): Int32Array {
  /** Each entry's parent in a forest: entries of one tree show the same. */
  const parents = Int32Array.from(captions, (_, entry) => entry);
  const rootOf = (entry: number): number => {
    let root = entry;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = entry; at !== root; ) [at, parents[at]] = [parents[at]!, root];
    return root;
  };
  const firsts = new Map<string, number>();
  for (const [entry, texts] of captions.entries()) {
    const key = keys[entry];
    const names =
      key === undefined ? texts.map((text) => `c${text.toLowerCase().replaceAll(/\s+/g, " ")}`) : [`k${key}`];
    for (const name of names) {
      const first = firsts.get(name);
      if (first === undefined) firsts.set(name, entry);
      else parents[rootOf(entry)] = rootOf(first);
    }
  }
  const numbers = new Map<number, number>();
  return parents.map((_, entry) => {
    const root = rootOf(entry);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
}
