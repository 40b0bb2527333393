/** How many keys entries have. @param keys of all entries @param entries those that are meant, by default all */
export const countOfKeys = (keys: Int32Array, entries?: Int32Array): number =>
  new Set(entries ? entries.map((entry) => keys[entry]!) : keys).size;
