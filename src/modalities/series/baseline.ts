import { Rng } from "../../array/rng.ts";
import { float32 } from "../../array/tensor.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { powerSpectrum } from "../../data/signal/fourier.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import { rowOf, type Series, stretched } from "./series.ts";

/** Random convolutions. */
const KERNELS = 200;
const LENGTHS = [7, 9, 11] as const;
/** Of each: the greatest value, and the share of values above 0. */
const OF_EACH = 2;
/** Longest raw series and spectrum; longer ones are averaged down. */
const MOST_STEPS = 512;
const MOST_BANDS = 128;
/** Channels whose raw values and spectra are used; of more, the convolutions see all. */
const MOST_CHANNELS = 32;

interface Kernel {
  readonly channels: readonly number[];
  readonly weights: Float32Array;
  readonly bias: number;
  readonly dilation: number;
  readonly isPadded: boolean;
}

/**
 * What one would try without learning, together: the values, the logarithm of each channel's power spectrum, and random
 * convolutions with their greatest value and share of positive values (ROCKET, Dempster et al. 2019,
 * https://arxiv.org/abs/1910.13051, with 200 kernels instead of 10,000).
 */
export function seriesBaseline(built: Modality<Series>): Extractor {
  const [channels = 1, window = 1] = built.specs.series?.shape ?? [];
  const kernels = randomKernels(channels, window);
  const steps = Math.min(window, MOST_STEPS);
  const points = 2 ** Math.ceil(Math.log2(Math.max(8, window)));
  const spectrum = powerSpectrum(points);
  const bands = Math.min(points / 2, MOST_BANDS);
  const shown = Math.min(channels, MOST_CHANNELS);
  const names = Array.from({ length: channels }, (_, channel) => String(channel + 1));
  const dim = shown * (steps + bands) + OF_EACH * KERNELS;
  const tensors = (series: Series) => {
    const values = Float32Array.from(built.tensors(series).series?.data ?? []);
    const known: Series = { channels: names, length: window, values };
    const raw = steps === window ? known : stretched(known, 0, window, steps);
    const vector = new Float32Array(dim);
    let at = 0;
    for (let channel = 0; channel < shown; channel++, at += steps) vector.set(rowOf(raw, channel), at);
    for (let channel = 0; channel < shown; channel++, at += bands)
      vector.set(logBands(spectrum, rowOf(known, channel), points, bands), at);
    for (const kernel of kernels) {
      vector.set(convolved(known, kernel), at);
      at += OF_EACH;
    }
    return { features: float32(vector, [dim]) };
  };
  const specs = { features: { dtype: "float32", shape: [dim] } } as const;
  return rawValues({ ...built, specs, tensors, unseen: () => undefined }, "raw, spectrum and random convolutions");
}

/** Mean log power in bands of equal width, without the mean. */
function logBands(spectrum: (values: Float64Array) => Float64Array, row: Float32Array, points: number, bands: number) {
  const padded = new Float64Array(points);
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  row.forEach((value, at) => {
    padded[at] = value - mean;
  });
  const power = spectrum(padded);
  const width = points / 2 / bands;
  return Float32Array.from({ length: bands }, (_, band) => {
    let sum = 0;
    for (let bin = Math.floor(band * width); bin < Math.floor((band + 1) * width); bin++) sum += power[bin + 1]!;
    return Math.log(sum / width / points + 1e-6);
  });
}

/** As ROCKET draws them: normal weights of mean 0, a bias in [−1, 1], a dilation on a logarithmic scale. */
function randomKernels(channels: number, window: number): Kernel[] {
  const rng = new Rng(0).split("random convolutions");
  return Array.from({ length: KERNELS }, () => {
    const length = Math.min(window, LENGTHS[rng.integer(0, LENGTHS.length - 1)]!);
    const count = Math.min(channels, Math.floor(2 ** rng.uniform(0, Math.log2(Math.min(channels, length) + 1))));
    const weights = Float32Array.from({ length: count * length }, () => rng.normal());
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    const most = Math.log2(Math.max(1, (window - 1) / Math.max(1, length - 1)));
    return {
      channels: [...rng.permutation(channels).slice(0, count)],
      weights: weights.map((weight) => weight - mean),
      bias: rng.uniform(-1, 1),
      dilation: Math.floor(2 ** rng.uniform(0, most)),
      isPadded: rng.chance(0.5),
    };
  });
}

function convolved(series: Series, { channels, weights, bias, dilation, isPadded }: Kernel): [number, number] {
  const { length } = series;
  const extent = weights.length / channels.length;
  const reach = (extent - 1) * dilation;
  const padding = isPadded ? Math.floor(reach / 2) : 0;
  const rows = channels.map((channel) => rowOf(series, channel));
  let [most, positive, count] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (let start = -padding; start + reach < length + padding; start++) {
    let sum = bias;
    for (const [at, row] of rows.entries())
      for (let tap = 0; tap < extent; tap++) {
        const step = start + tap * dilation;
        if (step >= 0 && step < length) sum += weights[at * extent + tap]! * row[step]!;
      }
    most = Math.max(most, sum);
    positive += Number(sum > 0);
    count++;
  }
  return count === 0 ? [0, 0] : [most, positive / count];
}
