/** Indices of `count` of `length` entries, evenly spaced; all if there are fewer. */
export const evenly = (length: number, count: number): Int32Array =>
  Int32Array.from({ length: Math.min(count, length) }, (_, at) => Math.floor((at * length) / Math.min(count, length)));
