/** Zero crossings of the sinc on each side, and the cut-off as a share of the lower Nyquist frequency: torchaudio's defaults. */
const WIDTH = 6;
const ROLLOFF = 0.99;

interface Kernel {
  /** The rates, without common factors. */
  readonly from: number;
  readonly to: number;
  /** For each of the `to` outputs of a period: the first input, counted from the period's start, and the weights. */
  readonly phases: readonly { readonly first: number; readonly weights: Float64Array }[];
}

const divisorOf = (a: number, b: number): number => (b === 0 ? a : divisorOf(b, a % b));

function kernelOf(fromRate: number, toRate: number): Kernel {
  const common = divisorOf(fromRate, toRate);
  const [from, to] = [fromRate / common, toRate / common];
  const cutoff = Math.min(from, to) * ROLLOFF;
  const reach = Math.ceil((WIDTH * from) / cutoff);
  const phases = Array.from({ length: to }, (_, phase) => {
    const weights: number[] = [];
    let first = 0;
    for (let at = -reach; at < reach + from; at++) {
      const time = cutoff * (at / from - phase / to);
      if (Math.abs(time) >= WIDTH) continue;
      if (weights.length === 0) first = at;
      const sinc = time === 0 ? 1 : Math.sin(Math.PI * time) / (Math.PI * time);
      weights.push((sinc * Math.cos((Math.PI * time) / (2 * WIDTH)) ** 2 * cutoff) / from);
    }
    return { first, weights: Float64Array.from(weights) };
  });
  return { from, to, phases };
}

const kernels = new Map<string, Kernel>();
/** Kernels kept: a set of recordings has one or two rates, augmentation by speed has dozens. */
const KEPT = 64;

function kernelFor(fromRate: number, toRate: number): Kernel {
  const key = `${fromRate} ${toRate}`;
  const kept = kernels.get(key);
  if (kept) return kept;
  if (kernels.size >= KEPT) kernels.clear();
  const kernel = kernelOf(fromRate, toRate);
  kernels.set(key, kernel);
  return kernel;
}

/** Resamples a sound that comes in parts. */
export interface Resampler {
  /** The output that needs no later input. */
  push(part: Float32Array): Float32Array;
  /** The rest of the output. */
  end(): Float32Array;
}

/** Its outputs, joined, are those of `resample` on the joined parts. */
export function resampler(fromRate: number, toRate: number): Resampler {
  if (fromRate === toRate) return { push: (part) => part, end: () => new Float32Array(0) };
  const { from, to, phases } = kernelFor(fromRate, toRate);
  /** Input that later outputs may need, its place in the whole, and the number of outputs so far. */
  let pending = new Float32Array(0);
  let [base, done] = [0, 0];

  const take = (until: number, isLast: boolean): Float32Array => {
    const end = base + pending.length;
    const result = new Float32Array(Math.max(0, until - done));
    let [at, period, phase] = [0, Math.floor(done / to) * from, done % to];
    for (; at < result.length; at++) {
      const { first, weights } = phases[phase]!;
      const start = period + first;
      if (!isLast && start + weights.length > end) break;
      const last = Math.min(weights.length, end - start);
      let sum = 0;
      for (let tap = Math.max(0, -start); tap < last; tap++) sum += weights[tap]! * pending[start - base + tap]!;
      result[at] = sum;
      if (++phase === to) {
        phase = 0;
        period += from;
      }
    }
    done += at;
    const needed = Math.max(base, Math.floor(done / to) * from + phases[0]!.first);
    pending = pending.slice(needed - base);
    base = needed;
    return result.subarray(0, at);
  };

  return {
    push(part) {
      const joined = new Float32Array(pending.length + part.length);
      joined.set(pending);
      joined.set(part, pending.length);
      pending = joined;
      return take(Math.ceil(((base + pending.length) * to) / from), false);
    },
    end: () => take(Math.ceil(((base + pending.length) * to) / from), true),
  };
}

/**
 * Band-limited resampling with the numbers of torchaudio's `resample` (`sinc_interp_hann`, width 6, roll-off 0.99):
 * https://pytorch.org/audio/stable/generated/torchaudio.functional.resample.html
 * @param fromRate whole samples a second, as is `toRate`
 * @returns ⌈length · toRate / fromRate⌉ samples; the input itself when the rates are equal
 */
export function resample(wave: Float32Array, fromRate: number, toRate: number): Float32Array {
  if (fromRate === toRate) return wave;
  const one = resampler(fromRate, toRate);
  const parts = [one.push(wave), one.end()];
  const whole = new Float32Array(parts[0]!.length + parts[1]!.length);
  whole.set(parts[0]!);
  whole.set(parts[1]!, parts[0]!.length);
  return whole;
}
