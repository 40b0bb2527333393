import FFT from "fft.js";
import type { Rng } from "../../../array/rng.ts";
import { noisePart } from "./noise.ts";

/** Longest reverberation, in seconds. */
const LONGEST = 0.3;

export interface FilterOptions {
  readonly rate: number;
  /** Whether to add a room's reverberation, and to remove a band of frequencies. */
  readonly room: boolean;
  readonly bandStop: boolean;
}

/**
 * A room and a removed band in one pass over the spectrum. The room's response is noise that decays by 60 dB within a
 * random time up to 0.3 s, after the direct sound (Polack's model); the band is up to a fifth of the frequencies, equal in
 * mel, as in WavAugment (https://arxiv.org/abs/2007.00991). The loudness stays.
 */
export function filterWave(wave: Float32Array, rng: Rng, { rate, room, bandStop }: FilterOptions): Float32Array {
  if (!room && !bandStop) return wave;
  // What resounds beyond the end comes back at the beginning, which costs nothing and is heard by nobody.
  const points = Math.max(2, 2 ** Math.ceil(Math.log2(wave.length)));
  const transform = transformOf(points);
  const spectrum = forward(transform, wave, points);
  const filter = room ? forward(transform, roomResponse(rng, rate).subarray(0, points), points) : undefined;
  const [low, high] = bandStop ? randomBand(rng, rate / 2) : [-1, -1];
  for (let bin = 0; bin <= points / 2; bin++) {
    const frequency = (bin * rate) / points;
    const keep = frequency >= low && frequency < high ? 0 : 1;
    const [a, b] = [spectrum[2 * bin]!, spectrum[2 * bin + 1]!];
    const [c, d] = filter ? [filter[2 * bin]!, filter[2 * bin + 1]!] : [1, 0];
    spectrum[2 * bin] = keep * (a * c - b * d);
    spectrum[2 * bin + 1] = keep * (a * d + b * c);
  }
  transform.completeSpectrum(spectrum);
  const output = new Float64Array(2 * points);
  transform.inverseTransform(output, spectrum);
  const result = new Float32Array(wave.length);
  let [before, after] = [0, 0];
  for (let at = 0; at < result.length; at++) {
    const value = output[2 * at]!;
    result[at] = value;
    before += wave[at]! ** 2;
    after += value ** 2;
  }
  const louder = Math.min(10, Math.sqrt(before / Math.max(1e-12, after)));
  for (let at = 0; at < result.length; at++) result[at]! *= louder;
  return result;
}

const transforms = new Map<number, FFT>();

function transformOf(points: number): FFT {
  const transform = transforms.get(points) ?? new FFT(points);
  transforms.set(points, transform);
  return transform;
}

function forward(transform: FFT, values: Float32Array, points: number): Float64Array {
  const padded = new Float64Array(points);
  padded.set(values);
  const output = new Float64Array(2 * points);
  transform.realTransform(output, padded);
  return output;
}

function roomResponse(rng: Rng, rate: number): Float32Array {
  const seconds = rng.uniform(0.05, LONGEST);
  const length = Math.max(2, Math.round(seconds * rate));
  const loudness = rng.uniform(0.02, 0.15);
  const response = noisePart(rng, length);
  const decay = 10 ** (-3 / length);
  for (let at = 0, level = loudness; at < length; at++, level *= decay) response[at]! *= level;
  response[0] = 1;
  return response;
}

/** Lowest and highest frequency of the band. */
function randomBand(rng: Rng, highest: number): [number, number] {
  const toMel = (hertz: number) => Math.log(1 + hertz / 700);
  const toHertz = (mel: number) => 700 * (Math.exp(mel) - 1);
  const width = rng.uniform(0, 0.2) * toMel(highest);
  const start = rng.uniform(0, toMel(highest) - width);
  return [toHertz(start), toHertz(start + width)];
}
