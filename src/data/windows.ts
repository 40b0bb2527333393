/** Which parts of which long entries (recordings, clips) are entries themselves. */
export interface Windows {
  /** Length of a window, in whatever is counted: samples, frames. */
  readonly length: number;
  /** The long entry that each window is of, and where in it the window begins. */
  readonly wholes: Int32Array;
  readonly starts: Int32Array;
}

/** A last window that would show less than this share of anything new is left out. */
const LEAST_REST = 0.5;

/**
 * The windows of long entries: each of at most one window is one entry; a longer one is cut every `hop`, and a last window
 * ends with it if at least half of it is new.
 * @param lengths of each long entry; undefined where it cannot be told, which makes one entry
 */
export function windowsOf(lengths: readonly (number | undefined)[], length: number, hop: number): Windows {
  const wholes: number[] = [];
  const starts: number[] = [];
  lengths.forEach((whole = 0, at) => {
    let start = 0;
    do {
      wholes.push(at);
      starts.push(start);
      start += hop;
    } while (start + length <= whole);
    const rest = whole - (start - hop + length);
    if (whole > length && rest >= LEAST_REST * Math.min(hop, length)) {
      wholes.push(at);
      starts.push(whole - length);
    }
  });
  return { length, wholes: Int32Array.from(wholes), starts: Int32Array.from(starts) };
}
