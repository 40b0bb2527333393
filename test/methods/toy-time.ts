import { float32, type Rng } from "../../src/array/index.ts";
import type { Modality, Offered, perturb } from "../../src/data/index.ts";
import type { distortions, reverse, SegmentOptions, segments, speed } from "../../src/data/time.ts";

/** Values in order of time. */
type Series = readonly number[];

const seriesOf = (sample: unknown): Series => {
  if (!Array.isArray(sample)) throw new Error("samples of the toy modality are arrays");
  return sample;
};

/** Series of one channel, as they are; the encoder's usual input has `length` values. */
export function toySeries(length: number) {
  const cut = (sample: unknown, at: number, count: number): Series => seriesOf(sample).slice(at, at + count);
  return {
    name: "toy series",
    specs: { series: { dtype: "float32", shape: [1, length] } },
    tensors: (sample: unknown) => ({
      series: float32(Float32Array.from(seriesOf(sample)), [1, seriesOf(sample).length]),
    }),
    show: () => ({ text: "toy" }),
    perturb: (sample: unknown) => seriesOf(sample),
    segments(sample: unknown, rng: Rng, { count, extent, gap = [0, 0] }: SegmentOptions) {
      const long = Math.round(extent * length);
      const gaps = Array.from({ length: count - 1 }, () => Math.round(rng.uniform(...gap) * length));
      const total = count * long + gaps.reduce((sum, one) => sum + one, 0);
      let at = rng.integer(0, seriesOf(sample).length - total);
      return Array.from({ length: count }, (_, index) => {
        const start = at;
        at += long + (gaps[index] ?? 0);
        return { segment: cut(sample, start, long), start: start / length, end: (start + long) / length };
      });
    },
    reverse: (sample: unknown) => seriesOf(sample).toReversed(),
    speed(sample: unknown, rng: Rng, factor: number, { extent = 1 }: { readonly extent?: number } = {}) {
      const long = Math.round(extent * length);
      const at = rng.integer(0, seriesOf(sample).length - long * factor);
      return Array.from({ length: long }, (_, index) => seriesOf(sample)[at + Math.floor(index * factor)]!);
    },
    distortions: {
      names: ["none", "raised", "doubled", "flipped"],
      strong: ["raised", "doubled"],
      distort(sample: unknown, _: Rng, name: string) {
        const by = { raised: (x: number) => x + 100, doubled: (x: number) => 2 * x, flipped: (x: number) => -x }[name];
        return by ? seriesOf(sample).map(by) : seriesOf(sample);
      },
    },
  } satisfies Modality & Offered<typeof distortions | typeof perturb | typeof reverse | typeof segments | typeof speed>;
}

/** Sines of random frequency and phase, `length` values. */
export const sine = (rng: Rng, length: number): number[] => {
  const [frequency, phase] = [rng.uniform(0.2, 1.2), rng.uniform(0, 6)];
  return Array.from({ length }, (_, at) => Math.sin(frequency * at + phase));
};
