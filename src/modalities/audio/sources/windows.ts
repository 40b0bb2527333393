/** Which parts of which recordings are entries. */
export interface Windows {
  /** Samples of a window, at the cache's rate. */
  readonly length: number;
  /** The recording of each window, and its first sample. */
  readonly recordings: Int32Array;
  readonly starts: Int32Array;
}

/** A last window that would show less than this share of new sound is left out. */
const LEAST_REST = 0.5;

/**
 * The windows of recordings: each of at most one window is one entry; a longer one is cut every `hop`, and a last window
 * ends with the recording if at least half of it is new.
 * @param lengths samples of each recording; undefined where it cannot be told, which makes one entry
 */
export function windowsOf(lengths: readonly (number | undefined)[], length: number, hop: number): Windows {
  const recordings: number[] = [];
  const starts: number[] = [];
  lengths.forEach((samples = 0, recording) => {
    let start = 0;
    do {
      recordings.push(recording);
      starts.push(start);
      start += hop;
    } while (start + length <= samples);
    const rest = samples - (start - hop + length);
    if (samples > length && rest >= LEAST_REST * Math.min(hop, length)) {
      recordings.push(recording);
      starts.push(samples - length);
    }
  });
  return { length, recordings: Int32Array.from(recordings), starts: Int32Array.from(starts) };
}
