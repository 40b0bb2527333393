import type { AudioOptions } from "./options.ts";
import { resample } from "./signal/resample.ts";
import { type Spectrogram, spectrogram } from "./signal/spectrogram.ts";
import { middleOf, type Sound, type SoundMap } from "./sound.ts";

/** Frames come in multiples of this, so that patches of 2, 4, 8 and 16 divide them. */
const MULTIPLE = 16;

/** How a settled set of options reads sound. */
export interface Preparation {
  /** Samples of a window. */
  readonly samples: number;
  /** Frames of a window's spectrogram; those beyond a whole number of patches are left out. */
  readonly frames: number;
  readonly spectrogram: Spectrogram;
  /** The sound at the encoder's rate. */
  heard(sound: Sound): Sound;
  /** The part of a sound that the encoder reads: a view as it is, else the middle. */
  waveOf(sound: Sound): Float32Array;
  /** The log-mel energies of a waveform, `frames` of them: padded with 0, as in transformers.js. */
  mapOf(wave: Float32Array, frames?: number): SoundMap;
}

export function preparation(options: AudioOptions): Preparation {
  const { rate, window, convention, bands } = options;
  const samples = Math.max(1, Math.round(window * rate));
  const made = spectrogram({ convention, rate, bands });
  const available = made.frames(samples);
  const frames = Math.max(MULTIPLE, Math.floor(available / MULTIPLE) * MULTIPLE);
  const heard = (sound: Sound): Sound =>
    sound.rate === rate ? sound : { rate, wave: resample(sound.wave, sound.rate, rate) };
  return {
    samples,
    frames,
    spectrogram: made,
    heard,
    waveOf: (sound) => (sound.ready ? sound.wave : middleOf(heard(sound).wave, samples)),
    mapOf(wave, wanted = frames) {
      const values = made.of(wave);
      const count = values.length / bands;
      if (count === wanted) return { bands, frames: wanted, values };
      const kept = new Float32Array(bands * wanted);
      for (let band = 0; band < bands; band++)
        kept.set(values.subarray(band * count, band * count + Math.min(count, wanted)), band * wanted);
      return { bands, frames: wanted, values: kept };
    },
  };
}
