/**
 * What recordings are made of, for methods and programs that read sound: decoding, resampling, spectrograms.
 * @module autodidact/audio
 */
export { type Hearing, hearing } from "./abilities.ts";
export { decode } from "./decode.ts";
export { AudioOptions } from "./options.ts";
export { type Resampler, resample, resampler } from "./signal/resample.ts";
export {
  type Convention,
  conventions,
  type Spectrogram,
  type SpectrogramOptions,
  spectrogram,
} from "./signal/spectrogram.ts";
export { cutWave, middleOf, type Sound, type SoundMap } from "./sound.ts";
export { wavOf } from "./wav.ts";
