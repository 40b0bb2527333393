/** So many of `length` entries, evenly over them. */
export const evenly = (length: number, count: number): Int32Array =>
  Int32Array.from({ length: Math.min(count, length) }, (_, at) => Math.floor((at * length) / Math.min(count, length)));
