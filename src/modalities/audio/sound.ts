/** Sound of one channel. */
export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  /** Values, usually in [−1, 1]. */
  readonly wave: Float32Array;
  /** A view: the waveform is as long as it is to be and is not cut again. */
  readonly ready?: boolean;
  /** A view's log-mel energies `[bands, frames]`, if they are not those of its waveform. */
  readonly map?: SoundMap;
  /** Other recordings, which views may mix in. */
  readonly others?: readonly Sound[];
}

export interface SoundMap {
  readonly bands: number;
  readonly frames: number;
  readonly values: Float32Array;
}

/** `length` values from `start`; silence where there is nothing. */
export function cutWave(wave: Float32Array, start: number, length: number): Float32Array {
  const result = new Float32Array(length);
  const from = Math.max(0, start);
  if (from >= start + length) return result;
  result.set(wave.subarray(from, Math.max(from, Math.min(wave.length, start + length))), from - start);
  return result;
}

/** The middle `length` values. */
export const middleOf = (wave: Float32Array, length: number): Float32Array =>
  cutWave(wave, Math.floor((wave.length - length) / 2), length);
