import type { Rng } from "../../../array/rng.ts";
import { alike, type Image } from "../../../pixels/image.ts";

export interface WarpOptions {
  /** Rotation between ± degrees. */
  readonly degrees: number;
  /** Shift between ± share of the side. */
  readonly translate: number;
  /** Each axis scaled by a factor between 1 − zoom and 1 + zoom. */
  readonly zoom: number;
  /** Slant between ± degrees. */
  readonly shear: number;
  /** Deviation of the elastic displacement as a share of the side; 0 for none. */
  readonly elastic: number;
}

/** Points of the coarse grid whose random displacements an elastic field interpolates. */
const COARSE = 5;

/** Catmull–Rom weights for a position between the second and third of four points. */
function cubicWeights(t: number): [number, number, number, number] {
  return [
    ((-t + 2) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((-3 * t + 4) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
}

/** A smooth random field over `side × side`, by cubic interpolation of normal deviates on a coarse grid. */
function smoothField(side: number, deviation: number, rng: Rng): Float32Array {
  const coarse = Float32Array.from({ length: COARSE * COARSE }, () => rng.normal(0, deviation));
  const at = (row: number, column: number) => {
    const inside = (index: number) => Math.max(0, Math.min(COARSE - 1, index));
    return coarse[inside(row) * COARSE + inside(column)]!;
  };
  const taps = Array.from({ length: side }, (_, position) => {
    const exact = side === 1 ? 0 : (position * (COARSE - 1)) / (side - 1);
    const whole = Math.min(COARSE - 2, Math.floor(exact));
    return { whole, weights: cubicWeights(exact - whole) };
  });
  const rows = new Float32Array(COARSE * side);
  taps.forEach(({ whole, weights }, x) => {
    for (let row = 0; row < COARSE; row++)
      rows[row * side + x] = weights.reduce((sum, weight, tap) => sum + weight * at(row, whole + tap - 1), 0);
  });
  const field = new Float32Array(side * side);
  taps.forEach(({ whole, weights }, y) => {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      for (let tap = 0; tap < 4; tap++)
        sum += weights[tap]! * rows[Math.max(0, Math.min(COARSE - 1, whole + tap - 1)) * side + x]!;
      field[y * side + x] = sum;
    }
  });
  return field;
}

/**
 * `RandomAffine` and `ElasticTransform` in one bilinear sampling: rotation, zoom, slant, shift and a smooth random
 * displacement. Pixels outside repeat the border. The result is `side × side`, for any input size.
 */
export function warp(image: Image, side: number, options: WarpOptions, rng: Rng): Image {
  const { channels, width, height, data: source } = image;
  const angle = (rng.uniform(-options.degrees, options.degrees) * Math.PI) / 180;
  const scaleX = 1 + rng.uniform(-options.zoom, options.zoom);
  const scaleY = 1 + rng.uniform(-options.zoom, options.zoom);
  const slant = Math.tan((rng.uniform(-options.shear, options.shear) * Math.PI) / 180);
  const shiftX = rng.uniform(-options.translate, options.translate);
  const shiftY = rng.uniform(-options.translate, options.translate);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // From output to input coordinates, both with the centre at 0 and the side 1.
  const [a, b, c, d] = [cos * scaleX, -sin * scaleY + slant, sin * scaleX, cos * scaleY];
  const fields =
    options.elastic > 0
      ? [smoothField(side, options.elastic, rng), smoothField(side, options.elastic, rng)]
      : undefined;
  const data = alike(source, side * side * channels);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const at = y * side + x;
      const u = (x + 0.5) / side - 0.5;
      const v = (y + 0.5) / side - 0.5;
      const fromU = a * u + b * v + shiftX + (fields?.[0]?.[at] ?? 0);
      const fromV = c * u + d * v + shiftY + (fields?.[1]?.[at] ?? 0);
      const exactX = Math.max(0, Math.min(width - 1, (fromU + 0.5) * width - 0.5));
      const exactY = Math.max(0, Math.min(height - 1, (fromV + 0.5) * height - 0.5));
      const left = Math.floor(exactX);
      const top = Math.floor(exactY);
      const right = Math.min(width - 1, left + 1);
      const below = Math.min(height - 1, top + 1);
      const fx = exactX - left;
      const fy = exactY - top;
      const upper = top * width;
      const lower = below * width;
      const leftWeight = 1 - fx;
      for (let channel = 0; channel < channels; channel++) {
        const above =
          source[(upper + left) * channels + channel]! * leftWeight +
          source[(upper + right) * channels + channel]! * fx;
        const under =
          source[(lower + left) * channels + channel]! * leftWeight +
          source[(lower + right) * channels + channel]! * fx;
        data[at * channels + channel] = above * (1 - fy) + under * fy + 0.5;
      }
    }
  return { width: side, height: side, channels, data };
}
