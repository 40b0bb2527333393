import { type Array, constant, float32, lax, np, type Tensor } from "../../../array/index.ts";
import {
  type Convention,
  type Frames,
  framesOf,
  KALDI_FLOOR,
  POWER_FLOOR,
  PRE_EMPHASIS,
  type SpectrogramOptions,
  TOP_DB,
} from "../signal/spectrogram.ts";

/**
 * The log-mel spectrogram inside a graph, `[batch, samples]` → `[batch, bands, frames]`: framing, window and Fourier transform
 * as one strided convolution, the mel bands as another of one frame.
 */
export function spectrogramGraph(options: SpectrogramOptions): (wave: Array) => Array {
  const frames = framesOf(options);
  const { hop, margin, centred, points } = frames;
  const [basis, bank] = [fourierBasis(frames), melMatrix(frames)];
  const bins = points / 2 + 1;
  return (wave) => {
    const whole = centred === "reflected" ? reflected(wave, margin) : wave;
    const around = centred === "zero" ? margin : 0;
    const sound = np.reshape(whole, [whole.shape[0]!, 1, whole.shape[1]!]);
    const parts = lax.convGeneralDilated(sound, constant(basis), [hop], [[around, around]]);
    const [real, imaginary] = np.split(np.square(parts), [bins], 1);
    return logarithm[options.convention](
      lax.convGeneralDilated(np.add(real!, imaginary!), constant(bank), [1], [[0, 0]]),
    );
  };
}

/** Real and then imaginary parts of the transform of a windowed frame, as a kernel `[2 × bins, 1, frame]`. */
function fourierBasis({ frame, points, window, cleaned }: Frames): Tensor {
  const bins = points / 2 + 1;
  const values = new Float32Array(2 * bins * frame);
  const row = new Float64Array(frame);
  for (let part = 0; part < 2 * bins; part++) {
    const wave = part < bins ? Math.cos : Math.sin;
    const bin = part % bins;
    for (let at = 0; at < frame; at++) row[at] = window[at]! * wave((2 * Math.PI * ((bin * at) % points)) / points);
    if (cleaned) transposedClean(row);
    values.set(row, part * frame);
  }
  return float32(values, [2 * bins, 1, frame]);
}

/** What a row of the basis becomes when the frame's cleaning (mean, then pre-emphasis) is made part of it. */
function transposedClean(row: Float64Array): void {
  row[0]! *= 1 - PRE_EMPHASIS;
  for (let at = 0; at < row.length - 1; at++) row[at]! -= PRE_EMPHASIS * row[at + 1]!;
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  for (let at = 0; at < row.length; at++) row[at]! -= mean;
}

/** A convolution over single frames, `[bands, bins, 1]`. */
function melMatrix({ points, filters }: Frames): Tensor {
  const bins = points / 2 + 1;
  const values = new Float32Array(filters.length * bins);
  for (const [band, { first, weights }] of filters.entries()) values.set(weights, band * bins + first);
  return float32(values, [filters.length, bins, 1]);
}

/** The sound with `margin` samples of its reflection on each side. */
function reflected(wave: Array, margin: number): Array {
  const length = wave.shape[1]!;
  if (length <= margin) throw new Error(`${length} samples cannot be reflected by ${margin}`);
  const before = np.split(wave, [1, margin + 1], 1)[1]!;
  const after = np.split(wave, [length - 1 - margin, length - 1], 1)[1]!;
  return np.concatenate([np.flip(before, 1), wave, np.flip(after, 1)], 1);
}

const PER_DECADE = 1 / Math.LN10;

const logarithm: Record<Convention, (energies: Array) => Array> = {
  kaldi: (energies) => np.log(np.maximum(energies, KALDI_FLOOR)),
  whisper(energies) {
    const logs = np.multiply(np.log(np.maximum(energies, POWER_FLOOR)), PER_DECADE);
    return np.multiply(np.add(np.maximum(logs, np.subtract(largest(logs), 8)), 4), 0.25);
  },
  librosa(energies) {
    const decibels = np.multiply(np.log(np.maximum(energies, POWER_FLOOR)), 10 * PER_DECADE);
    return np.maximum(decibels, np.subtract(largest(decibels), TOP_DB));
  },
};

/** Of each sample, `[batch, 1, 1]`. */
const largest = (values: Array): Array => np.max(values, [1, 2], { keepdims: true });
