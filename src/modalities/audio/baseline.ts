import { float32 } from "../../array/tensor.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import { type Spectrogram, spectrogram } from "./signal/spectrogram.ts";
import { cutWave, type Sound } from "./sound.ts";

/** Bands, and places in time that each band is averaged over. */
const BANDS = 40;
const PLACES = 16;
const COEFFICIENTS = 13;
/** Mean, deviation and mean change of each value over time. */
const STATISTICS = 3;

/**
 * What one would try without learning: of the log-mel energies and of the MFCC (their cosine transform), mean, deviation and
 * mean change over the recording; and the energies at 16 places in time.
 */
export function logMelBaseline(built: Modality<Sound>): Extractor {
  const byRate = new Map<number, Spectrogram>();
  const spectrogramAt = (rate: number): Spectrogram => {
    const made = byRate.get(rate) ?? spectrogram({ convention: "kaldi", rate, bands: BANDS });
    byRate.set(rate, made);
    return made;
  };
  const dim = STATISTICS * (BANDS + COEFFICIENTS) + BANDS * PLACES;
  const tensors = (sound: Sound) => {
    const { of, frame } = spectrogramAt(sound.rate);
    const values = of(sound.wave.length < frame ? cutWave(sound.wave, 0, frame) : sound.wave);
    const frames = values.length / BANDS;
    const rows = Array.from({ length: BANDS }, (_, band) => values.subarray(band * frames, (band + 1) * frames));
    const vector = [...[...rows, ...cepstrum(rows, frames)].flatMap(statistics), ...rows.flatMap(places)];
    return { features: float32(Float32Array.from(vector), [dim]) };
  };
  const specs = { features: { dtype: "float32", shape: [dim] } } as const;
  return rawValues({ ...built, specs, tensors }, "log-mel and MFCC");
}

/** The first cosine coefficients of every frame (DCT-II, orthonormal), by coefficient. */
function cepstrum(rows: readonly Float32Array[], frames: number): Float32Array[] {
  return Array.from({ length: COEFFICIENTS }, (_, order) => {
    const result = new Float32Array(frames);
    rows.forEach((row, band) => {
      const weight = Math.cos((Math.PI * order * (band + 0.5)) / BANDS) * Math.sqrt((order ? 2 : 1) / BANDS);
      for (let frame = 0; frame < frames; frame++) result[frame]! += weight * row[frame]!;
    });
    return result;
  });
}

function statistics(row: Float32Array): [mean: number, deviation: number, change: number] {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  let change = 0;
  for (let at = 1; at < row.length; at++) change += Math.abs(row[at]! - row[at - 1]!);
  return [mean, Math.sqrt(variance), change / Math.max(1, row.length - 1)];
}

/** Averages over parts of equal length. */
const places = (row: Float32Array): number[] =>
  Array.from({ length: PLACES }, (_, place) => {
    const from = Math.floor((place * row.length) / PLACES);
    const part = row.subarray(from, Math.max(from + 1, Math.floor(((place + 1) * row.length) / PLACES)));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
