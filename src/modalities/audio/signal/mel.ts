/** How frequencies are warped: HTK's formula, Kaldi's (the same with a natural logarithm), or Slaney's (linear below 1 kHz). */
export type MelScale = "htk" | "kaldi" | "slaney";

/** Where Slaney's scale turns from linear to logarithmic: 1,000 Hz, mel 15. */
const CORNER = { hertz: 1000, mel: 15 };
const SLANEY_STEP = Math.log(6.4) / 27;

const toMel: Record<MelScale, (hertz: number) => number> = {
  htk: (hertz) => 2595 * Math.log10(1 + hertz / 700),
  kaldi: (hertz) => 1127 * Math.log(1 + hertz / 700),
  slaney: (hertz) =>
    hertz < CORNER.hertz ? (3 * hertz) / 200 : CORNER.mel + Math.log(hertz / CORNER.hertz) / SLANEY_STEP,
};

const toHertz: Record<MelScale, (mel: number) => number> = {
  htk: (mel) => 700 * (10 ** (mel / 2595) - 1),
  kaldi: (mel) => 700 * (Math.exp(mel / 1127) - 1),
  slaney: (mel) => (mel < CORNER.mel ? (200 * mel) / 3 : CORNER.hertz * Math.exp(SLANEY_STEP * (mel - CORNER.mel))),
};

export interface MelOptions {
  /** Points of the Fourier transform. */
  readonly points: number;
  readonly rate: number;
  readonly bands: number;
  /** Lowest and highest frequency, in Hz. */
  readonly range: readonly [low: number, high: number];
  readonly scale: MelScale;
  /** Whether triangles are straight in mel (Kaldi) instead of in Hz. */
  readonly straightInMel: boolean;
  /** Whether each triangle is divided by its width, for equal energy (Slaney, librosa). */
  readonly equalEnergy: boolean;
}

/** A triangle: the bins from `first`, weighted. */
export interface MelBand {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangular filters over the bins 0 … points / 2 of a power spectrum. */
export function melBands(options: MelOptions): MelBand[] {
  const { points, rate, bands, range, scale, straightInMel, equalEnergy } = options;
  const [low, high] = range.map(toMel[scale]) as [number, number];
  const edges = Array.from({ length: bands + 2 }, (_, at) => low + ((high - low) * at) / (bands + 1));
  const hertz = edges.map(toHertz[scale]);
  const places = straightInMel ? edges : hertz;
  const bins = Array.from({ length: points / 2 + 1 }, (_, bin) => {
    const frequency = (bin * rate) / points;
    return straightInMel ? toMel[scale](frequency) : frequency;
  });
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = [places[band]!, places[band + 1]!, places[band + 2]!];
    const height = equalEnergy ? 2 / (hertz[band + 2]! - hertz[band]!) : 1;
    const all = bins.map(
      (place) => height * Math.max(0, Math.min((place - left) / (centre - left), (right - place) / (right - centre))),
    );
    const first = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    );
    const last = all.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(all.slice(first, last + 1)) };
  });
}
