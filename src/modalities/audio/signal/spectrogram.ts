import { powerSpectrum } from "../../../data/signal/fourier.ts";
import { type MelBand, type MelScale, melBands } from "./mel.ts";

/** Whose spectrogram: they differ in framing, window, mel scale and logarithm. */
export const conventions = ["kaldi", "whisper", "librosa"] as const;
export type Convention = (typeof conventions)[number];

interface Framing {
  /** Frame and step in seconds. */
  readonly frame: number;
  readonly hop: number;
  /** Whether the transform is as long as the frame, or the next power of two. */
  readonly exact: boolean;
  /** Padding by half a frame on each side. */
  readonly centred?: "reflected" | "zero";
  readonly cleaned?: boolean;
  readonly periodic: boolean;
  readonly scale: MelScale;
  readonly lowest: number;
}

const framings: Record<Convention, Framing> = {
  kaldi: { frame: 0.025, hop: 0.01, exact: false, cleaned: true, periodic: false, scale: "kaldi", lowest: 20 },
  whisper: { frame: 0.025, hop: 0.01, exact: true, centred: "reflected", periodic: true, scale: "slaney", lowest: 0 },
  librosa: { frame: 0.064, hop: 0.016, exact: true, centred: "zero", periodic: true, scale: "slaney", lowest: 0 },
};

export const PRE_EMPHASIS = 0.97;
/** Kaldi's smallest energy: the spacing of float32 at 1. */
export const KALDI_FLOOR = 1.192092955078125e-7;
export const POWER_FLOOR = 1e-10;
/** librosa's dynamic range in dB. */
export const TOP_DB = 80;

export interface SpectrogramOptions {
  readonly convention: Convention;
  /** Samples a second. */
  readonly rate: number;
  readonly bands: number;
}

export interface Spectrogram {
  /** Samples of a frame and from one frame to the next. */
  readonly frame: number;
  readonly hop: number;
  /** Number of frames of so many samples; at least 0. */
  frames(samples: number): number;
  /** Log-mel energies, `[bands, frames]`, row-major. */
  of(wave: Float32Array): Float32Array;
}

/** A convention in samples, for one rate. */
export interface Frames {
  readonly frame: number;
  readonly hop: number;
  /** Points of the Fourier transform; a frame is followed by zeros. */
  readonly points: number;
  /** Samples added before and after the sound, if frames are centred. */
  readonly margin: number;
  readonly centred: "reflected" | "zero" | undefined;
  /** Whether each frame loses its mean and its low frequencies. */
  readonly cleaned: boolean;
  readonly window: Float64Array;
  readonly filters: readonly MelBand[];
}

export function framesOf({ convention, rate, bands }: SpectrogramOptions): Frames {
  const { exact, centred, cleaned = false, periodic, scale, lowest, ...seconds } = framings[convention];
  const frame = Math.max(2, Math.round(seconds.frame * rate));
  const hop = Math.max(1, Math.round(seconds.hop * rate));
  const points = exact ? frame + (frame % 2) : 2 ** Math.ceil(Math.log2(frame));
  const turns = periodic ? frame : frame - 1;
  const isKaldi = convention === "kaldi";
  const filters = melBands({
    ...{ points, rate, bands, scale, straightInMel: isKaldi, equalEnergy: !isKaldi },
    range: [lowest, Math.floor(rate / 2)],
  });
  return {
    ...{ frame, hop, points, centred, cleaned, filters },
    margin: centred ? Math.floor(frame / 2) : 0,
    window: Float64Array.from({ length: frame }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / turns)),
  };
}

/**
 * Log-mel spectrograms.
 * - `kaldi`: what AST (https://arxiv.org/abs/2104.01778) and Kaldi read. Frames of 25 ms every 10 ms, none centred; mean
 *   removed, pre-emphasis 0.97, symmetric Hann window; natural logarithm of energies in triangles from 20 Hz.
 * - `whisper`: centred frames of 25 ms with reflection, Slaney's mel; log10, at most 8 below the maximum, (x + 4) / 4.
 * - `librosa`: centred frames of 64 ms every 16 ms with zeros (1,024 and 256 at 16 kHz), Slaney's mel, dB, at most 80 below
 *   the maximum.
 */
export function spectrogram(options: SpectrogramOptions): Spectrogram {
  const { convention, bands } = options;
  const { frame, hop, points, margin, centred, cleaned, window, filters } = framesOf(options);
  const power = powerSpectrum(points);
  const buffer = new Float64Array(points);
  const frames = (samples: number) => Math.max(0, 1 + Math.floor((samples + 2 * margin - frame) / hop));

  return {
    frame,
    hop,
    frames,
    of(wave) {
      const count = frames(wave.length);
      const energies = new Float32Array(bands * count);
      for (let step = 0; step < count; step++) {
        const start = step * hop - margin;
        if (start >= 0 && start + frame <= wave.length) buffer.set(wave.subarray(start, start + frame));
        else for (let at = 0; at < frame; at++) buffer[at] = valueAt(wave, start + at, centred === "reflected");
        if (cleaned) clean(buffer, frame);
        for (let at = 0; at < frame; at++) buffer[at]! *= window[at]!;
        const spectrum = power(buffer);
        filters.forEach(({ first, weights }, band) => {
          let sum = 0;
          for (let bin = 0; bin < weights.length; bin++) sum += weights[bin]! * spectrum[first + bin]!;
          energies[band * count + step] = sum;
        });
      }
      return logarithm[convention](energies);
    },
  };
}

function valueAt(wave: Float32Array, at: number, reflected: boolean): number {
  if (at >= 0 && at < wave.length) return wave[at]!;
  if (!reflected || wave.length < 2) return 0;
  const period = 2 * (wave.length - 1);
  const place = ((at % period) + period) % period;
  return wave[place < wave.length ? place : period - place]!;
}

/** Removes the mean and emphasises high frequencies, in place. */
function clean(values: Float64Array, length: number): void {
  let mean = 0;
  for (let at = 0; at < length; at++) mean += values[at]! / length;
  for (let at = 0; at < length; at++) values[at]! -= mean;
  for (let at = length - 1; at > 0; at--) values[at]! -= PRE_EMPHASIS * values[at - 1]!;
  values[0]! *= 1 - PRE_EMPHASIS;
}

const logarithm: Record<Convention, (energies: Float32Array) => Float32Array> = {
  kaldi: (energies) => energies.map((energy) => Math.log(Math.max(KALDI_FLOOR, energy))),
  whisper(energies) {
    const logs = energies.map((energy) => Math.log10(Math.max(POWER_FLOOR, energy)));
    const least = largest(logs) - 8;
    return logs.map((value) => (Math.max(value, least) + 4) / 4);
  },
  librosa(energies) {
    const decibels = energies.map((energy) => 10 * Math.log10(Math.max(POWER_FLOOR, energy)));
    const least = largest(decibels) - TOP_DB;
    return decibels.map((value) => Math.max(value, least));
  },
};

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
