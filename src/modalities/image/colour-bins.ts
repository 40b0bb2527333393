import { labOf } from "./transforms/lab.ts";

/** Side of a bin of the ab plane. */
const GRID = 10;

let cached: Float32Array | undefined;

/**
 * Centres of the bins of the ab plane, with a grid of 10, that contain an sRGB colour: `[bins × 2]`, a and b in turn,
 * sorted. There are 261; the released list of Zhang et al. has 313, some outside sRGB.
 */
export function colourBins(): Float32Array {
  if (cached) return cached;
  const found = new Map<number, readonly [number, number]>();
  const steps = Array.from({ length: 86 }, (_, index) => 3 * index);
  for (const red of steps)
    for (const green of steps)
      for (const blue of steps) {
        const [, a, b] = labOf(red, green, blue);
        const [column, row] = [Math.round(a / GRID), Math.round(b / GRID)];
        found.set(1000 * column + row, [column, row]);
      }
  const sorted = [...found].sort(([first], [second]) => first - second);
  cached = Float32Array.from(sorted.flatMap(([, [a, b]]) => [a * GRID, b * GRID]));
  return cached;
}

/**
 * The soft encoding of a colour: its nearest bins and their shares, Gaussian in the distance, summing to 1
 * (https://arxiv.org/abs/1603.08511, section 2.1). Written to `nearest` and `shares` from `at` on.
 * @param options.neighbours number of bins
 * @param options.sigma deviation of the Gaussian, in units of a and b
 */
export function softEncode(
  a: number,
  b: number,
  { neighbours, sigma }: { neighbours: number; sigma: number },
  nearest: Int32Array,
  shares: Float32Array,
  at: number,
): void {
  const bins = colourBins();
  const distances = new Float64Array(neighbours).fill(Number.POSITIVE_INFINITY);
  for (let bin = 0; 2 * bin < bins.length; bin++) {
    const distance = (bins[2 * bin]! - a) ** 2 + (bins[2 * bin + 1]! - b) ** 2;
    let place = neighbours;
    while (place > 0 && distance < distances[place - 1]!) place--;
    if (place === neighbours) continue;
    for (let later = neighbours - 1; later > place; later--) {
      distances[later] = distances[later - 1]!;
      nearest[at + later] = nearest[at + later - 1]!;
    }
    distances[place] = distance;
    nearest[at + place] = bin;
  }
  let sum = 0;
  for (let k = 0; k < neighbours; k++) {
    // Relative to the nearest, so that a colour far from all bins does not vanish.
    shares[at + k] = Math.exp((distances[0]! - distances[k]!) / (2 * sigma * sigma));
    sum += shares[at + k]!;
  }
  for (let k = 0; k < neighbours; k++) shares[at + k]! /= sum;
}
