import type { Rng } from "../../array/rng.ts";
import { wholeParts } from "../../data/patch-side.ts";
import type { PlayedOptions, Segment, SegmentOptions } from "../../data/time.ts";
import type { CropOptions } from "../../data/views.ts";
import type { AudioOptions } from "./options.ts";
import type { Preparation } from "./prepare.ts";
import { resample } from "./signal/resample.ts";
import { cutWave, type Sound, type SoundMap } from "./sound.ts";
import { filterWave } from "./transforms/filter.ts";
import { maskMap } from "./transforms/mask.ts";
import { mixed } from "./transforms/mix.ts";
import { addNoise } from "./transforms/noise.ts";
import { randomPart, stretch } from "./transforms/stretch.ts";

/** The rates that a changed speed resamples from are multiples of this share of the rate, so that few kernels are needed. */
const SPEED_STEP = 0.02;

/** `length` samples at `factor` times the speed, from `start`. */
function played(wave: Float32Array, rate: number, factor: number, start: number, length: number): Float32Array {
  const from = Math.round(rate * (Math.round(factor / SPEED_STEP) * SPEED_STEP));
  const needed = Math.ceil((length * from) / rate);
  return cutWave(resample(cutWave(wave, start, needed), from, rate), 0, length);
}

/** A random place for `length` of the samples, at most `shift` of them away from the middle. */
function placeFor(wave: Float32Array, rng: Rng, length: number, shift: number): number {
  const middle = Math.floor((wave.length - length) / 2);
  return Math.round(middle + rng.uniform(-1, 1) * shift * length);
}

/** A waveform as it might have been recorded another time: shift, speed, loudness; at full strength noise, room, band. */
function again(wave: Float32Array, options: AudioOptions, rng: Rng, length: number, strength: number): Float32Array {
  const { rate } = options;
  const factor = 1 + rng.uniform(-1, 1) * options.speed * strength;
  const needed = Math.ceil(length * factor);
  let view = played(wave, rate, factor, placeFor(wave, rng, needed, options.shift * strength), length);
  if (strength === 1) {
    view = filterWave(view, rng, { rate, room: rng.chance(options.room), bandStop: rng.chance(options.bandStop) });
    if (rng.chance(options.noise)) view = addNoise(view, rng, rng.uniform(...options.snr));
  }
  const louder = 10 ** ((rng.uniform(-1, 1) * options.gain * strength) / 20);
  return view.map((value) => value * louder);
}

/**
 * The views of sound, for settled options.
 * @param mean of the log-mel energies, which masks show
 */
export function soundViews(options: AudioOptions, prepared: Preparation, mean: number) {
  const { rate, bands, input } = options;
  const { samples, frames, heard, mapOf, waveOf } = prepared;
  const isMap = input === "spectrogram";

  const ready = (wave: Float32Array, map?: SoundMap): Sound => ({ rate, wave, ready: true, ...(map ? { map } : {}) });
  const masked = (map: SoundMap, rng: Rng) => maskMap(map, rng, options.timeMask, options.bandMask, mean);

  /** A view of the waveform, with another recording in the background. */
  const recorded = (sound: Sound, rng: Rng): Float32Array => {
    const wave = again(heard(sound).wave, options, rng, samples, 1);
    const { others = [] } = sound;
    if (options.mix === 0 || others.length === 0) return wave;
    const background = heard(others[rng.integer(0, others.length - 1)]!).wave;
    return mixed(
      wave,
      cutWave(background, placeFor(background, rng, samples, options.shift), samples),
      rng.uniform(0, options.mix),
    );
  };

  const augment = (sound: Sound, rng: Rng): Sound => {
    const wave = recorded(sound, rng);
    if (!isMap) return ready(wave);
    const map = mapOf(wave);
    return ready(wave, masked(stretch(map, randomPart(map, rng, options.cropScale), bands, frames), rng));
  };

  const perturb = (sound: Sound, rng: Rng): Sound => ready(again(heard(sound).wave, options, rng, samples, 1 / 3));

  const crop = (sound: Sound, rng: Rng, { extent, grid, scale = options.cropScale }: CropOptions): Sound => {
    const wave = recorded(sound, rng);
    if (!isMap) {
      const length = wholeParts(extent, samples, grid?.at(-1));
      const from = Math.min(samples, Math.max(length, Math.round(rng.uniform(...scale) * samples)));
      return ready(cutWave(wave, rng.integer(0, samples - from), length));
    }
    const map = mapOf(wave);
    const [high, long] = [wholeParts(extent, bands, grid?.at(-2)), wholeParts(extent, frames, grid?.at(-1))];
    return ready(wave, masked(stretch(map, randomPart(map, rng, [scale[0], scale[1]]), high, long), rng));
  };

  /**
   * A part of the usual input: its samples, those from its start to the next part's, and those of the usual input. Of a
   * spectrogram they are counted in frames, so that places in two overlapping parts are the same to the frame.
   */
  const partOf = (extent: number, grid?: number) => {
    const { frame, hop } = prepared.spectrogram;
    const long = wholeParts(extent, isMap ? frames : samples, grid);
    if (!isMap) return { length: long, advance: long, unit: samples, map: () => undefined };
    const map = (wave: Float32Array) => mapOf(wave, long);
    return { length: (long - 1) * hop + frame, advance: long * hop, unit: frames * hop, map };
  };

  const segments = (sound: Sound, rng: Rng, { count, extent, grid, gap = [0, 0] }: SegmentOptions): Segment[] => {
    const whole = heard(sound).wave;
    const { length, advance, unit, map } = partOf(extent, grid);
    // In a short recording they lie closer together, rather than in the silence around it.
    const widest = (whole.length - (count - 1) * advance - length) / Math.max(1, count - 1) / unit;
    const [least, most] = [gap[0], Math.max(gap[0], Math.min(gap[1], widest))];
    const gaps = Array.from({ length: count - 1 }, () => Math.round(rng.uniform(least, most) * unit));
    const total = (count - 1) * advance + length + gaps.reduce((sum, one) => sum + one, 0);
    let at = rng.integer(Math.min(0, whole.length - total), Math.max(0, whole.length - total));
    return Array.from({ length: count }, (_, index) => {
      const wave = cutWave(whole, at, length);
      const start = at / unit;
      at += advance + (gaps[index] ?? 0);
      return { segment: ready(wave, map(wave)), start, end: start + advance / unit };
    });
  };

  const reverse = (sound: Sound): Sound => ready(waveOf(sound).toReversed());

  const speed = (sound: Sound, rng: Rng, factor: number, { extent = 1, grid }: PlayedOptions = {}): Sound => {
    const { wave } = heard(sound);
    const { length, map } = partOf(extent, grid);
    const needed = Math.ceil(length * factor);
    const start = rng.integer(Math.min(0, wave.length - needed), Math.max(0, wave.length - needed));
    const part = played(wave, rate, factor, start, length);
    return ready(part, map(part));
  };

  const changes: Readonly<Record<string, (wave: Float32Array, rng: Rng) => Float32Array>> = {
    none: (wave) => wave,
    noise: (wave, rng) => addNoise(wave, rng, rng.uniform(0, 15)),
    room: (wave, rng) => filterWave(wave, rng, { rate, room: true, bandStop: false }),
    reversed: (wave) => wave.toReversed(),
    faster: (wave) => played(wave, rate, 1.3, Math.floor((wave.length - 1.3 * samples) / 2), samples),
    slower: (wave) => played(wave, rate, 0.7, Math.floor((wave.length - 0.7 * samples) / 2), samples),
    shuffled: (wave, rng) => shuffled(wave, rng),
  };
  const distortions = {
    names: Object.keys(changes),
    strong: ["shuffled", "noise"],
    distort: (sound: Sound, rng: Rng, name: string): Sound => {
      const change = changes[name];
      if (!change) throw new Error(`no distortion ${name}`);
      return ready(change(waveOf(sound), rng));
    },
  };

  return { augment, perturb, crop, segments, reverse, speed, distortions } as const;
}

/** Four parts in another order. */
function shuffled(wave: Float32Array, rng: Rng): Float32Array {
  const part = Math.ceil(wave.length / 4);
  let order = rng.permutation(4);
  while (order.every((at, index) => at === index)) order = rng.permutation(4);
  const parts = [...order].map((at) => wave.subarray(at * part, Math.min(wave.length, (at + 1) * part)));
  const result = new Float32Array(wave.length);
  let at = 0;
  for (const one of parts) {
    result.set(one, at);
    at += one.length;
  }
  return result;
}
