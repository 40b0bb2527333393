import type { Rng } from "./rng.ts";

/** A draw from the Gamma distribution. Marsaglia & Tsang 2000, https://doi.org/10.1145/358407.358414 */
function gamma(rng: Rng, shape: number): number {
  // A smaller shape than 1 is that shape + 1, shrunk.
  if (shape < 1) return gamma(rng, shape + 1) * (1 - rng.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < x * x * 0.5 + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A draw from the Beta distribution, in [0, 1]. */
export function beta(rng: Rng, a: number, b: number): number {
  const [x, y] = [gamma(rng, a), gamma(rng, b)];
  // Both may be too small for a number.
  return x + y > 0 ? x / (x + y) : Number(rng.chance(a / (a + b)));
}
